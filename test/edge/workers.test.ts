import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { joinHealth } from '../../edge-proxy/workers/join.ts';
import { MAX_RESTART_DELAY_MS, restartDelay } from '../../edge-proxy/workers/restart-delay.ts';
import { startWorkers, type WorkerEvent, type WorkersOptions } from '../../edge-proxy/workers/supervisor.ts';
import { keeper } from './support/keep.ts';
import { origin } from './support/origin.ts';
import { rawClient } from './support/raw.ts';
import { TOKEN, until } from './support/run.ts';

const kept = keeper();
const entry = new URL('./support/worker-entry.ts', import.meta.url);

async function start(over: Partial<WorkersOptions> = {}, args: object = {}) {
  const monolith = await kept(origin('monolith'));
  const service = await kept(origin('service'));
  const events: WorkerEvent[] = [];
  const workers = await kept(
    startWorkers({
      count: 2,
      listen: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0, token: TOKEN },
      entry,
      args: { monolith: monolith.url, service: service.url, ...args },
      onEvent: (event) => events.push(event),
      ...over,
    }),
  );
  return { workers, events, monolith, service };
}

const running = (pid: number | undefined) => {
  try {
    process.kill(pid!, 0);
    return true;
  } catch {
    return false;
  }
};
const fresh = { connection: 'close' };

describe('workers on one port', () => {
  it('serve, agree, are seen as one, come back after a crash, and leave nothing behind', async () => {
    const { workers, events } = await start();
    const admin = (path: string, init: RequestInit = {}) =>
      fetch(workers.adminUrl + path, { ...init, headers: { authorization: `Bearer ${TOKEN}` } });
    const targets = async () => {
      const seen = new Set<string | null>();
      // Each connection may land on another worker.
      for (let i = 0; i < 24; i += 1) {
        const answer = await fetch(`${workers.url}/reviews/${i}`, { headers: fresh });
        seen.add(answer.headers.get('x-strangler-target'));
      }
      return [...seen];
    };
    expect(await targets()).toEqual(['service']);
    expect((await admin('/readyz')).status).toBe(200);
    const status = (await (await admin('/status')).json()) as {
      workers: { id: string; revision: { number: number } }[];
    };
    expect(status.workers.map(({ id, revision }) => [id, revision.number])).toEqual([
      ['machine/1', 7],
      ['machine/2', 7],
    ]);
    const metrics = await (await admin('/metrics')).text();
    const counted = metrics.match(
      /^http_server_request_duration_seconds_count\{.*route="GET \/reviews\/:id".*\} (\d+)$/m,
    );
    expect(counted?.[1]).toBe('24');
    expect(metrics).toMatch(/^strangler_revision 7$/m);
    expect(metrics).toMatch(/^strangler_workers_answering 2$/m);

    expect((await admin('/kill/reviews', { method: 'POST' })).status).toBe(200);
    expect(await targets()).toEqual(['monolith']);

    const [first] = workers.pids();
    process.kill(first!, 'SIGKILL');
    await until(() => events.some(({ kind }) => kind === 'ended'), 'the crash is noticed');
    expect((await fetch(`${workers.url}/reviews/1`, { headers: fresh })).status).toBe(200);
    await until(
      () => workers.pids()[0] !== undefined && workers.pids()[0] !== first,
      'another process takes its place',
    );
    await until(
      async () => (await (await admin('/metrics')).text()).includes('strangler_workers_answering 2'),
      'it answers',
    );
    expect(await targets()).toEqual(['monolith']);
    expect(await (await admin('/metrics')).text()).toMatch(/^strangler_worker_restarts_total 1$/m);

    const pids = workers.pids();
    await workers.drain(3_000);
    expect(pids.map(running)).toEqual([false, false]);
    await expect(fetch(workers.url, { headers: fresh })).rejects.toThrow();
    await expect(fetch(workers.adminUrl)).rejects.toThrow();
  });

  it('finish what is under way when they are drained', async () => {
    const waiting: { end(text: string): void }[] = [];
    const monolith = await kept(origin('monolith', (_request, response) => waiting.push(response) > 0));
    const { workers } = await start({}, { monolith: monolith.url });
    const client = await kept(rawClient(workers.url));
    client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => waiting.length === 1, 'the request arrives');
    const drained = workers.drain(5_000);
    const refused = () =>
      fetch(workers.url, { headers: fresh, signal: AbortSignal.timeout(1_000) }).then(
        () => false,
        () => true,
      );
    await until(refused, 'new connections are refused');
    waiting[0]!.end('late but whole');
    expect(await client.ended()).toContain('late but whole');
    await drained;
  });
});

