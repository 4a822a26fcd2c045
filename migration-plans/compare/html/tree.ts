import { type DefaultTreeAdapterMap, parse } from 'parse5';
import { hashText, mix } from '../json/node.ts';
import type { Selectable } from './selector.ts';

export type HtmlNode = HtmlElement | HtmlText;

/** Text or a comment. */
export class HtmlText {
  readonly kind: 'text' | 'comment';
  readonly text: string;
  constructor(kind: 'text' | 'comment', text: string) {
    this.kind = kind;
    this.text = text;
  }
}

/** An element after normalising: attributes by name, class as a sorted set, white space as a browser shows it. */
export class HtmlElement implements Selectable {
  readonly tag: string;
  readonly parent: HtmlElement | undefined;
  readonly attributes: Map<string, string>;
  readonly children: HtmlNode[] = [];
  hash = 0;
  ruleHash = 0;

  constructor(tag: string, parent: HtmlElement | undefined, attributes: Map<string, string>) {
    this.tag = tag;
    this.parent = parent;
    this.attributes = attributes;
  }

  attribute(name: string): string | undefined {
    return this.attributes.get(name);
  }
}

/** Nested deeper than this, a page is not parsed but compared by lines. */
export const MAX_HTML_DEPTH = 1_000;
export const MAX_HTML_LENGTH = 8_000_000;

const VERBATIM = new Set(['pre', 'textarea', 'script', 'style', 'listing', 'plaintext', 'xmp']);
/** Shown nowhere: the text around them runs on as if they were not there. */
const UNSEEN = new Set(
  'base datalist link meta noembed noframes param rp script source style template title track'.split(' '),
);
/**
 * Boxes of their own in a browser's style sheet (WHATWG HTML section 15.3): white space at their edges is not seen.
 * Whatever else there is, custom elements too, stands within a line, where a space matters.
 */
const BLOCKS = new Set(
  (
    'address article aside blockquote body br caption center col colgroup dd details dialog dir div dl dt fieldset figcaption figure ' +
    'footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li listing main menu nav noscript ol optgroup ' +
    'option p plaintext pre search section select summary table tbody td tfoot th thead tr ul ' +
    'xmp #document'
  ).split(' '),
);
const BOOLEAN_ATTRIBUTES = new Set(
  (
    'allowfullscreen async autofocus autoplay checked controls default defer disabled formnovalidate inert ismap itemscope loop multiple ' +
    'muted nomodule novalidate open playsinline readonly required reversed selected'
  ).split(' '),
);

/** Parses as a browser does (WHATWG HTML). Undefined: too long or nested too deep to be parsed at bounded cost. */
export function parseHtml(source: string): HtmlElement | undefined {
  if (source.length > MAX_HTML_LENGTH || nestsTooDeep(source)) return undefined;
  const root = new HtmlElement('#document', undefined, new Map());
  fill(root, parse(source).childNodes);
  return root;
}

const LEAVE_OPEN = new Set(
  'area base br col embed hr img input link meta param source track wbr p li dt dd tr td th thead tbody tfoot colgroup option optgroup rp rt html head body'.split(
    ' ',
  ),
);

/** Elements left open are never closed by the parser, and each start tag looks through all open ones: quadratic without this bound. */
export function nestsTooDeep(source: string): boolean {
  let depth = 0;
  for (const [, slash, tag] of source.matchAll(/<(\/?)([a-zA-Z][^\s/>]{0,40})/g)) {
    if (LEAVE_OPEN.has(tag!.toLowerCase())) continue;
    depth = slash === '' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > MAX_HTML_DEPTH) return true;
  }
  return false;
}

