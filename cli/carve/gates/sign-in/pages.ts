/** What an HTML page offers: its forms, and the value that protects them. Pure. */
import { type DefaultTreeAdapterMap, parse } from 'parse5';
import type { Csrf } from './identity.ts';

export interface Form {
  /** Path that it is sent to. */
  action: string;
  method: string;
  fields: FormField[];
}

export interface FormField {
  name: string;
  /** As it stands in the page: '' where something is to be typed. */
  value: string;
  /** `hidden`, `email`, `select`, `submit`, … */
  type: string;
}

type Node = DefaultTreeAdapterMap['node'];
type Element = DefaultTreeAdapterMap['element'];

const CSRF = /csrf|xsrf|authenticity_?token|request_?verification_?token|anti_?forgery/i;
const MOST_FORMS = 200;

export function isCsrfName(name: string): boolean {
  return CSRF.test(name);
}

/** @param path of the page itself */
export function formsIn(html: string, path: string): Form[] {
  const forms: Form[] = [];
  walk<Form | undefined>(parse(html), undefined, (element, form) => {
    if (element.tagName === 'form' && forms.length < MOST_FORMS) {
      const inside: Form = {
        action: localPath(attributeOf(element, 'action'), path),
        method: (attributeOf(element, 'method') ?? 'get').toUpperCase(),
        fields: [],
      };
      forms.push(inside);
      return inside;
    }
    const field = form === undefined ? undefined : fieldOf(element);
    if (form === undefined || field === undefined) return form;
    // Of several buttons one is pressed, of several radio buttons one is chosen.
    const again =
      ['submit', 'radio'].includes(field.type) && form.fields.some(({ name }) => name === field.name);
    if (!again) form.fields.push(field);
    return form;
  });
  return forms;
}

/** From a hidden input, or a `<meta name="csrf-token">`. */
export function csrfInPage(html: string): Csrf | undefined {
  let found: Csrf | undefined;
  walk(parse(html), undefined, (element) => {
    if (found !== undefined) return undefined;
    const name = attributeOf(element, 'name') ?? '';
    const value = attributeOf(element, element.tagName === 'meta' ? 'content' : 'value') ?? '';
    if (value === '' || !isCsrfName(name)) return undefined;
    if (element.tagName === 'input') found = { field: name, header: 'x-csrf-token', value };
    if (element.tagName === 'meta') found = { field: '_csrf', header: 'x-csrf-token', value };
    return undefined;
  });
  return found;
}

/**
 * Visits elements in the order of the document, however deep they are nested: a page may be meant to exhaust a stack.
 *
 * @param visit gives what its children are visited with
 */
function walk<T>(root: Node, given: T, visit: (element: Element, inherited: T) => T): void {
  const waiting = [{ node: root, inherited: given }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node } = next;
    const inherited = 'tagName' in node ? visit(node, next.inherited) : next.inherited;
    if (!('childNodes' in node)) continue;
    for (let at = node.childNodes.length - 1; at >= 0; at -= 1) {
      const child = node.childNodes[at];
      if (child !== undefined) waiting.push({ node: child, inherited });
    }
  }
}

function fieldOf(node: Element): FormField | undefined {
  const name = attributeOf(node, 'name') ?? '';
  if (name === '' || attributeOf(node, 'disabled') !== undefined) return undefined;
  switch (node.tagName) {
    case 'input': {
      const type = (attributeOf(node, 'type') ?? 'text').toLowerCase();
      if (['file', 'reset', 'image', 'button'].includes(type)) return undefined;
      const value = attributeOf(node, 'value') ?? (type === 'checkbox' ? 'on' : '');
      return { name, type, value };
    }
    case 'textarea':
      return { name, type: 'textarea', value: textIn(node) };
    case 'button':
      return { name, type: 'submit', value: attributeOf(node, 'value') ?? '' };
    case 'select': {
      const options = optionsOf(node);
      const chosen = options.find(({ selected }) => selected) ?? options.find(({ value }) => value !== '');
      return { name, type: 'select', value: chosen?.value ?? '' };
    }
    default:
      return undefined;
  }
}

function optionsOf(node: Element): { value: string; selected: boolean }[] {
  const found: { value: string; selected: boolean }[] = [];
  walk(node, undefined, (element) => {
    if (element.tagName === 'option')
      found.push({
        value: attributeOf(element, 'value') ?? textIn(element).trim(),
        selected: attributeOf(element, 'selected') !== undefined,
      });
    return undefined;
  });
  return found;
}

function textIn(node: Element): string {
  return node.childNodes.map((child) => ('value' in child ? child.value : '')).join('');
}

function attributeOf(node: Element, wanted: string): string | undefined {
  return node.attrs.find(({ name }) => name === wanted)?.value;
}

function localPath(action: string | undefined, path: string): string {
  if (action === undefined || action === '') return path;
  try {
    return new URL(action, `http://local${path}`).pathname;
  } catch {
    return path;
  }
}
