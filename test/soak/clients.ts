import { createHash } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type ExchangeAnswer, exchange } from '../support/http-exchange.ts';
import type { Book } from './book.ts';

/** Whom the clients of a soak talk to, and what they obey. */
export interface Doors {
  host: string;
  port: number;
  book: Book;
  open(): boolean;
  /** Resolves when writes may begin: a write that is cut half-way may or may not have happened, and nobody could tell. */
  mayWrite(): Promise<void>;
  writes: { underWay: number };
  /** How late the soak's own process is at times, by which nobody else may be judged. Milliseconds. */
  ownDelayMs(): number;
}

/** Milliseconds that a client of each kind thinks between two requests, and how many there are of it. */
const CLIENTS = {
  read: { count: 12, thinkMs: 60, act: read },
  write: { count: 4, thinkMs: 120, act: write },
  page: { count: 2, thinkMs: 200, act: page },
  upload: { count: 1, thinkMs: 700, act: upload },
  download: { count: 1, thinkMs: 700, act: download },
  events: { count: 3, thinkMs: 300, act: events },
  socket: { count: 3, thinkMs: 300, act: socket },
  abort: { count: 2, thinkMs: 400, act: abort },
} as const;

const UPLOAD = Buffer.alloc(2_000_000, 'u');
const UPLOAD_DIGEST = createHash('sha256').update(UPLOAD).digest('hex');
const DOWNLOAD_BYTES = 3_000_000;
const EVENTS = 10;
const MESSAGES = 10;
/** Later than this after it was sent, and than the soak's own delay some times over, an event was held up somewhere. Milliseconds. */
const EVENT_LATE_MS = 2_000;
const OWN_DELAYS = 5;
const TIMEOUT_MS = 20_000;
/** A client comes back on a new connection after so many requests. */
const PER_CONNECTION = 200;

class Client {
  readonly doors: Doors;
  readonly kind: string;
  readonly number: number;
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
  sent = 0;

  constructor(doors: Doors, kind: string, number: number) {
    this.doors = doors;
    this.kind = kind;
    this.number = number;
  }

  /** Draws from 0 up to 1. */
  random(): number {
    return Math.random();
  }

  send(method: string, path: string, body?: Buffer): Promise<ExchangeAnswer> {
    const { host, port } = this.doors;
    this.sent += 1;
    if (this.sent % PER_CONNECTION === 0) {
      this.agent.destroy();
      this.agent = new Agent({ keepAlive: true, maxSockets: 1 });
    }
    const headers: Record<string, string | number> = { cookie: `session=${this.kind}${this.number}` };
    if (body !== undefined) headers['content-length'] = body.length;
    return exchange({ host, port, method, path, headers, body, agent: this.agent, timeoutMs: TIMEOUT_MS });
  }

