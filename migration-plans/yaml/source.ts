import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Finding, Place } from '../errors.ts';

/**
 * A YAML file read for its values and for the place of each of them. Only what plain settings need is accepted: one document of
 * maps, lists, text, numbers and booleans. Anchors, aliases, merge keys and tags are refused, so that a small file cannot stand
 * for a large one, and every limit is checked before the value is built.
 */
export interface YamlSource {
  file: string;
  /** Plain data; maps have no prototype, so a key such as `__proto__` is only a key. Undefined: the file could not be read as YAML. */
  value: unknown;
  findings: Finding[];
  /** Where the value at a path of keys and indices stands, or the nearest enclosing one that exists. */
  placeOf(path: readonly (string | number)[]): Place;
  /** Where a key stands, rather than its value. */
  placeOfKey(path: readonly (string | number)[]): Place;
}

export const YAML_LIMITS = { bytes: 128 * 1024, depth: 16, nodes: 20_000, findings: 50 } as const;

/** Reads YAML text; never throws, whatever it contains. Codes of the findings begin with `prefix`, such as `PLAN`. */
export function readYaml(text: string, file: string, prefix: string): YamlSource {
  const lines = new LineCounter();
  const findings: Finding[] = [];
  const placeAt = (offset: number | undefined): Place => {
    if (offset === undefined) return { file, line: 1, column: 1 };
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const report = (code: string, message: string, offset: number | undefined, remedy?: string): void => {
    if (findings.length >= YAML_LIMITS.findings) return;
    findings.push({
      code: `${prefix}_${code}`,
      message,
      severity: 'error',
      place: placeAt(offset),
      ...(remedy === undefined ? {} : { remedy }),
    });
  };
  const failed = (): YamlSource => ({
    file,
    value: undefined,
    findings,
    placeOf: () => placeAt(0),
    placeOfKey: () => placeAt(0),
  });
  if (Buffer.byteLength(text) > YAML_LIMITS.bytes) {
    report('TOO_LARGE', `the file is larger than ${YAML_LIMITS.bytes / 1024} KiB`, 0);
    return failed();
  }
  const binary = text.search(FORBIDDEN_CHARACTERS);
  if (binary !== -1) {
    report('NOT_TEXT', 'the file is not UTF-8 text: it has control or replacement characters', binary);
    return failed();
  }
  const document = looksTooDeep(text) ? undefined : parse(text, lines);
  if (document === undefined) {
    report('TOO_DEEP', 'the file is nested too deeply to be read', 0);
    return failed();
  }
  // What follows a syntax error is guesswork: reporting on it would bury the mistake under its consequences.
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    const line = text.slice(text.lastIndexOf('\n', syntax.pos[0] - 1) + 1).split('\n', 1)[0];
    const remedy = /\$\{\w+\}/.test(line ?? '')
      ? 'Inside { } and [ ] put quotes around a reference to the environment.'
      : undefined;
    report('YAML', firstLine(syntax.message), syntax.pos[0], remedy);
  }
  if (findings.length > 0) return failed();
  const built = new Builder(report).build(document.contents);
  return {
    file,
    value: findings.length > 0 ? undefined : built,
    findings,
    placeOf: (path) => placeAt(locate(document, path).value),
    placeOfKey: (path) => placeAt(locate(document, path).key),
  };
}

/** Control characters other than tab and line ends, and U+FFFD, which stands where bytes were not UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is its purpose
const FORBIDDEN_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/;

/**
 * Whether brackets or list dashes are opened far beyond the depth that is accepted. A look that costs nothing before parsing, which takes
 * seconds for a file of brackets; brackets inside text may be counted wrongly, but not that many.
 */
function looksTooDeep(text: string): boolean {
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) open++;
    else if ((code === 0x5d || code === 0x7d) && open > 0) open--;
    if (open > HOPELESS_DEPTH) return true;
  }
  return /(?:[-?] ){200}/.test(text);
}

const HOPELESS_DEPTH = 200;

function parse(text: string, lineCounter: LineCounter): Document | undefined {
  try {
    // Duplicate keys are found below: the parser's own check takes quadratic time. Pretty errors copy source for each error.
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, merge: false });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Of YAML's core schema: they say what plain text means anyway. */
const PLAIN_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

type Report = (code: string, message: string, offset: number | undefined, remedy?: string) => void;

class Builder {
  readonly #report: Report;
  #nodes = 0;
  #stopped = false;

  constructor(report: Report) {
    this.#report = report;
  }

  build(node: unknown, depth = 0): unknown {
    if (this.#stopped || node === null || node === undefined) return null;
    const { range, anchor, tag } = node as Node & { anchor?: string };
    const offset = range?.[0];
    if (++this.#nodes > YAML_LIMITS.nodes || depth > YAML_LIMITS.depth) {
      this.#stopped = true;
      if (depth > YAML_LIMITS.depth) this.#report('TOO_DEEP', 'the file is nested too deeply', offset);
      else this.#report('TOO_LARGE', `the file has more than ${YAML_LIMITS.nodes} values`, offset);
      return null;
    }
    if (isAlias(node) || anchor !== undefined) {
      this.#report(
        'ALIAS',
        'anchors and aliases are not accepted',
        offset,
        'Write the value out in each place.',
      );
      return null;
    }
    if (tag !== undefined && !PLAIN_TAGS.has(tag)) {
      this.#report(
        'TAG',
        `the tag ${short(tag)} is not accepted`,
        offset,
        'Write plain text, numbers, lists and maps.',
      );
      return null;
    }
    if (isScalar(node)) return this.#scalar(node.value, offset);
    if (isSeq(node)) return node.items.map((item) => this.build(item, depth + 1));
    if (isMap(node)) return this.#map(node.items, depth);
    return null;
  }

  #scalar(value: unknown, offset: number | undefined): unknown {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      this.#report('NUMBER', 'a number must be finite', offset);
      return null;
    }
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
    this.#report('TAG', 'only text, numbers, booleans, lists and maps are accepted', offset);
    return null;
  }

  #map(items: readonly { key: unknown; value: unknown }[], depth: number): Record<string, unknown> {
    const out = Object.create(null) as Record<string, unknown>;
    for (const { key, value } of items) {
      const offset = (key as Node | null)?.range?.[0];
      if (!isScalar(key) || isAlias(key) || key.anchor !== undefined || key.value === null) {
        this.#report('KEY', 'a key must be plain text', offset);
        continue;
      }
      const name = String(key.value);
      if (name in out)
        this.#report('DUPLICATE_KEY', `"${short(name)}" is given twice`, offset, 'Keep one of them.');
      out[name] = this.build(value, depth + 1);
    }
    return out;
  }
}

function locate(
  document: Document,
  path: readonly (string | number)[],
): { value: number | undefined; key: number | undefined } {
  let node: unknown = document.contents;
  let value = (node as Node | null)?.range?.[0];
  let key = value;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) return { value, key };
      key = (pair.key as Node).range?.[0];
      node = pair.value;
      value = (node as Node | null)?.range?.[0] ?? key;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | null | undefined;
      if (item === undefined) return { value, key };
      node = item;
      value = item?.range?.[0] ?? value;
      key = value;
    } else return { value, key };
  }
  return { value, key };
}

function firstLine(message: string): string {
  return short(message.split('\n', 1)[0] ?? message, 200);
}

/** Text from a file as it may be shown in a message: bounded, on one line. */
export function short(text: string, length = 60): string {
  const flat = text.replace(/\s+/g, ' ');
  return flat.length <= length ? flat : `${flat.slice(0, length - 1)}…`;
}
