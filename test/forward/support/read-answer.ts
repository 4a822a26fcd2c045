/** What a client understands of the bytes it got. A reading of its own, that shares nothing with the code under test. */
export interface ReadAnswer {
  informations: { status: number; headers: [string, string][] }[];
  status: number;
  reason: string;
  /** In wire order and case. */
  headers: [string, string][];
  body: Buffer;
  trailers: [string, string][];
  /** The body ended as its framing says. */
  complete: boolean;
  rest: Buffer;
}

/** Reads one answer. `method` of the request, because HEAD has no body. `closed`: no byte follows. */
export function readAnswer(bytes: Buffer, method = 'GET', closed = true): ReadAnswer {
  const informations: ReadAnswer['informations'] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) throw new Error(`no head in ${JSON.stringify(rest.toString('latin1').slice(0, 300))}`);
    const [statusLine = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const match = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(statusLine);
    if (match === null) throw new Error(`bad status line ${statusLine}`);
    const status = Number(match[1]);
    const headers = lines.map(splitLine);
    rest = rest.subarray(end + 4);
    if (status >= 100 && status < 200 && status !== 101) {
      informations.push({ status, headers });
      continue;
    }
    const head = { informations, status, reason: match[2] ?? '', headers };
    return { ...head, ...readBody(rest, head.headers, status, method, closed) };
  }
}

function readBody(
  bytes: Buffer,
  headers: [string, string][],
  status: number,
  method: string,
  closed: boolean,
): Pick<ReadAnswer, 'body' | 'trailers' | 'complete' | 'rest'> {
  const value = (name: string): string | undefined =>
    headers.find(([key]) => key.toLowerCase() === name)?.[1];
  if (method === 'HEAD' || status === 204 || status === 304 || status === 101) {
    return { body: Buffer.alloc(0), trailers: [], complete: true, rest: bytes };
  }
  if (value('transfer-encoding') === 'chunked') return readChunked(bytes);
  const length = value('content-length');
  if (length === undefined) {
    return { body: bytes, trailers: [], complete: closed, rest: Buffer.alloc(0) };
  }
  const wanted = Number(length);
  return {
    body: bytes.subarray(0, wanted),
    trailers: [],
    complete: bytes.length >= wanted,
    rest: bytes.subarray(wanted),
  };
}

function readChunked(bytes: Buffer): Pick<ReadAnswer, 'body' | 'trailers' | 'complete' | 'rest'> {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return cut(pieces);
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (Number.isNaN(size)) throw new Error('bad chunk size');
    at = lineEnd + 2;
    if (size === 0) break;
    if (bytes.length < at + size + 2) return cut([...pieces, bytes.subarray(at)]);
    pieces.push(bytes.subarray(at, at + size));
    if (bytes.subarray(at + size, at + size + 2).toString('latin1') !== '\r\n') throw new Error('bad chunk');
    at += size + 2;
  }
  const trailers: [string, string][] = [];
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return cut(pieces);
    const line = bytes.subarray(at, lineEnd).toString('latin1');
    at = lineEnd + 2;
    if (line === '') break;
    trailers.push(splitLine(line));
  }
  return { body: Buffer.concat(pieces), trailers, complete: true, rest: bytes.subarray(at) };
}

function cut(pieces: Buffer[]): Pick<ReadAnswer, 'body' | 'trailers' | 'complete' | 'rest'> {
  return { body: Buffer.concat(pieces), trailers: [], complete: false, rest: Buffer.alloc(0) };
}

function splitLine(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** Fields that belong to one hop. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'proxy-connection',
  'te',
  'upgrade',
]);

export function endToEnd(headers: readonly [string, string][]): [string, string][] {
  return headers.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()));
}
