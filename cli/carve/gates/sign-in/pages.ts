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
  const visit = (node: Node, form: Form | undefined): void => {
    let inside = form;
    if ('tagName' in node) {
      const { tagName } = node;
      if (tagName === 'form' && forms.length < MOST_FORMS) {
        inside = {
          action: localPath(attributeOf(node, 'action'), path),
          method: (attributeOf(node, 'method') ?? 'get').toUpperCase(),
          fields: [],
        };
        forms.push(inside);
      } else if (inside !== undefined) {
        const field = fieldOf(node);
        // Of several buttons one is pressed, of several radio buttons one is chosen.
        const again =
          field !== undefined &&
          ['submit', 'radio'].includes(field.type) &&
          inside.fields.some(({ name }) => name === field.name);
        if (field !== undefined && !again) inside.fields.push(field);
      }
    }
    if ('childNodes' in node) for (const child of node.childNodes) visit(child, inside);
  };
  visit(parse(html), undefined);
  return forms;
}

/** From a hidden input, or a `<meta name="csrf-token">`. */
export function csrfInPage(html: string): Csrf | undefined {
  let found: Csrf | undefined;
  const visit = (node: Node): void => {
    if (found !== undefined) return;
    if ('tagName' in node) {
      const name = attributeOf(node, 'name') ?? '';
      const value = attributeOf(node, node.tagName === 'meta' ? 'content' : 'value') ?? '';
      if (value !== '' && isCsrfName(name)) {
        if (node.tagName === 'input') found = { field: name, header: 'x-csrf-token', value };
        if (node.tagName === 'meta') found = { field: '_csrf', header: 'x-csrf-token', value };
      }
    }
    if ('childNodes' in node) for (const child of node.childNodes) visit(child);
  };
  visit(parse(html));
  return found;
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
  const visit = (child: Node): void => {
    if ('tagName' in child && child.tagName === 'option')
      found.push({
        value: attributeOf(child, 'value') ?? textIn(child).trim(),
        selected: attributeOf(child, 'selected') !== undefined,
      });
    if ('childNodes' in child) child.childNodes.forEach(visit);
  };
  visit(node);
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