describe('workers that cannot start', () => {
  it('report what the first of them found, and leave nothing running', async () => {
    await expect(start({}, { fail: 'http://127.0.0.1:1/path' })).rejects.toMatchObject({
      code: 'EDGE_MONOLITH_URL',
      exitCode: 2,
    });
  });

  it('are not started on a port that somebody else uses, who may share it or not', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) =>
      taken.listen({ port: 0, host: '127.0.0.1', reusePort: process.platform === 'linux' }, resolve),
    );
    await kept({ close: () => new Promise((resolve) => taken.close(resolve)) });
    const { port } = taken.address() as { port: number };
    await expect(start({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({
      code: 'EDGE_LISTEN',
    });
  });

  it('are refused in impossible numbers', async () => {
    for (const count of [0, -1, 1.5, 257, Number.NaN]) {
      await expect(start({ count })).rejects.toMatchObject({ code: 'EDGE_WORKERS' });
    }
  });
});

describe('the pause before a worker is started again', () => {
  it('doubles and is bounded', () => {
    expect([1, 2, 3, 4].map(restartDelay)).toEqual([100, 200, 400, 800]);
    expect(restartDelay(1_000)).toBe(MAX_RESTART_DELAY_MS);
  });
});

describe('the health of several workers', () => {
  const ok = { ok: true, stage: 'ready', reasons: [] } as const;
  const bad = { ok: false, stage: 'starting', reasons: ['the edge is starting'] } as const;
  it('is good while somebody serves, and names what is missing', () => {
    const health = (workers: Parameters<typeof joinHealth>[1]) => joinHealth('ready', workers);
    expect(health([{ ...ok, reasons: [] }, undefined])).toEqual({
      ok: true,
      stage: 'ready',
      reasons: ['1 of 2 workers are not ready'],
    });
    expect(health([{ ...bad, reasons: [...bad.reasons] }, undefined]).ok).toBe(false);
    expect(joinHealth('draining', [{ ...ok, reasons: [] }]).ok).toBe(false);
  });
});

describe('a supervisor that is killed', () => {
  it('leaves no worker behind, and its workers finish what is under way', async () => {
    const waiting: { end(text: string): void }[] = [];
    const monolith = await kept(origin('monolith', (_request, response) => waiting.push(response) > 0));
    const supervisor = new URL('../../edge-proxy/workers/supervisor.ts', import.meta.url).href;
    const options = {
      count: 1,
      listen: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0 },
      args: { monolith: monolith.url, service: monolith.url },
    };
    const script = `
      import { startWorkers } from ${JSON.stringify(supervisor)};
      const entry = new URL(${JSON.stringify(entry.href)});
      const workers = await startWorkers({ ...${JSON.stringify(options)}, entry });
      console.log(JSON.stringify({ pid: workers.pids()[0], url: workers.url }));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { pid, url } = await new Promise<{ pid: number; url: string }>((resolve) =>
      child.stdout.once('data', (data) => resolve(JSON.parse(String(data)))),
    );
    const client = await kept(rawClient(url));
    client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => waiting.length === 1, 'the request arrives');
    child.kill('SIGKILL');
    const refused = () =>
      fetch(url, { headers: fresh, signal: AbortSignal.timeout(1_000) }).then(
        () => false,
        () => true,
      );
    await until(refused, 'the worker notices');
    waiting[0]!.end('late but whole');
    expect(await client.ended()).toContain('late but whole');
    await until(() => !running(pid), 'the worker ends by itself');
  });
});
