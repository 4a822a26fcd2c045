import { createHash } from 'node:crypto';
import type { CapturedAnswer, Comparison, ShadowAnswer } from './answer.ts';
import {
  type DecodedBody,
  decodeBody,
  formOf,
  type MediaType,
  parseMediaType,
  sizeOf,
  textOf,
} from './body.ts';
import { areJson, diffDocuments } from './documents.ts';
import { timeOf } from './format.ts';
import type { GeneratedValues } from './generated.ts';
import { compareHeaders, type HeaderMap, readHeaders } from './headers.ts';
import { IdMaps } from './id-maps.ts';
import { at, DEFAULT_LIMITS, Recorder, type RecorderLimits } from './recorder.ts';
import { type CompiledRules, NO_RULES } from './rules.ts';
import { equalityTraits, type NamedValue } from './traits.ts';

export interface CompareContext {
  /** Of the route; see `compileRules`. Undefined: none, all meaningful headers. */
  rules?: CompiledRules;
  /** Method of the request; an answer to HEAD has no body to compare. */
  method: string;
  /** Request headers of each side (name, value …), if they were not the same: values that echo them are recognised. */
  requestHeaders?: { left: readonly string[]; right: readonly string[] };
  /** Shared by the comparisons that must agree on one map of ids. Never shared between service comparisons and noise probes. */
  ids?: IdMaps;
  /** Right is a sandbox's answer to a write: its ids and times are its own. */
  generated?: GeneratedValues;
  limits?: Partial<RecorderLimits>;
}

/**
 * Compares two answers to the same request: left the monolith's, right the service's (or the monolith's own second one). Pure and
 * never throws. Equal only if status, meaningful headers and body are the same outside applied rules; whatever can't be parsed or is
 * too large to be looked into is compared by its bytes. Cost is linear in the size of ordinary documents.
 */
export function compareAnswers(left: ShadowAnswer, right: ShadowAnswer, context: CompareContext): Comparison {
  const rules = context.rules ?? NO_RULES;
  const limits = { ...DEFAULT_LIMITS, ...context.limits };
  if ('failure' in left || 'failure' in right) {
    const recorder = new Recorder(limits, { left: undefined, right: undefined });
    recorder.add(
      'failure',
      at('answer'),
      `${outcome(left)}→${outcome(right)}`,
      describe(left),
      describe(right),
    );
    return recorder.result();
  }
  const leftHeaders = readHeaders(left.rawHeaders);
  const rightHeaders = readHeaders(right.rawHeaders);
  const recorder = new Recorder(
    limits,
    { left: clockOf(leftHeaders), right: clockOf(rightHeaders) },
    context.generated,
  );
  for (const notice of rules.notices) recorder.notice(notice);
  const ids = context.ids ?? new IdMaps();
  if (left.status !== right.status) {
    recorder.add(
      'status',
      at('status'),
      `${left.status}→${right.status}`,
      String(left.status),
      String(right.status),
    );
    // Two answers of different classes say different things: their bodies would only add differences that follow from the status.
    if (Math.floor(left.status / 100) !== Math.floor(right.status / 100)) return recorder.result();
  }
  compareClocks(leftHeaders, rightHeaders, recorder);
  compareHeaders(leftHeaders, rightHeaders, rules, recorder, ids);
  if (context.method.toUpperCase() === 'HEAD') compareTypes(leftHeaders, rightHeaders, rules, recorder);
  else
    compareBodies(
      { answer: left, headers: leftHeaders },
      { answer: right, headers: rightHeaders },
      rules,
      recorder,
      ids,
    );
  if (recorder.texts.length > 0) {
    const named = namedValues(leftHeaders, rightHeaders, context.requestHeaders);
    for (const trait of equalityTraits(recorder.texts, named)) recorder.trait(trait.path, trait.shape);
  }
  return recorder.result();
}

interface Side {
  answer: CapturedAnswer;
  headers: HeaderMap;
}

function compareBodies(left: Side, right: Side, rules: CompiledRules, recorder: Recorder, ids: IdMaps): void {
  const types = compareTypes(left.headers, right.headers, rules, recorder);
  const a = left.answer.body;
  const b = right.answer.body;
  if (a === undefined || b === undefined) {
    compareHashes(left.answer, right.answer, recorder);
    return;
  }
  const sameEncoding =
    left.headers.values.get('content-encoding')?.join() ===
    right.headers.values.get('content-encoding')?.join();
  if (sameEncoding && equalBytes(a, b) && types.same) return;
  const leftBody = decodeBody(a, left.headers);
  const rightBody = decodeBody(b, right.headers);
  if ('problem' in leftBody || 'problem' in rightBody) {
    compareUndecoded(leftBody, rightBody, a, b, recorder);
    return;
  }
  if (equalBytes(leftBody.bytes, rightBody.bytes)) return;
  // The media types differ, which is reported already: their contents are still compared if they are written alike.
  const form = formOf(types.left);
  const opaque = form === 'bytes' && types.left.essence !== '';
  const texts =
    opaque || form !== formOf(types.right)
      ? undefined
      : { left: textOf(leftBody.bytes, types.left), right: textOf(rightBody.bytes, types.right) };
  const sniffed = form === 'html' || form === 'text' || form === 'bytes';
  if (sniffed && texts?.left !== undefined && texts.right !== undefined && areJson(texts.left, texts.right)) {
    diffDocuments('json', texts.left, texts.right, { rules, recorder, ids });
    return;
  }
  if (form === 'bytes' || texts?.left === undefined || texts.right === undefined) {
    if (form !== 'bytes' && texts !== undefined && texts.left !== texts.right) {
      recorder.add(
        'unparsable',
        at('body'),
        `${texts.left === undefined ? 'not text' : 'text'}→${texts.right === undefined ? 'not text' : 'text'}`,
        undefined,
        undefined,
      );
      return;
    }
    addBytes(recorder, 'body', leftBody.bytes, rightBody.bytes);
    return;
  }
  diffDocuments(form, texts.left, texts.right, { rules, recorder, ids });
}

