import { type ChildProcess, fork } from 'node:child_process';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { CLIENT_CASES } from '../client-cases.ts';
import { UPSTREAM_CASES, type UpstreamCase } from '../upstream-cases.ts';
import type { Held } from './edge-process.ts';
import { READINGS, readRequests } from './readers.ts';

export interface LeakOptions {
  exchanges: number;
  /** Hostile exchanges at a time. */
  concurrency?: number;
}

export interface LeakReport {
  exchanges: number;
  seconds: number;
  /** After a first part of them that warms everything up. */
  before: Held;
  after: Held;
  /** Of well-behaved clients meanwhile. */
  good: { requests: number; failed: number; p99Ms: number };
}

/** Part of the exchanges before the first measurement. */
const WARM_UP = 0.2;
const GOOD_CLIENTS = 2;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const LARGE = `HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`;

/** How a client behaves that sends something and then breaks off by a reset. Milliseconds. */
const QUITTERS: readonly { bytes: string; afterMs: number }[] = [
  { bytes: '', afterMs: 0 },
  { bytes: 'GET / HT', afterMs: 1 },
  { bytes: 'GET /ok HTTP/1.1\r\nHost: a\r\nX: ', afterMs: 1 },
  { bytes: 'GET /ok HTTP/1.1\r\nHost: a\r\n\r\n', afterMs: 0 },
  { bytes: 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n', afterMs: 3 },
  { bytes: 'GET /silence HTTP/1.1\r\nHost: a\r\n\r\n', afterMs: 3 },
  { bytes: 'POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhalf', afterMs: 2 },
  { bytes: 'POST /ok HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal', afterMs: 2 },
  { bytes: 'GET /ok HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', afterMs: 2 },
];

/** So many hostile exchanges through an edge of its own, from both sides, while well-behaved clients use it. */
export async function hostileExchanges({ exchanges, concurrency = 24 }: LeakOptions): Promise<LeakReport> {
  const origin = createServer((socket) => serve(socket));
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const child = fork(join(import.meta.dirname, 'edge-process.ts'), [address], {
    execArgv: ['--expose-gc'],
  });
  try {
    const { port } = await message<{ port: number }>(child);
    const startedAt = performance.now();
    const good = Array.from({ length: GOOD_CLIENTS }, () => new GoodClient(port));
    const warm = Math.floor(exchanges * WARM_UP);
    await inParallel(0, warm, concurrency, port);
    const before = await held(child);
    await inParallel(warm, exchanges, concurrency, port);
    const seconds = (performance.now() - startedAt) / 1000;
    const times = (await Promise.all(good.map((client) => client.stop()))).flat().sort((a, b) => a - b);
    const after = await held(child);
    return {
      exchanges,
      seconds,
      before,
      after,
      good: {
        requests: times.length,
        failed: good.reduce((sum, { failed }) => sum + failed, 0),
        p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
      },
    };
  } finally {
    child.kill('SIGKILL');
    await new Promise((resolve) => origin.close(resolve));
  }
}

/** Answers each whole request as its path asks. Reads bodies, so that none of them is taken for a request. */
function serve(socket: Socket): void {
  let pending = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    const { requests, rest } = readRequests(pending + chunk.toString('latin1'), READINGS[0]!);
    pending = rest;
    for (const { line } of requests) {
      const hostile = /^GET \/upstream\/(\d+)$/.exec(line)?.[1];
      if (hostile !== undefined) misbehave(socket, UPSTREAM_CASES[Number(hostile)]!);
      else if (line === 'GET /large') socket.write(LARGE);
      else if (line !== 'GET /silence') socket.write(OK);
    }
  });
}

function misbehave(socket: Socket, { bytes, afterwards }: UpstreamCase): void {
  socket.write(bytes, 'latin1');
  if (afterwards === 'closes') socket.end();
  else if (afterwards === 'resets') socket.resetAndDestroy();
}

async function inParallel(from: number, to: number, concurrency: number, port: number): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) {
      next += 1;
      await exchange(next, port);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}

/** The n-th of them: in turn a hostile request, a hostile answer, a client that breaks off. */
async function exchange(n: number, port: number): Promise<void> {
  const turn = Math.floor(n / 3);
  // Several addresses of this machine, so that ports are not used up by closed connections.
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (n % 200)}` });
  socket.on('error', () => {});
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const kind = n % 3;
  if (kind === 2) {
    const { bytes, afterMs } = QUITTERS[turn % QUITTERS.length]!;
    socket.write(bytes, 'latin1');
    setTimeout(() => socket.resetAndDestroy(), afterMs);
  } else if (kind === 1) {
    const index = turn % UPSTREAM_CASES.length;
    socket.end(`GET /upstream/${index} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, 'latin1');
  } else socket.write(CLIENT_CASES[turn % CLIENT_CASES.length]!.bytes, 'latin1');
  await closed;
}

/** Asks again and again on one connection, and is annoyed by anything but the right answer. */
class GoodClient {
  failed = 0;
  readonly #port: number;
  readonly #times: number[] = [];
  readonly #done: Promise<void>;
  #stopping = false;

  constructor(port: number) {
    this.#port = port;
    this.#done = this.#run();
  }

  async stop(): Promise<number[]> {
    this.#stopping = true;
    await this.#done;
    return this.#times;
  }

  async #run(): Promise<void> {
    let socket: Socket | undefined;
    while (!this.#stopping) {
      socket ??= connect(this.#port, '127.0.0.1');
      const startedAt = performance.now();
      if (await answered(socket)) this.#times.push(performance.now() - startedAt);
      else {
        this.failed += 1;
        socket.destroy();
        socket = undefined;
      }
    }
    socket?.destroy();
  }
}

function answered(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (good: boolean): void => {
      socket.off('data', read).off('close', lost).off('error', lost);
      resolve(good);
    };
    const lost = (): void => finish(false);
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (text.endsWith('\r\n\r\nok')) finish(text.startsWith('HTTP/1.1 200 '));
    };
    socket.on('data', read).on('close', lost).on('error', lost);
    socket.write('GET /ok HTTP/1.1\r\nHost: a\r\n\r\n');
  });
}

async function held(child: ChildProcess): Promise<Held> {
  // What is still closing does so now: asked until nothing is in flight, within bounds.
  for (let look = 0; ; look += 1) {
    const answer = message<Held>(child);
    child.send('measure');
    const seen = await answer;
    if ((seen.inFlight === 0 && seen.connections <= GOOD_CLIENTS) || look === 50) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the edge ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (value) => {
      child.off('exit', ended);
      resolve(value as T);
    });
  });
}
