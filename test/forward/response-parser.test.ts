import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BodyFraming, ResponseHead } from '../../edge-proxy/forward/response-head.ts';
import { type ParserSink, ResponseParser } from '../../edge-proxy/forward/response-parser.ts';

const MAX_HEAD = 4096;

/** What the parser understood, independent of how the bytes were cut. */
interface Understood {
  heads: string[];
  body: string;
  trailers: string | undefined;
  outcome: 'open' | 'complete' | 'malformed' | 'cut' | 'switched';
  excess: boolean;
}

class Recorder implements ParserSink {
  readonly understood: Understood = {
    heads: [],
    body: '',
    trailers: undefined,
    outcome: 'open',
    excess: false,
  };

  onInformation(head: ResponseHead): void {
    this.understood.heads.push(`${head.status} ${head.reason}|${head.lines}`);
  }
  onWhole(head: ResponseHead, framing: BodyFraming, body: string): void {
    this.onHead(head, framing);
    this.understood.body += body;
    this.onEnd('');
  }
  onHead(head: ResponseHead, _framing: BodyFraming): void {
    this.understood.heads.push(`${head.status} ${head.reason}|${head.lines}|${head.keepAlive}`);
  }
  onBody(buffer: Buffer, start: number, end: number): void {
    this.understood.body += buffer.toString('latin1', start, end);
  }
  onEnd(trailers: string): void {
    this.understood.trailers = trailers;
    this.understood.outcome = 'complete';
  }
  onSwitch(_head: ResponseHead, rest: Buffer): void {
    this.understood.body += rest.toString('latin1');
    this.understood.outcome = 'switched';
  }
  onMalformed(): void {
    if (this.understood.outcome === 'open') this.understood.outcome = 'malformed';
    else this.understood.excess = true;
  }
}

function read(bytes: Buffer, cuts: readonly number[], toHead = false): Understood {
  const recorder = new Recorder();
  const parser = new ResponseParser(recorder, MAX_HEAD);
  parser.expect(toHead, false);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    if (to > from) {
      // A buffer that is overwritten afterwards, as the socket's is.
      const piece = Buffer.from(bytes.subarray(from, to));
      parser.execute(piece, piece.length);
      piece.fill(0x21);
    }
    from = to;
  }
  if (recorder.understood.outcome === 'open' && !parser.eof()) recorder.understood.outcome = 'cut';
  if (parser.excess) recorder.understood.excess = true;
  return recorder.understood;
}

const ANSWERS: readonly string[] = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more',
  'HTTP/1.1 200\r\nX: \xe9\xff\r\n\r\nuntil the end',
  'HTTP/1.0 404 Not Found\r\n\r\n',
  'HTTP/1.1 204 No Content\r\nX-A:b\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA;x=y\r\n0123456789\r\n001\r\n!\r\n0\r\nX-Sum: 1\r\nX-B: 2\r\n\r\n',
  'HTTP/1.1 200 OK\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nX-End: 2\r\nContent-Length: 1\r\n\r\na',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nBad\rTrailer: 1\r\n\r\n',
];

const cuts = fc.array(fc.nat(100_000), { maxLength: 40 });

