import type { jsonpath } from 'json-p3';
import { formOf, type MediaType, parseMediaType } from '../compare/body.ts';
import { PathMachine, parsePath, type Segment } from '../compare/path-machine.ts';
import type { RedactRule } from '../plan/plan.ts';
import { redactHtml } from './html.ts';
import { redactJsonText } from './json.ts';
import { secretKind } from './names.ts';
import { redactPlain } from './plain.ts';
import { MAX_REDACTED_LENGTH, maskValue, RedactionCount } from './text.ts';
import { redactUrl } from './url.ts';

/** Rules of a plan, ready for use, and the count of what they and the defaults hid. */
export interface RedactContext {
  json: PathMachine<true> | undefined;
  /** Paths that depend on the document. */
  queried: readonly jsonpath.JSONPathQuery[];
  headers: ReadonlySet<string>;
  query: ReadonlySet<string>;
  patterns: readonly RegExp[];
  count: RedactionCount;
}

/**
 * Hides secrets and personal data before anything is stored, shown or logged: by the names of fields, headers, cookies and parameters,
 * by the looks of values (keys, tokens, cards, IBANs, addresses, phone numbers), and by the plan's rules. What is hidden reads
 * `«email»` or `«secret 32+»`, so that an example can still be read. Cost is linear in the text, which is cut at MAX_REDACTED_LENGTH.
 */
export interface Redactor {
  /** Free text. */
  text(text: string): string;
  /** Path and query of a request, or a whole URL. */
  url(url: string): string;
  /** Name, value, name, value … */
  headers(rawHeaders: readonly string[]): string[];
  /** Decoded text of a body. */
  body(text: string, contentType: string | undefined): string;
  /** A value found at a place as named in a difference (`$.user.email`, `header:set-cookie.sid`, `html:input[name=_csrf]@value`). */
  valueAt(at: string, value: string): string;
  /** How many places were hidden since the last call. */
  takeCount(): number;
}

/** Rules that can't be read are not ignored in silence: they are returned as problems, and the plan's loader refuses them. */
export function createRedactor(rules: readonly RedactRule[]): Redactor & { problems: readonly string[] } {
  const problems: string[] = [];
  const context = compile(rules, problems);
  let taken = 0;
  return {
    problems,
    text: (text) => redactPlain(text, context),
    url: (url) => redactUrl(url, context),
    headers: (rawHeaders) => redactHeaders(rawHeaders, context),
    body: (text, contentType) => redactBody(text, parseMediaType(contentType), context),
    valueAt: (at, value) => redactValueAt(at, value, context),
    takeCount() {
      const since = context.count.total - taken;
      taken = context.count.total;
      return since;
    },
  };
}

function compile(rules: readonly RedactRule[], problems: string[]): RedactContext {
  const walked: { rule: true; segments: Segment[] }[] = [];
  const queried: jsonpath.JSONPathQuery[] = [];
  const headers = new Set<string>();
  const query = new Set<string>();
  const patterns: RegExp[] = [];
  for (const rule of rules) {
    try {
      if ('json' in rule) {
        const path = parsePath(rule.json);
        if (path.kind === 'walked') walked.push({ rule: true, segments: path.segments });
        else queried.push(path.query);
      } else if ('header' in rule) headers.add(rule.header.toLowerCase());
      else if ('query' in rule) query.add(rule.query);
      else patterns.push(new RegExp(rule.pattern, 'gu'));
    } catch (error) {
      problems.push(error instanceof Error ? error.message : 'a redaction rule can’t be read');
    }
  }
  const json = walked.length === 0 ? undefined : new PathMachine(walked, () => true);
  return { json, queried, headers, query, patterns, count: new RedactionCount() };
}

