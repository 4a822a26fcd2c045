import { type DefaultTreeAdapterMap, parse, parseFragment, serialize } from 'parse5';
import { nestsTooDeep } from '../compare/html/tree.ts';
import { redactJsonText } from './json.ts';
import { secretKind } from './names.ts';
import { redactPlain } from './plain.ts';
import type { RedactContext } from './redactor.ts';
import { maskValue } from './text.ts';
import { redactUrl } from './url.ts';

type Node = DefaultTreeAdapterMap['node'];
type Element = DefaultTreeAdapterMap['element'];

const URL_ATTRIBUTES = new Set(['href', 'src', 'action', 'formaction', 'data', 'poster', 'cite', 'srcset']);
/** Attributes that say what an element holds. */
const NAMING = [
  'name',
  'id',
  'class',
  'itemprop',
  'autocomplete',
  'data-testid',
  'data-field',
  'property',
  'http-equiv',
];

/** Hides what fields, meta elements and labelled elements hold, links' parameters, data in scripts, and what looks like a secret. */
export function redactHtml(source: string, context: RedactContext): string {
  if (nestsTooDeep(source)) return redactPlain(source, context);
  const whole = /<(?:!doctype|html|head|body)\b/i.test(source.slice(0, 2000));
  const root = whole ? parse(source) : parseFragment(source);
  const stack: { node: Node; kind: string | undefined }[] = [{ node: root, kind: undefined }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, kind } = next;
    if ('value' in node) node.value = redactText(node.value, node.parentNode, kind, context);
    else if ('data' in node) node.data = redactPlain(node.data, context);
    let inner = kind;
    if ('attrs' in node) {
      const own = kindOf(node);
      redactAttributes(node, own, context);
      // A form called "login" or a section of class "address" holds more than a value: only leaves are hidden by their own name.
      inner = own !== undefined && node.childNodes.every((child) => !('attrs' in child)) ? own : undefined;
    }
    if ('content' in node) stack.push({ node: node.content, kind: inner });
    if ('childNodes' in node) for (const child of node.childNodes) stack.push({ node: child, kind: inner });
  }
  return serialize(root);
}

function redactText(
  text: string,
  parent: DefaultTreeAdapterMap['parentNode'] | null,
  kind: string | undefined,
  context: RedactContext,
): string {
  if (text.trim() === '') return text;
  if (kind !== undefined) {
    context.count.add();
    return maskValue(kind, text.trim());
  }
  const script = parent !== null && 'tagName' in parent && parent.tagName === 'script';
  return (script ? redactJsonText(text, context) : undefined) ?? redactPlain(text, context);
}

function redactAttributes(element: Element, kind: string | undefined, context: RedactContext): void {
  const password = element.attrs.some(
    ({ name, value }) => name === 'type' && value.toLowerCase() === 'password',
  );
  for (const attribute of element.attrs) {
    const { name, value } = attribute;
    if (value === '' || NAMING.includes(name)) continue;
    const holds = name === 'value' || name === 'content' || name === 'placeholder';
    const secret =
      holds && name !== 'placeholder' ? (password ? 'secret' : kind) : secretKind(name.replace(/^data-/, ''));
    if (secret !== undefined) {
      context.count.add();
      attribute.value = maskValue(secret, value);
    } else if (URL_ATTRIBUTES.has(name)) attribute.value = redactUrl(value, context);
    else attribute.value = redactPlain(value, context);
  }
}

function kindOf(element: Element): string | undefined {
  for (const { name, value } of element.attrs) {
    if (!NAMING.includes(name) || value.length > 200) continue;
    for (const word of value.split(/\s+/)) {
      const kind = secretKind(word);
      if (kind !== undefined) return kind;
    }
  }
  return undefined;
}
