import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Answer, Defect, Json } from './defects.ts';

/** A copy of the service with one defect: the real one behind something that changes its answers. */
export interface BrokenCopy {
  port: number;
  /** Answers that the defect has changed: none means that it was not planted at all. */
  changed(): number;
  stop(): Promise<void>;
}

export async function startBrokenCopy(service: string, plant: Defect): Promise<BrokenCopy> {
  const change = plant();
  let changed = 0;
  const { hostname, port } = new URL(service);
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, rawHeaders: headers } = incoming;
    const inner = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      pass(answer, incoming.url ?? '', change, outgoing).then(
        (touched) => {
          if (touched) changed += 1;
        },
        () => outgoing.destroy(),
      );
    });
    inner.on('error', () => outgoing.destroy());
    incoming.pipe(inner);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    changed: () => changed,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function pass(
  incoming: IncomingMessage,
  url: string,
  change: (answer: Answer) => void,
  outgoing: ServerResponse,
): Promise<boolean> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const zipped = incoming.headers['content-encoding'] === 'gzip' && bytes.length > 0;
  const text = (zipped ? gunzipSync(bytes) : bytes).toString();
  const type = incoming.headers['content-type'] ?? '';
  const answer: Answer = {
    url,
    status: incoming.statusCode ?? 0,
    rawHeaders: [...incoming.rawHeaders],
    json: type.startsWith('application/json') && text !== '' ? (JSON.parse(text) as Json) : undefined,
    html: type.startsWith('text/html') ? text : undefined,
  };
  const before = [answer.status, ...answer.rawHeaders].join('\n');
  change(answer);
  const changed = answer.json === undefined ? (answer.html ?? text) : JSON.stringify(answer.json);
  // What the defect does not touch is passed on byte for byte.
  const body = changed === text ? bytes : zipped ? gzipSync(changed) : Buffer.from(changed);
  outgoing.sendDate = false;
  outgoing.writeHead(answer.status, incoming.statusMessage, withLength(answer.rawHeaders, body.length));
  outgoing.end(body);
  const rewritten =
    answer.json === undefined ? changed !== text : changed !== JSON.stringify(JSON.parse(text));
  return rewritten || before !== [answer.status, ...answer.rawHeaders].join('\n');
}

function withLength(rawHeaders: readonly string[], length: number): string[] {
  const headers: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (/^(connection|keep-alive|transfer-encoding)$/i.test(name)) continue;
    headers.push(name, /^content-length$/i.test(name) ? String(length) : rawHeaders[i + 1]!);
  }
  return headers;
}
