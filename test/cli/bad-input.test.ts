import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, vi } from 'vitest';
import { PROJECT, projectWith, REVIEWS, strangler, stranglerHere } from './run-command.ts';

// Processes are started: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 90_000 });

const empty = (): string => projectWith({}).folder;

it('says in one line which Node is needed when this one is too old', async () => {
  const bin = pathToFileURL(join(import.meta.dirname, '../../cli/bin/strangler.js')).href;
  const old = `Object.defineProperty(process.versions, 'node', { value: '20.20.2' }); await import(${JSON.stringify(bin)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', old, 'x', 'status']);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk));
  const code = await new Promise((done) => child.once('close', done));
  expect(code).toBe(2);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/needs Node 22\.18 or newer, this is 20\.20\.2/);
});

it('keeps standard output clean and the exit code meaningful, as a process', async () => {
  const { code, stdout, stderr } = await strangler(['stauts'], { cwd: empty() });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toBe("error CLI_UNKNOWN_COMMAND unknown command 'stauts'\n  → did you mean status?\n");
  const json = await strangler(['status', '--json'], { cwd: empty() });
  expect(json.code).toBe(2);
  expect(json.json()).toMatchObject({ error: { code: 'PROJECT_NOT_FOUND' } });
});

it('finds the project from any folder below it, and names what it used', async () => {
  const { folder } = projectWith({ 'strangler.yaml': PROJECT, 'migration-plans/reviews.yaml': REVIEWS });
  const below = join(folder, 'a/b');
  mkdirSync(below, { recursive: true });
  const found = await stranglerHere(['plan', 'show', '--verbose'], { cwd: below });
  expect(found.code).toBe(0);
  expect(found.stderr).toContain(`configuration: ${join(folder, 'strangler.yaml')} (nearest`);
  const named = await stranglerHere(['plan', 'show', '--verbose'], {
    cwd: empty(),
    env: { STRANGLER_CONFIG: join(folder, 'strangler.yaml') },
  });
  expect(named.stderr).toContain('(STRANGLER_CONFIG)');
  const missing = await stranglerHere(['plan', 'show', '--config', 'nowhere.yaml'], { cwd: folder });
  expect(missing.code).not.toBe(0);
  expect(missing.stderr).toContain('nowhere.yaml');
});

it.each([
  ['capability', ['plan', 'show', 'reveiws'], 'did you mean reviews?'],
  ['duration', ['shadow', 'reviews', '--timeout', '5'], '--timeout wants a duration'],
  ['weight', ['canary', 'reviews', '--weight', 'half'], '--weight wants a percentage'],
  ['limit', ['history', '--limit', '0'], '--limit wants a whole number'],
  ['address', ['edge', '--listen', 'here'], '--listen wants HOST:PORT'],
  ['workers', ['edge', '--workers', 'many'], '--workers wants a whole number'],
  ['shell', ['completion', 'tcsh'], 'there is: bash, zsh, fish'],
])('refuses a wrong %s with exit code 2', async (_, argv, message) => {
  const { folder } = projectWith({ 'strangler.yaml': PROJECT, 'migration-plans/reviews.yaml': REVIEWS });
  const { code, stderr } = await stranglerHere(argv, { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

it('tells every mistake of the project file with its place', async () => {
  const { folder } = projectWith({
    'strangler.yaml': 'version: 1\nmonolit:\n  url: x\nedge:\n  listen: 8080\n',
  });
  const { code, stderr } = await stranglerHere(['status'], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toMatch(/strangler\.yaml:2:1.*monolit/);
  expect(stderr).toMatch(/strangler\.yaml:5:11/);
});

it('refuses a state folder of another version and leaves it alone', async () => {
  const { folder } = projectWith({
    'strangler.yaml': PROJECT,
    'migration-plans/reviews.yaml': REVIEWS,
    '.strangler/version.json': '{"format":99,"createdBy":"9.0.0"}',
  });
  for (const argv of [['status'], ['apply'], ['edge'], ['dev']]) {
    const { code, stderr } = await stranglerHere(argv, { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/STATE_FOLDER_VERSION.*format 99 \(written by strangler 9\.0\.0\)/);
    expect(stderr).toContain('mv ');
  }
});

it('tells a store that is away within seconds', async () => {
  const { folder } = projectWith({
    'strangler.yaml': `${PROJECT}stateStore:\n  url: postgresql://user:secret-password@127.0.0.1:9/x\n`,
    'migration-plans/reviews.yaml': REVIEWS,
  });
  const { code, stderr, stdout } = await stranglerHere(['apply', '--json'], { cwd: folder });
  expect(code).toBe(1);
  expect(stderr).toContain('STORE_UNREACHABLE');
  expect(stderr + stdout).not.toContain('secret-password');
});

