import type { JSONValue } from 'json-p3';
import type { CompareRule } from '../plan/plan.ts';
import type { BodyForm } from './body.ts';
import { delimiterOf, parseCsv } from './csv.ts';
import { diffHtml } from './html/diff.ts';
import type { IdMaps } from './id-maps.ts';
import { diffJson, type Marks } from './json/diff.ts';
import { JsonArray, type JsonNode, JsonObject } from './json/node.ts';
import { JsonTooDeep, MAX_JSON_DEPTH, parseJson } from './json/parse.ts';
import { diffLines } from './lines.ts';
import { at, type Recorder } from './recorder.ts';
import type { CompiledRules } from './rules.ts';

export interface DocumentContext {
  rules: CompiledRules;
  recorder: Recorder;
  ids: IdMaps;
}

/** Rules with filters search the document once per rule; beyond this many characters they are not applied, which is noticed. */
const MAX_QUERIED = 2_000_000;

/** Compares two texts of the same form whose bytes differ. */
export function diffDocuments(form: BodyForm, left: string, right: string, context: DocumentContext): void {
  switch (form) {
    case 'json':
      diffParsed(left, right, 'JSON', readJson, context);
      return;
    case 'json-lines':
      diffParsed(left, right, 'JSON lines', readJsonLines, context);
      return;
    case 'csv':
      diffCsv(left, right, context);
      return;
    case 'html':
      diffHtml(left, right, context);
      return;
    default:
      diffLines(left, right, 'text', context.recorder);
  }
}

/**
 * Whether both are JSON, whatever they say they are: many an application sends it as the default type of its language, and clients
 * read it all the same. As a page its texts would lose their white space.
 */
export function areJson(left: string, right: string): boolean {
  const begins = /^[ \t\r\n]*[[{]/;
  return begins.test(left) && begins.test(right) && isJson(left) && isJson(right);
}

function isJson(text: string): boolean {
  try {
    return readJson(text) !== undefined;
  } catch (error) {
    if (error instanceof JsonTooDeep) return true;
    throw error;
  }
}

function diffCsv(left: string, right: string, context: DocumentContext): void {
  const marked = (text: string) => text.startsWith('\uFEFF');
  // Spreadsheets guess the charset by it.
  if (marked(left) !== marked(right)) {
    const shape = `${marked(left) ? 'byte order mark' : 'none'}→${marked(right) ? 'byte order mark' : 'none'}`;
    context.recorder.add('bytes', at('body'), shape, undefined, undefined);
  }
  const delimiter = delimiterOf(left);
  diffParsed(left, right, 'CSV', (text) => parseCsv(text, delimiter), context);
}

type Read = (text: string) => JsonNode | undefined;

function diffParsed(left: string, right: string, name: string, read: Read, context: DocumentContext): void {
  const { recorder } = context;
  let a: JsonNode | undefined;
  let b: JsonNode | undefined;
  try {
    a = read(left);
    b = read(right);
  } catch (error) {
    if (!(error instanceof JsonTooDeep)) throw error;
    recorder.notice(`a body is nested deeper than ${MAX_JSON_DEPTH} levels and was compared as text`);
    recorder.add(
      'bytes',
      at('body'),
      'nested too deep',
      `${left.length} characters`,
      `${right.length} characters`,
    );
    return;
  }
  if (a === undefined || b === undefined) {
    if (a === undefined && b === undefined) {
      recorder.notice(`both bodies say they are ${name} and are not; compared as text`);
      if (!diffLines(left, right, 'text', recorder)) return;
      // Texts that differ only in their line ends, and are no document: nothing allows to call them equal.
      recorder.add('bytes', at('body'), 'line ends', undefined, undefined);
      return;
    }
    const shape = a === undefined ? `not ${name}→${name}` : `${name}→not ${name}`;
    recorder.add('unparsable', at('body'), shape, left.slice(0, 200), right.slice(0, 200));
    return;
  }
  const { rules, ids } = context;
  const root = name === 'CSV' ? 'csv:' : '$';
  const marks =
    rules.queried.length === 0
      ? undefined
      : markQueried(
          rules.queried,
          [
            [left, a],
            [right, b],
          ],
          recorder,
        );
  diffJson(a, b, { recorder, machine: rules.json, marks, ids, root });
}

function readJson(text: string): JsonNode | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readJsonLines(text: string): JsonNode | undefined {
  const items: JsonNode[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const item = readJson(line);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return new JsonArray(items);
}

/** Finds what rules with filters, slices and negative indices select in each of the documents. */
function markQueried(
  queried: CompiledRules['queried'],
  documents: [string, JsonNode][],
  recorder: Recorder,
): Marks {
  const marks = new Map<JsonArray | JsonObject, Map<string | number, CompareRule[]>>();
  for (const [text, root] of documents) {
    if (text.length > MAX_QUERIED) {
      recorder.notice(`rules with filters were not applied to a body of more than ${MAX_QUERIED} characters`);
      continue;
    }
    let plain: JSONValue;
    try {
      plain = JSON.parse(text) as JSONValue;
    } catch {
      recorder.notice('rules with filters apply to JSON only');
      continue;
    }
    for (const { rule, query } of queried) {
      try {
        for (const node of query.query(plain).nodes) mark(marks, root, node.location, rule);
      } catch (error) {
        recorder.notice(
          `rule ${rule.id} could not be applied: ${error instanceof Error ? error.message.slice(0, 100) : 'unknown error'}`,
        );
      }
    }
  }
  return marks;
}

function mark(
  marks: Map<JsonArray | JsonObject, Map<string | number, CompareRule[]>>,
  root: JsonNode,
  location: readonly (string | number)[],
  rule: CompareRule,
): void {
  let container: JsonNode | undefined = root;
  for (const step of location.slice(0, -1)) container = childOf(container, step);
  const last = location.at(-1);
  if (last === undefined || !(container instanceof JsonArray || container instanceof JsonObject)) return;
  const keys = marks.get(container) ?? new Map<string | number, CompareRule[]>();
  marks.set(container, keys);
  keys.set(last, [...(keys.get(last) ?? []), rule]);
}

function childOf(node: JsonNode | undefined, step: string | number): JsonNode | undefined {
  if (node instanceof JsonArray) return typeof step === 'number' ? node.items[step] : undefined;
  return node instanceof JsonObject ? node.get(String(step)) : undefined;
}
