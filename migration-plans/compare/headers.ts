import type { CompareRule } from '../plan/plan.ts';
import { type Cookie, parseSetCookie } from './cookies.ts';
import { isOpaque, joinFormats } from './format.ts';
import type { IdMaps } from './id-maps.ts';
import { ruleVerdict } from './json/values.ts';
import { at, type Recorder } from './recorder.ts';
import type { CompiledRules } from './rules.ts';

/**
 * Not compared unless the plan names them: they speak of the connection, of the machine that answered or of how the body was
 * written, not of what was answered. Everything else is compared, so that a header nobody thought of is found.
 */
export const NOT_MEANINGFUL: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'date',
  'age',
  'server',
  'via',
  'x-powered-by',
  'x-runtime',
  'x-response-time',
  'server-timing',
  'alt-svc',
  'forwarded',
  'traceparent',
  'tracestate',
  'x-amzn-trace-id',
  // The body is compared decoded, so its encoding and length on the wire are no content.
  'content-encoding',
  'content-length',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'etag-original',
]);

/** Lists of tokens in which order and letter case mean nothing (RFC 9110, 9111, Fetch). */
const TOKEN_SETS: ReadonlySet<string> = new Set([
  'vary',
  'allow',
  'accept-ranges',
  'cache-control',
  'pragma',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'accept-patch',
  'clear-site-data',
]);
/** Directives divided by semicolons, in any order. */
const DIRECTIVE_SETS: ReadonlySet<string> = new Set([
  'content-security-policy',
  'content-security-policy-report-only',
  'strict-transport-security',
]);
/** Letter case means nothing. */
const CASELESS: ReadonlySet<string> = new Set([
  'x-frame-options',
  'x-content-type-options',
  'referrer-policy',
  'content-language',
  'connection',
]);
/** Validators mean something only to the server that issued them: compared by presence and form. */
const VALIDATORS: ReadonlySet<string> = new Set(['etag']);

