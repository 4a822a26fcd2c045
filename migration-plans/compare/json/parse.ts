import { type ExactNumber, JsonArray, type JsonNode, JsonObject, readNumber } from './node.ts';

/** Nested deeper than this, a document is not parsed: the caller compares bytes instead and says so. */
export const MAX_JSON_DEPTH = 500;

export class JsonTooDeep extends Error {}

/**
 * Parses JSON strictly by RFC 8259 and without loss: numbers keep their decimal value, objects their duplicate members.
 *
 * @throws SyntaxError when the text is not JSON; JsonTooDeep beyond MAX_JSON_DEPTH.
 */
export function parseJson(text: string): JsonNode {
  const parser = new Parser(text);
  const node = parser.value(0);
  parser.end();
  return node;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON strings must not hold
const NOT_PLAIN = /[\\\u0000-\u001f]/;

class Parser {
  private readonly text: string;
  /** No escape and no control character anywhere: a string ends at the next quote, which the engine finds fastest. */
  private readonly plain: boolean;
  private at = 0;

  constructor(text: string) {
    this.text = text;
    this.plain = !NOT_PLAIN.test(text);
  }

  end(): void {
    this.space();
    if (this.at < this.text.length) this.fail();
  }

  value(depth: number): JsonNode {
    this.space();
    const code = this.text.charCodeAt(this.at);
    switch (code) {
      case 0x7b:
        return this.object(depth);
      case 0x5b:
        return this.array(depth);
      case QUOTE:
        return this.string();
      case 0x74:
        return this.word('true', true);
      case 0x66:
        return this.word('false', false);
      case 0x6e:
        return this.word('null', null);
      default:
        return this.number(code);
    }
  }

  private object(depth: number): JsonObject {
    if (depth >= MAX_JSON_DEPTH) throw new JsonTooDeep();
    const keys: string[] = [];
    const values: JsonNode[] = [];
    this.at++;
    this.space();
    if (this.text.charCodeAt(this.at) === 0x7d) {
      this.at++;
      return new JsonObject(keys, values);
    }
    for (;;) {
      this.space();
      if (this.text.charCodeAt(this.at) !== QUOTE) this.fail();
      keys.push(this.string());
      this.space();
      if (this.text.charCodeAt(this.at) !== 0x3a) this.fail();
      this.at++;
      values.push(this.value(depth + 1));
      this.space();
      const code = this.text.charCodeAt(this.at++);
      if (code === 0x7d) return new JsonObject(keys, values);
      if (code !== 0x2c) this.fail();
    }
  }

  private array(depth: number): JsonArray {
    if (depth >= MAX_JSON_DEPTH) throw new JsonTooDeep();
    const items: JsonNode[] = [];
    this.at++;
    this.space();
    if (this.text.charCodeAt(this.at) === 0x5d) {
      this.at++;
      return new JsonArray(items);
    }
    for (;;) {
      items.push(this.value(depth + 1));
      this.space();
      const code = this.text.charCodeAt(this.at++);
      if (code === 0x5d) return new JsonArray(items);
      if (code !== 0x2c) this.fail();
    }
  }

  private string(): string {
    const start = ++this.at;
    const { text } = this;
    if (this.plain) {
      const end = text.indexOf('"', start);
      if (end < 0) this.fail();
      this.at = end + 1;
      return text.slice(start, end);
    }
    for (let i = start; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === QUOTE) {
        this.at = i + 1;
        return text.slice(start, i);
      }
      if (code === BACKSLASH) return this.escaped(start, i);
      if (code < 0x20) {
        this.at = i;
        this.fail();
      }
    }
    return this.fail();
  }

  /** The engine's parser knows escapes best; only the end of the string is found here. */
  private escaped(start: number, from: number): string {
    const { text } = this;
    for (let i = from; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) {
        this.at = i + 1;
        return JSON.parse(text.slice(start - 1, i + 1)) as string;
      }
    }
    return this.fail();
  }

  private number(first: number): number | ExactNumber {
    const { text } = this;
    const start = this.at;
    let i = start;
    if (first === 0x2d) i++;
    const lead = text.charCodeAt(i);
    if (!(lead >= 0x30 && lead <= 0x39)) this.fail();
    i++;
    if (lead !== 0x30) i = digits(text, i);
    let plain = true;
    if (text.charCodeAt(i) === 0x2e) {
      const end = digits(text, i + 1);
      if (end === i + 1) this.fail();
      i = end;
    }
    const letter = text.charCodeAt(i);
    if (letter === 0x65 || letter === 0x45) {
      plain = false;
      i++;
      const sign = text.charCodeAt(i);
      if (sign === 0x2b || sign === 0x2d) i++;
      const end = digits(text, i);
      if (end === i) this.fail();
      i = end;
    }
    this.at = i;
    const source = text.slice(start, i);
    return plain && source.length <= 15 ? Number(source) : readNumber(source);
  }

  private word<T extends boolean | null>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail();
    this.at += word.length;
    return value;
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  private fail(): never {
    throw new SyntaxError(`not JSON at character ${this.at}`);
  }
}

function digits(text: string, from: number): number {
  let i = from;
  for (;;) {
    const code = text.charCodeAt(i);
    if (!(code >= 0x30 && code <= 0x39)) return i;
    i++;
  }
}
