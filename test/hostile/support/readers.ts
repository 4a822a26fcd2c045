/** How a server may read requests. Each of these readings exists somewhere: what reaches an origin must mean the same to all of them. */
export interface Reading {
  name: string;
  /** A line may end with LF alone. */
  bareLf: boolean;
  /** Which framing wins when both are there. */
  wins: 'coding' | 'length';
  /** Any value of Transfer-Encoding that contains the word counts as chunked. */
  looseCoding: boolean;
  /** Of several lengths. */
  length: 'first' | 'last';
}

export const READINGS: readonly Reading[] = [
  { name: 'strict', bareLf: false, wins: 'coding', looseCoding: false, length: 'first' },
  { name: 'bare LF', bareLf: true, wins: 'coding', looseCoding: true, length: 'first' },
  { name: 'length wins', bareLf: false, wins: 'length', looseCoding: false, length: 'first' },
  { name: 'last length', bareLf: true, wins: 'length', looseCoding: true, length: 'last' },
];

export interface SeenRequest {
  /** `GET /path`. */
  line: string;
  /** Name in lower case, and value. */
  fields: [string, string][];
  body: string;
  /** Names in lower case. */
  trailers: string[];
}

export interface Read {
  requests: SeenRequest[];
  /** What is left: half a request, or nothing. */
  rest: string;
}

/** Reads what reached an origin, as a server of that kind would. Shares nothing with the code under test. */
export function readRequests(text: string, reading: Reading): Read {
  const requests: SeenRequest[] = [];
  let rest = text;
  for (;;) {
    const next = readOne(rest, reading);
    if (next === undefined) return { requests, rest };
    requests.push(next.request);
    rest = next.rest;
  }
}

function readOne(text: string, reading: Reading): { request: SeenRequest; rest: string } | undefined {
  const end = reading.bareLf ? /\r?\n\r?\n/ : /\r\n\r\n/;
  const found = end.exec(text);
  if (found === null) return undefined;
  const [line = '', ...lines] = text.slice(0, found.index).split(reading.bareLf ? /\r?\n/ : '\r\n');
  const fields = lines.map(field);
  const request = { line: line.split(' ').slice(0, 2).join(' '), fields, body: '', trailers: [] };
  return readBody(request, text.slice(found.index + found[0].length), reading);
}

function readBody(
  request: SeenRequest,
  text: string,
  reading: Reading,
): { request: SeenRequest; rest: string } | undefined {
  const coding = request.fields.filter(([name]) => name === 'transfer-encoding').map(([, value]) => value);
  const lengths = request.fields.filter(([name]) => name === 'content-length').map(([, value]) => value);
  const chunked = coding.some((value) => (reading.looseCoding ? /chunked/i : /^chunked$/i).test(value));
  if (chunked && !(reading.wins === 'length' && lengths.length > 0)) return readChunked(request, text);
  const length = Number.parseInt((reading.length === 'first' ? lengths[0] : lengths.at(-1)) ?? '0', 10);
  if (text.length < length) return undefined;
  return { request: { ...request, body: text.slice(0, length) }, rest: text.slice(length) };
}

function readChunked(request: SeenRequest, text: string): { request: SeenRequest; rest: string } | undefined {
  let at = 0;
  let body = '';
  for (;;) {
    const lineEnd = text.indexOf('\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    at = lineEnd + 1;
    if (!(size > 0)) break;
    body += text.slice(at, at + size);
    at = text.indexOf('\n', at + size) + 1;
    if (at === 0) return undefined;
  }
  const trailers: string[] = [];
  for (;;) {
    const lineEnd = text.indexOf('\n', at);
    if (lineEnd === -1) return undefined;
    const line = text.slice(at, lineEnd).trim();
    at = lineEnd + 1;
    if (line === '') return { request: { ...request, body, trailers }, rest: text.slice(at) };
    trailers.push(field(line)[0]);
  }
}

function field(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
}