/** Media type and charset ignore letter case; JSON has no charset (RFC 8259 section 11), so naming UTF-8 there changes nothing. */
function compareTypes(
  left: HeaderMap,
  right: HeaderMap,
  rules: CompiledRules,
  recorder: Recorder,
): { left: MediaType; right: MediaType; same: boolean } {
  const leftText = left.first('content-type');
  const rightText = right.first('content-type');
  const a = parseMediaType(leftText);
  const b = parseMediaType(rightText);
  const types = { left: a, right: b, same: true };
  const ignore = rules.headers.get('content-type')?.find((rule) => rule.do.kind === 'ignore');
  if (canonicalType(a) === canonicalType(b)) return types;
  if (ignore !== undefined) recorder.hide(ignore.id);
  else if (a.essence !== b.essence) {
    const shape = `${a.essence.slice(0, 60) || 'none'}→${b.essence.slice(0, 60) || 'none'}`;
    recorder.add('media-type', at('header:content-type'), shape, leftText, rightText);
  } else if (rules.headerNames?.has('content-type') ?? true) {
    recorder.add('header-value', at('header:content-type'), 'parameters', leftText, rightText);
  }
  return { ...types, same: formOf(a) === formOf(b) };
}

function canonicalType(type: MediaType): string {
  const parameters = [...type.parameters].filter(
    ([name, value]) => !(name === 'charset' && formOf(type) === 'json' && value === 'utf-8'),
  );
  return [type.essence, ...parameters.map((pair) => pair.join('=')).sort()].join(';');
}

function compareHashes(left: CapturedAnswer, right: CapturedAnswer, recorder: Recorder): void {
  const a = hashOf(left);
  const b = hashOf(right);
  if (a === b && a !== undefined && sizeOf(left) === sizeOf(right)) return;
  if (a === undefined || b === undefined)
    recorder.notice('a body was longer than the limit and came without a hash');
  else recorder.notice('bodies beyond the limit were compared by hash only, as they came over the wire');
  recorder.add(
    'bytes',
    at('body'),
    'by hash',
    `${sizeOf(left)} bytes, ${a?.slice(0, 12) ?? 'no hash'}`,
    `${sizeOf(right)} bytes, ${b?.slice(0, 12) ?? 'no hash'}`,
  );
}

function hashOf(answer: CapturedAnswer): string | undefined {
  return answer.body === undefined ? answer.bodyHash : createHash('sha256').update(answer.body).digest('hex');
}

function compareUndecoded(
  left: DecodedBody,
  right: DecodedBody,
  a: Uint8Array,
  b: Uint8Array,
  recorder: Recorder,
): void {
  const leftProblem = 'problem' in left ? left.problem : undefined;
  const rightProblem = 'problem' in right ? right.problem : undefined;
  if (leftProblem !== undefined) recorder.notice(`the monolith's body ${leftProblem}`);
  if (rightProblem !== undefined) recorder.notice(`the other body ${rightProblem}`);
  if (leftProblem === undefined || rightProblem === undefined) {
    recorder.add(
      'unparsable',
      at('body'),
      leftProblem === undefined ? 'decodable→not' : 'not→decodable',
      leftProblem,
      rightProblem,
    );
  } else if (!equalBytes(a, b)) addBytes(recorder, 'body', a, b);
}

function addBytes(recorder: Recorder, path: string, a: Uint8Array, b: Uint8Array): void {
  recorder.add(
    'bytes',
    at(path),
    a.length === b.length ? 'same length' : 'other length',
    `${a.length} bytes`,
    `${b.length} bytes`,
  );
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

function clockOf(headers: HeaderMap): number | undefined {
  const date = headers.first('date');
  return date === undefined ? undefined : timeOf(date);
}

/** Answers to one request are made at about the same time, and a mirrored one waits for this long at most. Milliseconds. */
const CLOCKS_APART_MS = 120_000;

/**
 * Times in the bodies are measured against the clock of their own answer, so a clock that is wrong would make all of them look right.
 * What came from a cache (`Age`) tells when it was made, not what time it is.
 */
function compareClocks(left: HeaderMap, right: HeaderMap, recorder: Recorder): void {
  const a = clockOf(left);
  const b = clockOf(right);
  if (a === undefined || b === undefined || left.values.has('age') || right.values.has('age')) return;
  if (Math.abs(b - a) <= CLOCKS_APART_MS) return;
  const shape = b > a ? 'clock ahead' : 'clock behind';
  recorder.add('header-value', at('header:date'), shape, left.first('date'), right.first('date'));
}

function namedValues(
  left: HeaderMap,
  right: HeaderMap,
  requests: CompareContext['requestHeaders'],
): NamedValue[] {
  const named: NamedValue[] = [];
  const add = (prefix: string, a: HeaderMap, b: HeaderMap) => {
    for (const [name, values] of a.values) {
      if (named.length >= 100 || name === 'set-cookie' || name === 'cookie' || name === 'date') continue;
      named.push({ name: `${prefix}:${name.slice(0, 80)}`, left: values[0], right: b.first(name) });
    }
  };
  if (requests !== undefined) add('request header', readHeaders(requests.left), readHeaders(requests.right));
  add('header', left, right);
  return named;
}

function outcome(answer: ShadowAnswer): string {
  return 'failure' in answer ? answer.failure : String(answer.status);
}

function describe(answer: ShadowAnswer): string {
  return 'failure' in answer ? `${answer.failure}: ${answer.message}` : `status ${answer.status}`;
}