it('has doctor say the fix for each finding, and hide none behind another', async () => {
  const { folder } = projectWith({
    'strangler.yaml': `${PROJECT}cloudMap: { endpoint: 'http://127.0.0.1:9' }\n`,
    'migration-plans/reviews.yaml': REVIEWS,
    'migration-plans/orders.yaml': 'apiVersion: strangler/v1\ncapability: orders\nroutes: []\n',
  });
  const { code, json } = await stranglerHere(['doctor', '--json'], { cwd: folder });
  expect(code).toBe(1);
  const { checks } = json<{ checks: { name: string; status: string; fix?: string }[] }>();
  const broken = checks.filter(({ status }) => status === 'error').map(({ name }) => name);
  expect(broken).toEqual(expect.arrayContaining(['plans', 'monolith', 'cloud map']));
  for (const { status, fix } of checks)
    if (status === 'error' || status === 'warning') expect(fix).toBeTruthy();
  const outside = await stranglerHere(['doctor'], { cwd: empty() });
  expect(outside.code).toBe(1);
  expect(outside.stdout).toContain('strangler init');
});

it('starts a project without asking, and overwrites nothing', async () => {
  const folder = empty();
  const { code, stdout, stderr } = await stranglerHere(['init', '--monolith', 'http://127.0.0.1:9/'], {
    cwd: folder,
  });
  expect(code).toBe(0);
  expect(stdout).toContain('next: strangler edge');
  expect(stderr).toContain('does not answer now');
  const file = readFileSync(join(folder, 'strangler.yaml'), 'utf8');
  expect(file).toContain('url: http://127.0.0.1:9\n');
  expect(existsSync(join(folder, 'migration-plans'))).toBe(true);
  expect((await stranglerHere(['plan', 'validate'], { cwd: folder })).code).toBe(0);
  writeFileSync(join(folder, 'strangler.yaml'), `${file}# mine\n`);
  const again = await stranglerHere(['init', '--monolith', 'http://127.0.0.1:1'], { cwd: folder });
  expect(again.code).toBe(2);
  expect(readFileSync(join(folder, 'strangler.yaml'), 'utf8')).toContain('# mine');
  const elsewhere = await stranglerHere(['init', '--monolith', 'http://h:1', '--dir', 'new/shop', '--json'], {
    cwd: folder,
  });
  expect(elsewhere.json()).toMatchObject({ monolith: 'http://h:1', reachable: false });
});

it.each([
  [undefined, /--monolith URL is missing/],
  ['localhost:3000', /no http or https URL/],
  ['ftp://x', /no http or https URL/],
  ['http://x/shop', /has a path/],
  ['http://me:pw@x', /must not hold credentials/],
])('refuses the monolith %s at init', async (url, message) => {
  const argv = url === undefined ? ['init'] : ['init', '--monolith', url];
  const folder = empty();
  const { code, stderr } = await stranglerHere(argv, { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('pw@');
  expect(existsSync(join(folder, 'strangler.yaml'))).toBe(false);
});
