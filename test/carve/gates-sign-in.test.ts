/** Two monoliths with a login of their own, carved with all gates. Takes minutes: `npm run test:slow`. */
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TryOut } from '../../cli/carve/carve-service.ts';
import type { RouteReach } from '../../cli/carve/gates/reach.ts';
import { parseRecipes } from '../../cli/carve/gates/sign-in/recipe.ts';
import { type TryOptions, tryOut } from '../../cli/carve/gates/try-out.ts';
import { MAKERS } from '../../cli/carve/makers.ts';
import { type ProducedService, produce } from '../../cli/carve/produce.ts';
import { stranglerHere } from '../cli/run-command.ts';

const ROOT = join(import.meta.dirname, '../..');
let folder: string;
let formerTmp: string | undefined;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'sign-in-')));
  // PostgreSQL's user passes through it when the tests run as root.
  chmodSync(folder, 0o755);
  formerTmp = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  installed('express-forms', 'forms');
  installed('fastify-tokens', 'tokens');
});
afterAll(() => {
  if (formerTmp === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = formerTmp;
  rmSync(folder, { recursive: true, force: true });
});

function installed(fixture: string, name: string): string {
  const dir = join(folder, name);
  cpSync(join(ROOT, 'test/fixtures', fixture), dir, { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  return dir;
}

const LENDING = 'lending=loans,Loan,Tool';
const RESERVATIONS = 'reservations=src/bookings,Booking,Room';

/** With everything decided that is open: whoever is calling is looked up in the database. */
async function service(from: string, given: string): Promise<ProducedService> {
  const [capability = ''] = given.split('=');
  const options = { capability, dir: join(folder, from), capabilities: [given] };
  const { plan } = await produce(options, MAKERS);
  const decisions = Object.fromEntries(
    plan.refusals.map(({ key }) => [key, { choose: 'shared-database', because: 'a test' }]),
  );
  const { service: made } = await produce(
    { ...options, decisions: { file: 'decisions.yaml', text: JSON.stringify({ decisions }) } },
    MAKERS,
  );
  if (made === undefined) throw new Error('refused');
  return made;
}

function attempt(made: ProducedService, from: string, more: Partial<TryOptions> = {}): Promise<TryOut> {
  const files = new Map(
    made.files.map(({ path, text, executable = false }) => [path, { content: text, executable }]),
  );
  return tryOut(
    made,
    { target: join(folder, 'nowhere'), files, removed: [] },
    {
      monolith: join(folder, from),
      install: false,
      cwd: folder,
      seed: undefined,
      requests: undefined,
      monolithCommand: undefined,
      monolithUrl: undefined,
      onProgress: () => undefined,
      signal: new AbortController().signal,
      ...more,
    },
  );
}

const answersOf = ({ gates }: Pick<TryOut, 'gates'>): TryOut['gates'][number] => {
  const report = gates.find(({ gate }) => gate === 'answers');
  if (report === undefined) throw new Error('no gate of that name');
  return report;
};
const reached = (routes: readonly RouteReach[] = []): Record<string, string[]> =>
  Object.fromEntries(routes.map(({ route, as }) => [route, as]));

describe('forms, and sessions in the database', { timeout: 240_000 }, () => {
  it('is signed in by itself, as a member and with the most rights, and nothing of the session is recorded', async () => {
    const tried = await attempt(await service('forms', LENDING), 'forms');
    expect(
      tried.gates.map(({ gate, status, details }) => [gate, status, status === 'passed' ? [] : details]),
    ).toEqual(['types', 'boots', 'answers'].map((gate) => [gate, 'passed', []]));
    const { routes, details } = answersOf(tried);
    expect(reached(routes)).toEqual({
      'GET /tools': ['nobody', 'member', 'admin'],
      'GET /loans': ['member', 'admin'],
      'POST /loans': ['member', 'admin'],
      'POST /loans/:id/return': ['member'],
      'GET /staff/loans': ['admin'],
      'POST /staff/tools': ['admin'],
    });
    const told = details.filter((line) => line.startsWith('signed in as')).join('\n');
    expect(told).toContain('signed in as member: POST /join (form)');
    expect(told).toMatch(/signed in as admin: .*role set to ADMIN.*cookie sid/);
    const texts = (tried.recorded ?? []).map(({ text }) => text).join('\n');
    expect(texts).toContain('"as": "member"');
    expect(texts).not.toMatch(/[0-9a-f]{32}/);
  });
  it('a difference that only a member sees makes the gate fail', async () => {
    const made = await service('forms', LENDING);
    const files = made.files.map((file) =>
      file.path === 'loans/routes.js'
        ? { ...file, text: file.text.replace('memberId: req.member.id, returned: false', 'returned: false') }
        : file,
    );
    expect(files).not.toEqual(made.files);
    const { status, details } = answersOf(await attempt({ ...made, files }, 'forms'));
    expect(status).toBe('failed');
    expect(details.join('\n')).toMatch(/POST \/loans\/\d+\/return .*: (?:the )?status/);
  });
  it('a recipe with a wrong password: who is not signed in, at which request, and what to do', async () => {
    const recipe = `sign-in:
  - as: member
    requests:
      - { get: /login, csrf: page }
      - { post: /login, form: { email: sample1@example.com, password: not-the-password } }
`;
    const recipes = parseRecipes(recipe, 'lending.yaml') ?? [];
    const tried = await attempt(await service('forms', LENDING), 'forms', {
      signIn: { recipes, secrets: ['not-the-password'] },
    });
    const report = answersOf(tried);
    expect(report.details).toContain('member is not signed in: POST /login answers 401');
    expect(report.remedy).toContain('sign-in in the decisions file');
    expect(JSON.stringify(report)).not.toContain('not-the-password');
  });
  it('a recipe of the decisions file takes its password from the environment, and it is written nowhere', async () => {
    writeFileSync(
      join(folder, 'lending.yaml'),
      `decisions:
  "identity:members/guards.js:member": { choose: shared-database, because: one database for now }
sign-in:
  - as: borrower
    requests:
      - { get: /join, csrf: page }
      - { post: /join, form: { email: ann@example.com, name: Ann, password: '\${CLUB_PASSWORD}', terms: 'on' } }
      - { get: /login, csrf: page }
      - { post: /login, form: { email: ann@example.com, password: '\${CLUB_PASSWORD}' } }
`,
    );
    const argv = ['carve', 'lending', '--from', 'forms', '--out', 'out', '--capability', LENDING];
    const all = [...argv, '--decisions', 'lending.yaml', '--json'];
    const without = await stranglerHere(all, { cwd: folder });
    expect(without.code).not.toBe(0);
    expect(without.stderr + without.stdout).toContain('CLUB_PASSWORD');
    const ran = await stranglerHere(all, { cwd: folder, env: { CLUB_PASSWORD: 'k8-very-secret' } });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    const report = answersOf(ran.json<TryOut>());
    expect(reached(report.routes)['GET /loans']).toEqual(['borrower']);
    const contract = ['get-loans.json', 'post-loans.json'].map((name) =>
      readFileSync(join(folder, 'out/test/contract', name), 'utf8'),
    );
    expect(contract.join()).toContain('"as": "borrower"');
    expect(contract.join() + ran.stdout + ran.stderr).not.toContain('k8-very-secret');
  });
  it('sessions in the monolith’s memory are told as such, with what to decide', async () => {
    const dir = installed('express-forms', 'memory');
    writeFileSync(
      join(dir, 'members/sessions.js'),
      `const { randomBytes } = require('node:crypto');
const db = require('../lib/db');

const kept = new Map();
exports.begin = async (memberId) => {
  const id = randomBytes(24).toString('hex');
  kept.set(id, { memberId, endsAt: new Date(Date.now() + 86_400_000) });
  return id;
};
exports.find = async (id) => {
  const session = kept.get(id);
  return session ? { ...session, member: await db.member.findUnique({ where: { id: session.memberId } }) } : null;
};
exports.end = async (id) => kept.delete(id);
`,
    );
    const { details, routes } = answersOf(await attempt(await service('memory', LENDING), 'memory'));
    const note = details.find((line) => line.startsWith('not compared as member'));
    expect(note).toContain('the session lives in the monolith’s memory');
    expect(note).toContain('ask-monolith');
    expect(reached(routes)['GET /loans']).toEqual([]);
  });
});

describe('signed tokens', { timeout: 240_000 }, () => {
  it('is signed in by itself by a bearer token, as an account and as an administrator', async () => {
    const tried = await attempt(await service('tokens', RESERVATIONS), 'tokens');
    expect(
      tried.gates.map(({ gate, status, details }) => [gate, status, status === 'passed' ? [] : details]),
    ).toEqual(['types', 'boots', 'answers'].map((gate) => [gate, 'passed', []]));
    const { routes, details } = answersOf(tried);
    expect(reached(routes)).toEqual({
      'GET /api/rooms': ['nobody', 'account', 'admin'],
      'GET /api/bookings': ['account', 'admin'],
      'POST /api/bookings': ['account', 'admin'],
      'DELETE /api/bookings/:id': ['account'],
      'GET /api/admin/bookings': ['admin'],
      'POST /api/admin/rooms': ['admin'],
    });
    expect(details.join('\n')).toMatch(/signed in as account: .*bearer token from tokens\.access\.token/);
    const texts = (tried.recorded ?? []).map(({ text }) => text).join('\n');
    expect(texts).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
  });
});
