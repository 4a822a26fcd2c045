import { JsonArray, type JsonNode, JsonObject } from './json/node.ts';

/**
 * Reads CSV by RFC 4180 as a list of rows: objects by column name when the first row can be a header (unique, non-empty names) and
 * the row has as many fields, else a list of fields. The order of columns is kept as a row of its own, since scripts read by position.
 * Undefined: quotes do not match up. `delimiter`: both sides are read with the same one, or a change of it would not be seen.
 */
export function parseCsv(text: string, delimiter: string): JsonNode | undefined {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const rows = readRows(source, delimiter);
  if (rows === undefined) return undefined;
  const header = rows[0] ?? [];
  const named =
    header.length > 0 && header.every((name) => name !== '') && new Set(header).size === header.length;
  if (!named) return new JsonArray(rows.map((row) => new JsonArray(row)));
  const body = rows
    .slice(1)
    .map((row) => (row.length === header.length ? new JsonObject(header, row) : new JsonArray(row)));
  return new JsonObject(['header', 'rows'], [new JsonArray(header), new JsonArray(body)]);
}

/** The one that occurs most often in the first line. */
export function delimiterOf(text: string): string {
  const end = text.search(/[\r\n]/);
  const first = end < 0 ? text : text.slice(0, end);
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: first.split(mark).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark;
}

function readRows(text: string, delimiter: string): string[][] | undefined {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at <= text.length) {
    if (at === text.length && row.length === 0) break;
    let field: string;
    if (text[at] === '"') {
      const parts: string[] = [];
      let from = at + 1;
      for (;;) {
        const quote = text.indexOf('"', from);
        if (quote < 0) return undefined;
        parts.push(text.slice(from, quote));
        at = quote + 1;
        if (text[at] !== '"') break;
        parts.push('"');
        from = at + 1;
      }
      field = parts.join('');
    } else {
      const start = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
      field = text.slice(start, at);
    }
    row.push(field);
    const mark = text[at];
    if (mark === delimiter) {
      at++;
      continue;
    }
    if (mark !== undefined && mark !== '\n' && mark !== '\r') return undefined;
    rows.push(row);
    row = [];
    at += mark === '\r' && text[at + 1] === '\n' ? 2 : 1;
  }
  return rows;
}
