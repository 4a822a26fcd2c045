import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Drift } from '../../cli/carve/drift.ts';
import { type Ran, stranglerHere } from '../cli/run-command.ts';
import { notesMonolith } from './gates/notes-monolith.ts';
import { tree } from './write/service.ts';

let cwd: string;
const GROUPING = 'notes=notes.js,Note,Tag';
const carve = (...argv: string[]): Promise<Ran> =>
  stranglerHere(['carve', 'notes', '--from', 'monolith', ...argv], { cwd });
const edit = (file: string, change: (text: string) => string): void => {
  const path = join(cwd, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
};

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'carve-drift-'));
  notesMonolith(join(cwd, 'monolith'));
  const { code, stdout, stderr } = await carve('--capability', GROUPING, '--skip-gates');
  expect(code, stdout + stderr).toBe(0);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

it('nothing has drifted while the monolith is the same, whatever the team wrote; groupings need not be said again', async () => {
  edit('services/notes/README.md', (text) => `${text}\nOurs.\n`);
  const before = tree(cwd);
  const { code, json } = await carve('--check', '--json');
  expect(code).toBe(0);
  expect(json()).toMatchObject({ drifted: false, changedByTeam: ['README.md'], symbols: [], files: [] });
  expect(tree(cwd)).toEqual(before);
});

it('code of the monolith that the service has is told when it changes, other code is not', async () => {
  edit('monolith/authors.js', (text) => text.replace('findMany()', 'findMany({ take: 9 })'));
  expect((await carve('--check')).code).toBe(0);
  edit('monolith/notes.js', (text) => text.replace("'no such note'", "'note not found'"));
  const { code, json, stdout } = await carve('--check', '--json');
  expect(code, stdout).toBe(1);
  const drift = json<Drift & { drifted: boolean }>();
  expect(drift.drifted).toBe(true);
  expect(drift.symbols.map(({ file }) => file)).toContain('notes.js');
  expect(drift.symbols.some(({ file }) => file === 'authors.js')).toBe(false);
  expect(drift.files).toContainEqual({ path: 'notes.js', change: 'changed' });
  const told = await carve('--check');
  expect(told.stdout).toContain('source that changed');
});

it('a new refusal is told with its place, before anything else is compared', async () => {
  edit('monolith/notes.js', (text) =>
    text.replace(
      "router.get('/notes/:slug'",
      "router.get('/notes/authors', async (req, res) => res.json(await db.author.count()));\nrouter.get('/notes/:slug'",
    ),
  );
  const { code, json } = await carve('--check', '--json');
  expect(code).toBe(1);
  expect(json<Drift>().refusals).toContainEqual(
    expect.objectContaining({ file: 'notes.js', reason: expect.stringContaining('Author') }),
  );
});

it('carving again after the change brings the change, and keeps what the team wrote', async () => {
  edit('monolith/notes.js', (text) => text.replace(/router\.get\('\/notes\/authors'.*\n/, ''));
  const { code, stdout, stderr } = await carve('--capability', GROUPING, '--skip-gates');
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toContain('kept  README.md');
  expect(readFileSync(join(cwd, 'services/notes/notes.js'), 'utf8')).toContain('note not found');
  expect(readFileSync(join(cwd, 'services/notes/README.md'), 'utf8')).toContain('Ours.');
  expect((await carve('--check')).code).toBe(0);
});
