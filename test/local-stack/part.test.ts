import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { BACKOFF, crashesInARow, pauseAfter } from '../../cli/local-stack/parts/backoff.ts';
import { Part, type PartEvent } from '../../cli/local-stack/parts/part.ts';
import { PartLog } from '../../cli/local-stack/parts/part-log.ts';
import { exists } from '../../cli/local-stack/process/identity.ts';
import { freePort } from '../../cli/local-stack/process/ports.ts';
import { eventually, temporaryFolder } from './temporary-folder.ts';

// Processes are started: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 90_000 });

const SERVER = `
  const { createServer } = require('node:http');
  createServer((request, response) => {
    if (request.url === '/exit') process.exit(3);
    response.end('ok');
  }).listen(process.env.PORT, '127.0.0.1', () => console.log('listening'));
`;

async function partOf(script: string, ready: string | undefined, policy = BACKOFF, readyLimitMs = 10_000) {
  const folder = temporaryFolder();
  const port = await freePort();
  const events: PartEvent[] = [];
  const url = `http://127.0.0.1:${port}`;
  const part = new Part(
    {
      name: 'shop',
      command: [process.execPath, '-e', script],
      cwd: folder,
      env: { PATH: process.env.PATH, PORT: String(port) },
      readyUrl: ready === undefined ? undefined : `${url}${ready}`,
      readyLimitMs,
      log: join(folder, 'shop.log'),
    },
    (event) => events.push(event),
    policy,
  );
  onTestFinished(() => part.stop(1000));
  return { part, events, url, count: (kind: string) => events.filter(({ event }) => event === kind).length };
}

it('is ready when it answers, and gone when it is stopped', async () => {
  const { part, url } = await partOf(SERVER, '/');
  await part.start();
  expect((await fetch(url)).status).toBe(200);
  const pid = await eventually(() => part.pid);
  expect(exists(pid)).toBe(true);
  await part.stop(5000);
  expect(exists(pid)).toBe(false);
});

it('is started again when it crashes, and that is told with its last output', async () => {
  const { part, events, url, count } = await partOf(SERVER, '/', { ...BACKOFF, firstMs: 10 });
  await part.start();
  await fetch(`${url}/exit`).catch(() => undefined);
  await eventually(() => count('ready') === 2);
  expect(events.find(({ event }) => event === 'crashed')).toMatchObject({
    how: 'with code 3',
    lastLines: ['listening'],
  });
  expect((await fetch(url)).status).toBe(200);
});

it('comes back after kill -9 too, whether of itself or of its keeper', async () => {
  const { part, count, events } = await partOf(SERVER, '/', { ...BACKOFF, firstMs: 10 });
  await part.start();
  const first = await eventually(() => part.pid);
  process.kill(first, 'SIGKILL');
  await eventually(() => count('ready') === 2);
  expect(events.find(({ event }) => event === 'crashed')).toMatchObject({ how: 'by signal 9' });
  const second = await eventually(() => part.pid);
  expect(second).not.toBe(first);
  // The keeper leads the process group.
  const keeper = Number(execFileSync('ps', ['-o', 'pgid=', '-p', String(second)], { encoding: 'utf8' }));
  process.kill(keeper, 'SIGKILL');
  await eventually(() => count('ready') === 3);
  expect(exists(second)).toBe(false);
});

it('fails with its last lines when it ends before it is ready', async () => {
  const { part } = await partOf(`console.error('no such table: products'); process.exit(1)`, '/');
  await expect(part.start()).rejects.toMatchObject({
    code: 'DEV_PART_FAILED',
    message: expect.stringMatching(
      /shop did not start: it ended with code 1.*\n {4}no such table: products/s,
    ),
    remedy: expect.stringContaining('shop.log'),
  });
});

it('fails when it is never ready, and does not stay behind', async () => {
  const { part, events } = await partOf('setInterval(() => {}, 1000)', '/', BACKOFF, 150);
  await expect(part.start()).rejects.toMatchObject({
    message: expect.stringContaining('was not ready after'),
  });
  const started = events.find((event) => event.event === 'started');
  if (started?.event === 'started') expect(exists(started.pid)).toBe(false);
});

it('fails when its program does not exist', async () => {
  const folder = temporaryFolder();
  const part = new Part(
    {
      name: 'shop',
      command: ['no-such-program'],
      cwd: folder,
      env: { PATH: process.env.PATH },
      readyUrl: 'http://127.0.0.1:9/',
      readyLimitMs: 5000,
      log: join(folder, 'shop.log'),
    },
    () => undefined,
  );
  await expect(part.start()).rejects.toMatchObject({ message: expect.stringContaining('not found') });
});

it('is killed when it ignores being asked to end, with its own children', async () => {
  const stubborn = `
    process.on('SIGTERM', () => {});
    const child = require('node:child_process').spawn('sleep', ['60']);
    console.log('child ' + child.pid);
    setInterval(() => {}, 1000);
  `;
  const { part, events } = await partOf(stubborn, undefined);
  await part.start();
  const child = await eventually(() => {
    const line = events.find((event) => event.event === 'output' && event.line.startsWith('child'));
    return line?.event === 'output' ? Number(line.line.split(' ')[1]) : undefined;
  });
  const pid = await eventually(() => part.pid);
  await part.stop(100);
  expect(exists(pid)).toBe(false);
  await eventually(() => !exists(child));
});

it('does not outlive the process that started it, even if that is killed', async () => {
  const folder = temporaryFolder();
  const owner = join(folder, 'owner.ts');
  const keeper = join(import.meta.dirname, '../../cli/local-stack/process/keeper.ts');
  writeFileSync(
    owner,
    `import { keep } from ${JSON.stringify(keeper)};
     const kept = keep({ command: 'sleep', args: ['60'], cwd: '/', env: process.env });
     console.log(await kept.program);
     setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, [owner], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await new Promise<Buffer>((done) => child.stdout.once('data', done)))
    .toString()
    .split('\n');
  const pid = Number(line);
  expect(exists(pid)).toBe(true);
  child.kill('SIGKILL');
  await eventually(() => !exists(pid));
});

it('pauses longer after each crash in a row, up to a limit, and begins anew after a healthy time', () => {
  const policy = { firstMs: 100, maxMs: 1000, healthyAfterMs: 5000 };
  expect([1, 2, 3, 4, 5, 100].map((crashes) => pauseAfter(crashes, policy))).toEqual([
    100, 200, 400, 800, 1000, 1000,
  ]);
  expect(crashesInARow(3, 100, policy)).toBe(4);
  expect(crashesInARow(3, 5000, policy)).toBe(1);
});

it('keeps a bounded log and the last lines, whatever is printed', () => {
  const lines: string[] = [];
  const log = new PartLog(join(temporaryFolder(), 'logs', 'x.log'), (line) => lines.push(line));
  log.write('a\nb');
  log.write('c\r\n');
  log.write('x'.repeat(100_000));
  log.write('\nend\n');
  expect(lines.slice(0, 2)).toEqual(['a', 'bc']);
  expect(lines[2]).toHaveLength(4096);
  expect(log.lastLines(1)).toEqual(['end']);
  for (let i = 0; i < 500; i++) log.write(`${i}\n`);
  expect(log.lastLines(1000).length).toBeLessThanOrEqual(41);
  log.close();
  log.write('after the end\n');
});