function redactBody(text: string, type: MediaType, context: RedactContext): string {
  const bounded = text.length > MAX_REDACTED_LENGTH ? `${text.slice(0, MAX_REDACTED_LENGTH)}…` : text;
  const form = formOf(type);
  if (form === 'html') return redactHtml(bounded, context);
  if (form === 'json') return redactJsonText(bounded, context) ?? redactPlain(bounded, context);
  if (form === 'json-lines') {
    return bounded
      .split('\n')
      .map((line) => redactJsonText(line, context) ?? redactPlain(line, context))
      .join('\n');
  }
  // Anything may be sent under any type: what reads as JSON is treated as such.
  const looksLikeJson = /^\s*[[{]/.test(bounded);
  return (looksLikeJson ? redactJsonText(bounded, context) : undefined) ?? redactPlain(bounded, context);
}

const COOKIE_HEADERS = new Set(['cookie', 'set-cookie']);
const URL_HEADERS = new Set(['location', 'content-location', 'referer', 'refresh', 'origin']);

function redactHeaders(rawHeaders: readonly string[], context: RedactContext): string[] {
  const result: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    result.push(name, redactHeader(name, rawHeaders[i + 1]!, context));
  }
  return result;
}

function redactHeader(original: string, value: string, context: RedactContext): string {
  const name = original.toLowerCase();
  if (COOKIE_HEADERS.has(name) && !context.headers.has(name)) return redactCookies(name, value, context);
  const kind = context.headers.has(name) ? 'hidden' : secretKind(original);
  if (kind !== undefined) {
    context.count.add();
    return maskValue(kind, value);
  }
  return URL_HEADERS.has(name) ? redactUrl(value, context) : redactPlain(value, context);
}

/** Names and attributes stay, values go: whatever a cookie holds, it speaks for its user. */
function redactCookies(header: string, value: string, context: RedactContext): string {
  return value
    .split(';')
    .map((part, i) => {
      const equals = part.indexOf('=');
      if (header === 'set-cookie' && i > 0) return redactPlain(part, context);
      context.count.add();
      return equals < 0
        ? maskValue('cookie', part)
        : `${part.slice(0, equals + 1)}${maskValue('cookie', part.slice(equals + 1))}`;
    })
    .join(';');
}

const STEP = /\.([A-Za-z_$][\w$-]*)|\['((?:[^'\\]|\\.)*)'\]|\[(\d+|\*)\]/g;

function redactValueAt(at: string, value: string, context: RedactContext): string {
  if (at.startsWith('header:')) return redactHeaderValue(at.slice('header:'.length), value, context);
  const html = at.startsWith('html:') && !at.includes(' $');
  if (html) {
    const kind = htmlNames(at)
      .map(secretKind)
      .find((found) => found !== undefined);
    if (kind === undefined) return redactBodyLike(value, context);
    context.count.add();
    return maskValue(kind, value);
  }
  let state = context.json?.start;
  let hidden = (state?.rules.length ?? 0) > 0;
  let kind: string | undefined;
  for (const [, plain, quoted, index] of at.matchAll(STEP)) {
    const name = plain ?? quoted?.replace(/\\(.)/g, '$1');
    if (state !== undefined && context.json !== undefined) {
      state =
        name === undefined ? context.json.element(state, Number(index)) : context.json.member(state, name);
      hidden ||= state.rules.length > 0;
    }
    if (name !== undefined) kind = secretKind(name) ?? kind;
  }
  // A rule with a filter can't be decided from a place alone; then nothing under a filtered rule's document is shown unmasked.
  if (hidden || kind !== undefined || context.queried.length > 0) {
    context.count.add();
    return maskValue(hidden ? 'hidden' : (kind ?? 'hidden'), value);
  }
  return redactJsonText(value, context, state) ?? redactBodyLike(value, context);
}

function redactHeaderValue(place: string, value: string, context: RedactContext): string {
  const [name = ''] = place.split(/[.;]/, 1);
  if (name !== 'set-cookie') return redactHeader(name, value, context);
  // An attribute such as `set-cookie.sid;path` is no secret; the value and the whole line are.
  if (place.includes(';')) return redactPlain(value, context);
  if (/^[^=;]{1,200}=/.test(value)) return redactCookies('set-cookie', value, context);
  context.count.add();
  return maskValue('cookie', value);
}

/** Names on the last element of a place in a page, and of its attribute. */
function htmlNames(at: string): string[] {
  const element = at.slice(at.lastIndexOf(' > ') + 1);
  const attribute = /@([\w:-]+)$/.exec(element)?.[1];
  const names = [...element.matchAll(/\[(?:name|property)=([^\]]+)\]|[.#]([\w-]+)/g)].map(
    (match) => match[1] ?? match[2]!,
  );
  return attribute === undefined || attribute === 'value' || attribute === 'content' ? names : [attribute];
}

function redactBodyLike(value: string, context: RedactContext): string {
  if (value.startsWith('<')) return redactPlain(value, context);
  return /^[\w.+-]*:?\/\/?\S*\?/.test(value) ? redactUrl(value, context) : redactPlain(value, context);
}
