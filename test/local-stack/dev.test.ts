import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { StackEvent } from '../../cli/local-stack/dev/events.ts';
import { runningStack } from '../../cli/local-stack/dev/stack-file.ts';
import { stateFolderAt } from '../../cli/local-stack/folder/state-folder.ts';
import { exists } from '../../cli/local-stack/process/identity.ts';
import { freePort } from '../../cli/local-stack/process/ports.ts';
import { projectWith, REVIEWS, startCommand, stranglerHere } from '../cli/run-command.ts';
import { eventually } from './temporary-folder.ts';

// Processes are started: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 90_000 });

/** A part that answers with what it was told by its environment. */
const PART = `
  const { createServer } = require('node:http');
  const { NAME, PORT, HOST, DATABASE_URL, CLOUD_MAP_ENDPOINT, CLOUD_MAP_NAMESPACE, AWS_ACCESS_KEY_ID } = process.env;
  createServer((request, response) => {
    if (request.url === '/crash') { console.error('out of memory'); process.exit(7); }
    response.end(JSON.stringify({ NAME, database: new URL(DATABASE_URL).pathname, CLOUD_MAP_ENDPOINT, CLOUD_MAP_NAMESPACE, AWS_ACCESS_KEY_ID }));
  }).listen(PORT, HOST);
`;

const yaml = (extra = '') => `version: 1
monolith: { url: 'http://127.0.0.1:0' }
cloudMap: { endpoint: local, namespace: shop }
edge: { listen: '127.0.0.1:0', admin: '127.0.0.1:0' }
dev:
  processes:
    monolith: { command: [node, part.cjs], ready: /, env: { NAME: monolith } }
    reviews: { command: [node, part.cjs], ready: /, capability: reviews, env: { NAME: 'reviews on $\${PORT}' } }
${extra}`;

function newProject(strangler = yaml()): string {
  const { folder, remove } = projectWith(
    { 'strangler.yaml': strangler, 'part.cjs': PART, 'migration-plans/reviews.yaml': REVIEWS },
    true,
  );
  onTestFinished(async () => {
    // Whatever a failed test left behind ends with its owner; only then the folder can go.
    await eventually(() => processesOf(folder).length === 0);
    remove();
  });
  return folder;
}

/** Every process that was started for the project. */
function processesOf(folder: string): string[] {
  return execFileSync('ps', ['-eo', 'stat=,pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder) && !line.startsWith('Z'));
}

async function startDev(folder: string, ...argv: string[]) {
  const child = startCommand(['dev', '--json', ...argv], { cwd: folder });
  onTestFinished(() => void child.kill('SIGKILL'));
  const events: StackEvent[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => events.push(JSON.parse(line) as StackEvent));
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const find = <K extends StackEvent['event']>(kind: K) =>
    events.find((event): event is Extract<StackEvent, { event: K }> => event.event === kind);
  return { child, events, ended, find, ready: () => eventually(() => find('ready')) };
}

const get = async (url: string) => (await fetch(url)).json() as Promise<Record<string, string>>;

it('starts everything, serves through the edge, and stops in order on Ctrl-C', {
  timeout: 60_000,
}, async () => {
  const folder = newProject();
  const dev = await startDev(folder);
  const { urls, pids } = await dev.ready();
  expect(await get(urls.edge!)).toMatchObject({
    NAME: 'monolith',
    database: '/shop',
    CLOUD_MAP_ENDPOINT: urls['cloud-map'],
    CLOUD_MAP_NAMESPACE: 'shop',
    AWS_ACCESS_KEY_ID: 'local',
  });
  expect((await get(urls.reviews!)).NAME).toBe(`reviews on ${new URL(urls.reviews!).port}`);
  expect(
    dev.events.filter(({ event }) => event === 'started').map((event) => 'name' in event && event.name),
  ).toEqual(['postgres', 'state store', 'cloud map', 'monolith', expect.any(String), expect.any(String)]);
  expect(runningStack(stateFolderAt(join(folder, '.strangler')))?.urls).toEqual(urls);

  // Plans were applied, and other commands find the stack.
  const status = (await stranglerHere(['status', '--json'], { cwd: folder })).json<{
    revision: number;
    edges: { revision: number }[];
  }>();
  expect([status.revision, status.edges.map(({ revision }) => revision)]).toEqual([1, [1]]);
  expect((await stranglerHere(['shadow', 'reviews'], { cwd: folder })).stdout).toContain(
    'the edge serves it',
  );

  const second = await stranglerHere(['dev'], { cwd: folder });
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`process ${dev.child.pid}`);
  expect(second.stderr).toContain(urls.edge!);

  // A part that crashes comes back, and that is told.
  await fetch(`${urls.monolith}/crash`).catch(() => undefined);
  await eventually(() => dev.find('restarted'));
  expect(dev.find('crashed')).toMatchObject({
    name: 'monolith',
    how: 'with code 7',
    lastLines: ['out of memory'],
  });
  expect((await get(urls.edge!)).NAME).toBe('monolith');

  // npm passes on what the terminal has sent already: that is one Ctrl-C, not two.
  dev.child.kill('SIGINT');
  dev.child.kill('SIGINT');
  expect(await dev.ended).toBe(0);
  expect(
    dev.events.filter(({ event }) => event === 'stopping').map((event) => 'name' in event && event.name),
  ).toEqual(['edge', 'reviews', 'monolith', 'cloud map', 'state store', 'postgres']);
  expect(Object.values(pids).filter(exists)).toEqual([]);
  expect(processesOf(folder)).toEqual([]);
});

it('leaves no process behind after kill -9, and starts again on the same ports', {
  timeout: 60_000,
}, async () => {
  const folder = newProject();
  const first = await startDev(folder);
  const before = await first.ready();
  first.child.kill('SIGKILL');
  await first.ended;
  const again = await startDev(folder);
  const after = await again.ready();
  // While nobody held them, a test beside this one may have been given one of the ports: another one is taken then.
  expect(Object.keys(after.urls)).toEqual(Object.keys(before.urls));
  const moved = Object.keys(after.urls).filter((name) => after.urls[name] !== before.urls[name]);
  expect(moved.length).toBeLessThanOrEqual(1);
  expect(Object.values(before.pids).filter(exists)).toEqual([]);
  again.child.kill('SIGTERM');
  expect(await again.ended).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});

it('ends with the last output of a part that does not start, and leaves nothing behind', async () => {
  const folder = newProject(
    yaml().replace('[node, part.cjs], ready: /, env', '[node, missing.cjs], ready: /, env'),
  );
  const { code, stderr, stdout } = await stranglerHere(['dev'], { cwd: folder });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/DEV_PART_FAILED monolith did not start: it ended with code 1/);
  expect(stderr).toContain('missing.cjs');
  expect(stderr).toContain(join(folder, '.strangler/logs/monolith.log'));
  expect(processesOf(folder)).toEqual([]);
});

it('says which setting asked for a port that is taken, before anything is started', async () => {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const folder = newProject(yaml().replace("listen: '127.0.0.1:0'", `listen: '127.0.0.1:${port}'`));
  const { code, stderr } = await stranglerHere(['dev'], { cwd: folder });
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`PORT_TAKEN port ${port} on 127.0.0.1 is taken`));
  expect(stderr).toContain('edge.listen in ');
  const flag = await stranglerHere(['dev', '--admin', `127.0.0.1:${port}`], { cwd: newProject() });
  expect(flag.stderr).toContain('by --admin');
});