describe('the reading of an answer', () => {
  it('does not depend on how the bytes are cut into pieces', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ANSWERS), cuts, fc.boolean(), (answer, places, toHead) => {
        const bytes = Buffer.from(answer, 'latin1');
        expect(read(bytes, places, toHead)).toEqual(read(bytes, [], toHead));
      }),
      { numRuns: 2000 },
    );
  });

  it('does not depend on the cutting when every octet comes alone', () => {
    for (const answer of ANSWERS) {
      const bytes = Buffer.from(answer, 'latin1');
      const each = Array.from({ length: bytes.length }, (_, index) => index);
      expect(read(bytes, each)).toEqual(read(bytes, []));
    }
  });

  it('gives back any body of any framing', () => {
    const body = fc.uint8Array({ maxLength: 50_000 }).map((bytes) => Buffer.from(bytes));
    const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 20 });
    fc.assert(
      fc.property(body, sizes, cuts, (content, chunks, places) => {
        const text = content.toString('latin1');
        const fixed = `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n${text}`;
        expect(read(Buffer.from(fixed, 'latin1'), places)).toMatchObject({ body: text, outcome: 'complete' });
        const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${inChunks(text, chunks)}`;
        expect(read(Buffer.from(chunked, 'latin1'), places)).toMatchObject({
          body: text,
          outcome: 'complete',
        });
      }),
      { numRuns: 200 },
    );
  });

  it('neither throws on garbage nor takes it for an answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), cuts, (garbage, places) => {
        const { outcome } = read(Buffer.from(garbage), places);
        expect(['malformed', 'cut']).toContain(outcome);
      }),
      { numRuns: 2000 },
    );
  });

  it('neither throws on damaged answers nor depends on their cutting', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ANSWERS),
        fc.nat(1000),
        fc.integer({ min: 0, max: 255 }),
        cuts,
        (answer, at, byte, places) => {
          const bytes = Buffer.from(answer, 'latin1');
          bytes[at % bytes.length] = byte;
          expect(read(bytes, places)).toEqual(read(bytes, []));
        },
      ),
      { numRuns: 5000 },
    );
  });
});

function inChunks(text: string, sizes: readonly number[]): string {
  let chunked = '';
  let at = 0;
  for (const size of [...sizes, text.length]) {
    const piece = text.slice(at, at + size);
    if (piece === '') break;
    chunked += `${piece.length.toString(16)}\r\n${piece}\r\n`;
    at += size;
  }
  return `${chunked}0\r\n\r\n`;
}

describe('a malformed answer is refused', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['bare LF after the status line', 'HTTP/1.1 200 OK\nX: 1\r\n\r\n'],
    ['bare LF after a field', 'HTTP/1.1 200 OK\r\nX: 1\nY: 2\r\n\r\n'],
    ['bare CR in a value', 'HTTP/1.1 200 OK\r\nX: 1\rY: 2\r\n\r\n'],
    ['NUL in a value', 'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\r\n'],
    ['a folded first line', 'HTTP/1.1 200 OK\r\n X: 1\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello'],
    ['a line without colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
    ['an empty name', 'HTTP/1.1 200 OK\r\n: 1\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['the same length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello'],
    ['a signed length', 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello'],
    ['a hexadecimal length', 'HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello'],
    ['an endless length', `HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(20)}\r\n\r\nhello`],
    ['an empty length', 'HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhello'],
    [
      'length and coding',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'two codings',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a coding not understood', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['an obscured coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a coding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    [
      'a length declared hop-by-hop',
      'HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 5\r\n\r\nhello',
    ],
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['lower case', 'http/1.1 200 OK\r\n\r\n'],
    ['two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['status 000', 'HTTP/1.1 000 OK\r\n\r\n'],
    ['a status glued to its reason', 'HTTP/1.1 200OK\r\n\r\n'],
    ['two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['an empty line in front', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['no HTTP at all', '<html>hello</html>\r\n\r\n'],
    ['101 nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['a giant head', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(MAX_HEAD)}\r\n\r\n`],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(MAX_HEAD)}`],
    ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)],
    ['a chunk size without digits', chunked('\r\nhello\r\n0\r\n\r\n')],
    ['a negative chunk size', chunked('-5\r\nhello\r\n0\r\n\r\n')],
    ['a chunk size with 0x', chunked('0x5\r\nhello\r\n0\r\n\r\n')],
    ['a chunk size that overflows', chunked('ffffffffffffffff1\r\nhello\r\n0\r\n\r\n')],
    ['a chunk longer than its size', chunked('5\r\nhello!\r\n0\r\n\r\n')],
    ['a chunk size ended by LF', chunked('5\nhello\r\n0\r\n\r\n')],
    ['a chunk ended by LF', chunked('5\r\nhello\n0\r\n\r\n')],
    ['a bare LF in an extension', chunked('5;a\nb\r\nhello\r\n0\r\n\r\n')],
    ['an endless extension', chunked(`5;${'a'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`)],
    ['a trailer without colon', chunked('0\r\nnonsense\r\n\r\n')],
    ['a folded trailer', chunked('0\r\nX: 1\r\n folded\r\n\r\n')],
    ['trailers without end', chunked(`0\r\n${'X: y\r\n'.repeat(MAX_HEAD)}`)],
  ];
  it.each(refused)('%s', (_name, answer) => {
    expect(read(Buffer.from(answer, 'latin1'), []).outcome).toBe('malformed');
  });

  it('does not pass on trailers that would frame or authenticate a message', () => {
    const answer = chunked('0\r\nX-Sum: 1\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\n');
    expect(read(Buffer.from(answer, 'latin1'), []).trailers).toBe('X-Sum: 1\r\n');
  });

  it('removes what belongs to one hop and what Connection names', () => {
    const answer =
      'HTTP/1.1 200 OK\r\nA: 1\r\nKeep-Alive: timeout=5\r\nX-Hop: 2\r\nConnection: X-Hop\r\nB: 3\r\nContent-Length: 0\r\n\r\n';
    const { heads } = read(Buffer.from(answer, 'latin1'), []);
    expect(heads).toEqual(['200 OK|A: 1\r\nB: 3\r\nContent-Length: 0\r\n|true']);
  });
});

function chunked(body: string): string {
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
}