  /** Records what an act came to. It answers what was wrong; what it throws is wrong too. */
  async judged(kind: string, act: () => Promise<string | undefined>): Promise<void> {
    const startedAt = performance.now();
    let problem: string | undefined;
    try {
      problem = await act();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    this.doors.book.record(kind, performance.now() - startedAt, problem);
  }
}

/** Lets everybody in; resolves when the doors have closed and all have left. */
export async function crowd(doors: Doors): Promise<void> {
  const visits = Object.entries(CLIENTS).flatMap(([kind, { count, thinkMs, act }]) =>
    Array.from({ length: count }, async (_, number) => {
      const client = new Client(doors, kind, number);
      while (doors.open()) {
        await act(client);
        await sleep(thinkMs * (0.5 + client.random()));
      }
      client.agent.destroy();
    }),
  );
  await Promise.all(visits);
}

async function read(client: Client): Promise<void> {
  const id = Math.floor(client.random() * 5_000);
  await client.judged('GET, claimed', async () => {
    const answer = await client.send('GET', `/items/${id}`);
    count(client, answer);
    return expected(answer, 200, `{"id":${id},`);
  });
}

async function write(client: Client): Promise<void> {
  const { doors } = client;
  await doors.mayWrite();
  const id = `${client.number}-${client.sent}-${Date.now().toString(36)}`;
  doors.writes.underWay += 1;
  await client.judged('POST, claimed', async () => {
    const answer = await client.send('POST', '/orders', Buffer.from(JSON.stringify({ id })));
    count(client, answer);
    if (answer.status === 201) doors.book.accepted.add(id);
    return expected(answer, 201, id);
  });
  doors.writes.underWay -= 1;
  if (!doors.book.accepted.has(id)) return;
  await client.judged('GET of what was written', async () => {
    const answer = await client.send('GET', `/orders/${id}`);
    count(client, answer);
    return expected(answer, 200, '"found":1');
  });
}

async function page(client: Client): Promise<void> {
  await client.judged('GET, unclaimed 100 KB', async () => {
    const answer = await client.send('GET', `/pages/${Math.floor(client.random() * 50)}`);
    if (answer.body.length !== 100_000) return `${answer.body.length} bytes with status ${answer.status}`;
    return expected(answer, 200, '<p>');
  });
}

async function upload(client: Client): Promise<void> {
  await client.judged('POST 2 MB', async () =>
    expected(await client.send('POST', '/upload', UPLOAD), 200, UPLOAD_DIGEST),
  );
}

async function download(client: Client): Promise<void> {
  await client.judged('GET 3 MB', async () => {
    const { status, body } = await client.send('GET', `/download/${DOWNLOAD_BYTES}`);
    return status === 200 && body.length === DOWNLOAD_BYTES
      ? undefined
      : `${body.length} bytes with status ${status}`;
  });
}

/** Server-sent events must come one by one, while the stream is still open. */
async function events(client: Client): Promise<void> {
  await client.judged('server-sent events', async () => {
    const { host, port } = client.doors;
    let text = '';
    let late = 0;
    await new Promise<void>((resolve, reject) => {
      const request = httpRequest({ host, port, path: '/events', agent: client.agent }, (response) => {
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          for (const [, sentAt] of part.matchAll(/^data: (\d+)$/gm)) {
            const limit = EVENT_LATE_MS + OWN_DELAYS * client.doors.ownDelayMs();
            if (Date.now() - Number(sentAt) > limit) late += 1;
          }
        });
        response.once('end', resolve);
        response.once('error', reject);
      });
      request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error('no event came')));
      request.once('error', reject);
      request.end();
    });
    const count = text.match(/^id: /gm)?.length ?? 0;
    if (count !== EVENTS) return `${count} of ${EVENTS} events`;
    return late === 0 ? undefined : `${late} events were held up`;
  });
}

async function socket(client: Client): Promise<void> {
  await client.judged('WebSocket', async () => {
    const { host, port } = client.doors;
    const socket = new WebSocket(`ws://${host}:${port}/socket`, { handshakeTimeout: TIMEOUT_MS });
    const code = await new Promise<number | string>((resolve) => {
      let echoed = 0;
      const next = (): void => socket.send(`message ${echoed}`);
      socket.on('open', next);
      socket.on('message', (data) => {
        if (String(data) !== `message ${echoed}`) return resolve(`echo of ${echoed}: ${String(data)}`);
        echoed += 1;
        if (echoed < MESSAGES) next();
        else socket.close(1000);
      });
      socket.on('error', (error) => resolve(error.message));
      socket.on('close', resolve);
    });
    socket.terminate();
    return code === 1000 ? undefined : `closed with ${code}`;
  });
}

/** Goes away in the middle: of waiting for an answer, of an upload, of a download. */
async function abort(client: Client): Promise<void> {
  const { host, port, book } = client.doors;
  const draw = client.random();
  const [method, path] =
    draw < 0.4 ? ['GET', '/slow'] : draw < 0.7 ? ['POST', '/upload'] : ['GET', '/download/20000000'];
  const request = httpRequest({
    ...{ host, port, method, path, agent: client.agent },
    ...(method === 'POST' ? { headers: { 'content-length': UPLOAD.length } } : {}),
  });
  request.on('error', () => {});
  request.on('response', (response) => response.on('error', () => {}).resume());
  if (method === 'POST') request.write(UPLOAD.subarray(0, 100_000));
  else request.end();
  await sleep(client.random() * 150);
  request.destroy();
  book.aborted += 1;
}

function count(client: Client, { headers }: ExchangeAnswer): void {
  const target = String(headers['x-strangler-target']);
  const { answered } = client.doors.book;
  answered[target] = (answered[target] ?? 0) + 1;
}

function expected(
  { status, body, headers }: ExchangeAnswer,
  wanted: number,
  text: string,
): string | undefined {
  if (status !== wanted) {
    const by = headers['x-strangler-error'] ?? headers['x-strangler-target'] ?? 'nobody';
    return `status ${status} instead of ${wanted} (${by})`;
  }
  return body.includes(text) ? undefined : `“${text}” is missing: ${body.toString('utf8', 0, 200)}`;
}