export interface HeaderMap {
  /** Lower-case name → values in order. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  first(name: string): string | undefined;
}

export function readHeaders(rawHeaders: readonly string[]): HeaderMap {
  const values = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const known = values.get(name);
    if (known === undefined) values.set(name, [rawHeaders[i + 1]!]);
    else known.push(rawHeaders[i + 1]!);
  }
  return { values, first: (name) => values.get(name)?.[0] };
}

/** Compares all headers but Content-Type, which is compared with the body. */
export function compareHeaders(
  left: HeaderMap,
  right: HeaderMap,
  rules: CompiledRules,
  recorder: Recorder,
  ids: IdMaps,
): void {
  const names = new Set([...left.values.keys(), ...right.values.keys()]);
  for (const name of names) {
    if (rules.headerNames === undefined ? NOT_MEANINGFUL.has(name) : !rules.headerNames.has(name)) continue;
    if (name === 'content-type') continue;
    const a = left.values.get(name);
    const b = right.values.get(name);
    if (name === 'set-cookie') compareCookies(a ?? [], b ?? [], rules, recorder, ids);
    else compareHeader(name, a, b, rules.headers.get(name) ?? [], recorder, ids);
  }
}

function compareHeader(
  name: string,
  left: readonly string[] | undefined,
  right: readonly string[] | undefined,
  rules: readonly CompareRule[],
  recorder: Recorder,
  ids: IdMaps,
): void {
  const where = at(`header:${safeName(name)}`);
  const a = left?.join(', ').trim();
  const b = right?.join(', ').trim();
  if (
    a === b ||
    (a !== undefined && b !== undefined && canonicalHeader(name, a) === canonicalHeader(name, b))
  )
    return;
  const hiding = rules.find((rule) =>
    a === undefined || b === undefined ? rule.do.kind === 'ignore' : hides(rule, a, b, ids),
  );
  if (hiding !== undefined) {
    recorder.hide(hiding.id);
    return;
  }
  if (b === undefined) recorder.add('header-missing', where, 'present→absent', a, undefined);
  else if (a === undefined) recorder.add('header-extra', where, 'absent→present', undefined, b);
  else recorder.text(where, a, b, 'header-value');
}

function hides(rule: CompareRule, left: string, right: string, ids: IdMaps): boolean {
  if (rule.do.kind === 'unordered') return listOf(left).sort().join() === listOf(right).sort().join();
  const hidden = ruleVerdict(rule, left, right, ids) === 'hidden';
  if (hidden && rule.do.kind === 'idMap') ids.add(rule.do.map, left, right);
  return hidden;
}

function canonicalHeader(name: string, value: string): string {
  if (TOKEN_SETS.has(name)) return [...new Set(listOf(value.toLowerCase()))].sort().join(', ');
  if (DIRECTIVE_SETS.has(name)) {
    return value
      .split(';')
      .map((part) => part.trim().replace(/\s+/g, ' '))
      .filter((part) => part !== '')
      .sort()
      .join('; ');
  }
  if (VALIDATORS.has(name)) return /^W\//.test(value) ? 'weak' : 'strong';
  return CASELESS.has(name) ? value.toLowerCase() : value;
}

/** Elements of a comma list; commas within quotes do not divide. */
function listOf(value: string): string[] {
  return (value.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [])
    .map((part) => part.trim().replace(/\s*=\s*/, '='))
    .filter((part) => part !== '');
}

/** By name; attributes as a set. The value of an opaque cookie (session, token) is compared by format, as each server issues its own. */
function compareCookies(
  left: readonly string[],
  right: readonly string[],
  rules: CompiledRules,
  recorder: Recorder,
  ids: IdMaps,
): void {
  const general = rules.headers.get('set-cookie') ?? [];
  const lefts = byName(left);
  const rights = byName(right);
  for (const key of new Set([...lefts.keys(), ...rights.keys()])) {
    const a = lefts.get(key);
    const b = rights.get(key);
    const path = `header:set-cookie.${safeName(key)}`;
    const own = [...general, ...(rules.headers.get(`set-cookie.${key.toLowerCase()}`) ?? [])];
    const ignore = own.find((rule) => rule.do.kind === 'ignore');
    if (ignore !== undefined) {
      if (a?.raw !== b?.raw) recorder.hide(ignore.id);
    } else if (b === undefined) recorder.add('header-missing', at(path), 'present→absent', a?.raw, undefined);
    else if (a === undefined) recorder.add('header-extra', at(path), 'absent→present', undefined, b.raw);
    else if (a.raw !== b.raw) compareCookie(path, a, b, own, recorder, ids);
  }
}

function compareCookie(
  path: string,
  left: Cookie,
  right: Cookie,
  rules: readonly CompareRule[],
  recorder: Recorder,
  ids: IdMaps,
): void {
  if (left.value !== right.value) {
    const formats = joinFormats(left.value, right.value);
    const hiding = rules.find((rule) => hides(rule, left.value, right.value, ids));
    if (hiding !== undefined) recorder.hide(hiding.id);
    else if (formats.shared && isOpaque(formats.left)) recorder.relate(path, left.value, right.value);
    else recorder.text(at(path), left.value, right.value, 'header-value');
  }
  for (const name of new Set([...left.attributes.keys(), ...right.attributes.keys()])) {
    const a = left.attributes.get(name);
    const b = right.attributes.get(name);
    if (a === b) continue;
    const where = at(`${path};${safeName(name)}`);
    if (b === undefined) recorder.add('header-missing', where, 'present→absent', a, undefined);
    else if (a === undefined) recorder.add('header-extra', where, 'absent→present', undefined, b);
    else recorder.text(where, a, b, 'header-value');
  }
}

/** The same name twice is legal (other path or domain); each is kept. */
function byName(lines: readonly string[]): Map<string, Cookie> {
  const cookies = new Map<string, Cookie>();
  const occurrences = new Map<string, number>();
  for (const line of lines) {
    const cookie = parseSetCookie(line);
    const occurrence = (occurrences.get(cookie.name) ?? 0) + 1;
    occurrences.set(cookie.name, occurrence);
    cookies.set(occurrence === 1 ? cookie.name : `${cookie.name} (${occurrence})`, cookie);
  }
  return cookies;
}

function safeName(name: string): string {
  return name.replace(/[^\w!#$%&'*+.^`|~() -]/g, '?').slice(0, 80);
}