function fill(
  parent: HtmlElement,
  nodes: readonly DefaultTreeAdapterMap['childNode'][],
  within = false,
): void {
  const verbatim = within || VERBATIM.has(parent.tag);
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    if ('tagName' in node) {
      const element = new HtmlElement(node.tagName, parent, readAttributes(node));
      parent.children.push(element);
      fill(element, 'content' in node ? node.content.childNodes : node.childNodes, verbatim);
    } else if (node.nodeName === '#text') {
      const text = verbatim
        ? (node as { value: string }).value
        : collapse((node as { value: string }).value, parent, nodes, i);
      if (text !== '') parent.children.push(new HtmlText('text', text));
    } else if (node.nodeName === '#comment') {
      parent.children.push(new HtmlText('comment', (node as { data: string }).data.trim()));
    } else {
      const doctype = node as DefaultTreeAdapterMap['documentType'];
      parent.attributes.set(
        'doctype',
        `${doctype.name} ${doctype.publicId} ${doctype.systemId}`.trim().toLowerCase(),
      );
    }
  }
}

/** White space is one space, and none at the edge of a block (CSS Text 3 section 4.1.1, `white-space: normal`). */
function collapse(
  value: string,
  parent: HtmlElement,
  nodes: readonly DefaultTreeAdapterMap['childNode'][],
  index: number,
): string {
  let text = /[\t\n\r\f]| {2}/.test(value) ? value.replace(/[ \t\n\r\f]+/g, ' ') : value;
  if (text.startsWith(' ') && atEdge(parent, nodes, index, -1)) text = text.slice(1);
  if (text.endsWith(' ') && atEdge(parent, nodes, index, 1)) text = text.slice(0, -1);
  return text;
}

function atEdge(
  parent: HtmlElement,
  nodes: readonly DefaultTreeAdapterMap['childNode'][],
  index: number,
  step: 1 | -1,
): boolean {
  for (let i = index + step; ; i += step) {
    const node = nodes[i];
    if (node === undefined) return BLOCKS.has(parent.tag);
    if (!isUnseen(node)) return 'tagName' in node && BLOCKS.has(node.tagName);
  }
}

function isUnseen(node: DefaultTreeAdapterMap['childNode']): boolean {
  if ('tagName' in node) return UNSEEN.has(node.tagName);
  return node.nodeName === '#comment' || ('value' in node && !/[^ \t\n\r\f]/.test(node.value));
}

function readAttributes(element: DefaultTreeAdapterMap['element']): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const { name, value, prefix } of element.attrs) {
    const full = prefix === undefined || prefix === '' ? name : `${prefix}:${name}`;
    if (full === 'class') {
      const classes = new Set(value.split(/\s+/).filter((word) => word !== ''));
      attributes.set(full, classes.size === 1 ? value.trim() : [...classes].sort().join(' '));
    } else if (full === 'hidden') attributes.set(full, /^until-found$/i.test(value) ? 'until-found' : '');
    else attributes.set(full, BOOLEAN_ATTRIBUTES.has(full) ? '' : value);
  }
  return attributes;
}

export function equalHtml(a: HtmlNode, b: HtmlNode): boolean {
  if (a instanceof HtmlText || b instanceof HtmlText) {
    return a instanceof HtmlText && b instanceof HtmlText && a.kind === b.kind && a.text === b.text;
  }
  if (a.tag !== b.tag || a.attributes.size !== b.attributes.size || a.children.length !== b.children.length)
    return false;
  if (a.hash !== 0 && b.hash !== 0 && a.hash !== b.hash) return false;
  for (const [name, value] of a.attributes) if (b.attributes.get(name) !== value) return false;
  for (let i = 0; i < a.children.length; i++) if (!equalHtml(a.children[i]!, b.children[i]!)) return false;
  return true;
}

export function hashHtml(node: HtmlNode): number {
  if (node instanceof HtmlText) return mix(hashText(node.text), node.kind === 'text' ? 11 : 13);
  if (node.hash !== 0) return node.hash;
  let hash = hashAttributes(node, () => false);
  for (const child of node.children) hash = mix(hash, hashHtml(child));
  node.hash = hash === 0 ? 1 : hash;
  return node.hash;
}

export function hashAttributes(element: HtmlElement, skip: (name: string) => boolean): number {
  let hash = hashText(element.tag);
  for (const [name, value] of element.attributes)
    if (!skip(name)) hash = (hash + mix(hashText(name), hashText(value))) | 0;
  return hash;
}
