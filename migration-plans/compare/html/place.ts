import type { Where } from '../recorder.ts';
import type { HtmlElement } from './tree.ts';

const ID_LIKE = /\d{2,}|[0-9a-f]{8,}|.{41,}/i;
/** `review-7` names the seventh of many as much as `review-42` does: clusters are made by what they have in common. */
const NUMBERED = /(?:^|[-_:.])\d+$/;
const LABELLED_BY = ['name', 'property', 'rel', 'http-equiv'];
/** Elements named in a path: enough to tell places apart, short enough to be read. */
const DEPTH = 5;

/** Where an element, its text or an attribute is: `html:main > ul.reviews > li@title`. */
export function placeOf(element: HtmlElement, suffix = ''): Where {
  return {
    path: () => `html:${chain(element, false)}${suffix}`,
    at: () => `html:${chain(element, true)}${suffix}`,
  };
}

function chain(element: HtmlElement, exact: boolean): string {
  const labels: string[] = [];
  let at: HtmlElement | undefined = element;
  for (; at?.parent !== undefined && labels.length < DEPTH; at = at.parent) {
    labels.push(label(at) + (exact ? position(at) : ''));
    if (stableId(at) !== undefined) break;
  }
  return labels.length === 0 ? 'document' : labels.reverse().join(' > ').slice(0, 300);
}

function label(element: HtmlElement): string {
  const tag = element.tag.slice(0, 40);
  const id = stableId(element);
  if (id !== undefined) return `${tag}#${id}`;
  for (const name of LABELLED_BY) {
    const value = element.attribute(name);
    if (value !== undefined && /^[\w:.-]+$/.test(value) && !ID_LIKE.test(value))
      return `${tag}[${name}=${value}]`;
  }
  const named = element
    .attribute('class')
    ?.split(' ')
    .find((word) => /^[\w-]+$/.test(word) && !ID_LIKE.test(word));
  return named === undefined ? tag : `${tag}.${named}`;
}

function stableId(element: HtmlElement): string | undefined {
  const id = element.attribute('id');
  return id !== undefined && /^[\w:.-]+$/.test(id) && !ID_LIKE.test(id) && !NUMBERED.test(id)
    ? id
    : undefined;
}

function position(element: HtmlElement): string {
  const siblings = element.parent?.children ?? [];
  if (siblings.length > 2_000) return '';
  let index = 0;
  let alike = 0;
  for (const node of siblings) {
    if (!('tag' in node) || node.tag !== element.tag) continue;
    alike++;
    if (node === element) index = alike;
  }
  return alike > 1 ? `:nth-of-type(${index})` : '';
}
