import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { exists } from '../../cli/local-stack/process/identity.ts';
import { eventually } from '../local-stack/temporary-folder.ts';
import { projectWith, REVIEWS, startCommand, stranglerHere } from './run-command.ts';

// Processes are started: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 90_000 });

let origin: Server;
const slowOnes: (() => void)[] = [];
beforeAll(async () => {
  origin = createServer((request, response) => {
    response.setHeader('x-origin', 'yes');
    if (request.url === '/slow') slowOnes.push(() => response.end('slow'));
    else response.end(`you asked for ${request.url}`);
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
});
afterAll(() => void origin.close());

const monolith = () => `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;

async function initialised(): Promise<string> {
  const { folder } = projectWith({});
  await stranglerHere(['init', '--monolith', monolith()], { cwd: folder });
  return folder;
}

interface Ready {
  url: string;
  admin: string;
  pid: number;
}

async function startEdge(folder: string, ...argv: string[]) {
  const child = startCommand(
    ['edge', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--json', ...argv],
    {
      cwd: folder,
    },
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  let ready: Ready | undefined;
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk));
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const event = JSON.parse(line) as { event?: string } & Ready;
    if (event.event === 'ready') ready = event;
  });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const found = await eventually(() => {
    if (child.exitCode !== null) throw new Error(said);
    return ready;
  });
  return { child, ended, ...found };
}

it('stands before any HTTP server with no plan, no database and no other setup', async () => {
  const folder = await initialised();
  const edge = await startEdge(folder);
  const answer = await fetch(`${edge.url}/a//b?c=%2F`);
  expect([answer.status, answer.headers.get('x-origin'), await answer.text()]).toEqual([
    200,
    'yes',
    'you asked for /a//b?c=%2F',
  ]);
  for (const path of ['livez', 'readyz', 'metrics'])
    expect((await fetch(`${edge.admin}/${path}`)).status).toBe(200);
  expect(existsSync(join(folder, '.strangler/postgres'))).toBe(false);

  // A request that is under way when it is told to stop is finished.
  const slow = fetch(`${edge.url}/slow`).then((each) => each.text());
  const finish = await eventually(() => slowOnes[0]);
  edge.child.kill('SIGTERM');
  await eventually(async () => (await fetch(`${edge.admin}/readyz`)).status === 503);
  finish();
  expect(await slow).toBe('slow');
  expect(await edge.ended).toBe(0);
});

it.each([
  ['alone', []],
  ['with several workers', ['--workers', '2']],
])(
  'ends at once when it is told to stop again, although a request is still under way: %s',
  async (_, argv) => {
    const folder = await initialised();
    const edge = await startEdge(folder, '--drain', '10m', ...argv);
    slowOnes.length = 0;
    const slow = fetch(`${edge.url}/slow`).then(
      () => 'answered',
      () => 'cut',
    );
    await eventually(() => slowOnes[0]);
    edge.child.kill('SIGTERM');
    await eventually(async () => (await fetch(`${edge.admin}/readyz`)).status === 503);
    expect(edge.child.exitCode).toBeNull();
    // Two signals in quick succession are one: Ctrl-C under npx arrives twice.
    const told = setInterval(() => edge.child.kill('SIGTERM'), 100);
    onTestFinished(() => clearInterval(told));
    expect(await edge.ended).toBe(130);
    expect(await slow).toBe('cut');
    expect(exists(edge.pid)).toBe(false);
  },
);

it('notices the first plan that is applied while it runs, with several workers too', async () => {
  const folder = await initialised();
  const edge = await startEdge(folder, '--workers', '2');
  expect(await (await fetch(edge.url)).text()).toBe('you asked for /');
  writeFileSync(join(folder, 'migration-plans/reviews.yaml'), REVIEWS);
  const edges = () =>
    stranglerHere(['status', '--json'], { cwd: folder }).then(
      (ran) => ran.json<{ edges: { revision: number | null }[] }>().edges,
    );
  await eventually(async () => (await edges()).length === 2);
  const { code, stdout } = await stranglerHere(['apply'], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout).toContain('revision 1: all 2 edges serve it');
  edge.child.kill('SIGINT');
  expect(await edge.ended).toBe(0);
  expect(exists(edge.pid)).toBe(false);
});

it('names the option when its port is taken', async () => {
  const folder = await initialised();
  const { port } = origin.address() as AddressInfo;
  const { code, stderr } = await stranglerHere(
    ['edge', '--listen', `127.0.0.1:${port}`, '--admin', '127.0.0.1:0'],
    { cwd: folder },
  );
  expect(code).not.toBe(0);
  expect(stderr).toContain('--listen HOST:PORT');
});

it('needs to be told where the monolith is when only the local stack knows', async () => {
  const { folder } = projectWith({
    'strangler.yaml': 'version: 1\nmonolith: { url: "http://127.0.0.1:0" }\n',
  });
  const { code, stderr } = await stranglerHere(['edge'], { cwd: folder });
  expect([code, stderr.includes('--monolith URL')]).toEqual([2, true]);
});
