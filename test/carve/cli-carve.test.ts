import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ran, stranglerHere } from '../cli/run-command.ts';
import { tree } from './write/service.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'carve-cli-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const monolith = (fixture: string): string => {
  const dir = join(cwd, 'monolith');
  cpSync(join(FIXTURES, fixture), dir, { recursive: true });
  return dir;
};
const carve = (...argv: string[]): Promise<Ran> => stranglerHere(['carve', ...argv], { cwd });
const FIELDS = ['moved', 'copied', 'remote', 'stays', 'tables', 'refusals'];

describe('a dry run', () => {
  it('works with --out, without a project file, and has the fields that scripts rely on', async () => {
    const dir = monolith('express-cjs');
    const before = tree(cwd);
    const { code, json } = await carve('reviews', '--from', dir, '--out', 'new/place', '--dry-run', '--json');
    expect(code).toBe(0);
    const document =
      json<Record<string, { file: string; line: number; reason: string; decision: string }[]>>();
    for (const field of FIELDS) expect(document[field]).toBeInstanceOf(Array);
    for (const refusal of document.refusals ?? []) {
      expect(refusal).toMatchObject({
        file: expect.any(String),
        line: expect.any(Number),
        reason: expect.any(String),
        decision: expect.any(String),
      });
    }
    expect(document).toMatchObject({ written: false, out: 'new/place' });
    expect(tree(cwd)).toEqual(before);
  });
});

describe('open refusals', () => {
  it('stop a carve with exit code 3, one document, and nothing written', async () => {
    monolith('express-cjs');
    const before = tree(cwd);
    const { code, json } = await carve('reviews', '--from', 'monolith', '--out', 'out', '--json');
    expect(code).toBe(3);
    expect(json<{ refusals: unknown[]; written: boolean }>()).toMatchObject({ written: false });
    expect(json<{ refusals: unknown[] }>().refusals.length).toBeGreaterThan(0);
    expect(tree(cwd)).toEqual(before);
  });
  it('are shown with place, reason and a line to paste, and the command that drafts the file', async () => {
    monolith('express-cjs');
    const { code, stdout } = await carve('reviews', '--from', 'monolith');
    expect(code).toBe(3);
    expect(stdout).toContain('nothing was written');
    expect(stdout).toMatch(
      /services\/books\.js:6 .*\n.*one of: .*\n +joined-query:\S+: \{ choose: \S+, because: say why \}/,
    );
    expect(stdout).toContain('strangler carve reviews --from monolith --draft-decisions');
  });
  it('are drafted, decided, and taken from the file of that name beside', async () => {
    monolith('express-cjs');
    const drafted = await carve('reviews', '--from', 'monolith', '--draft-decisions', '--json');
    expect(drafted).toMatchObject({ code: 0 });
    const file = join(cwd, 'reviews.decisions.yaml');
    const draft = readFileSync(file, 'utf8');
    expect(draft).toContain('# One of:');
    expect((await carve('reviews', '--from', 'monolith', '--json')).code).toBe(3);
    const again = await carve('reviews', '--from', 'monolith', '--draft-decisions');
    expect(again.stdout).toContain('has an entry for everything');
    expect(readFileSync(file, 'utf8')).toBe(draft);
    const decided = draft.replace(
      /# One of: ([\w-]+).*\n(.*)choose: "\?", because: ""/g,
      (_, first, key) => `# One of: ${first}\n${key}choose: ${first}, because: it is a test`,
    );
    writeFileSync(file, `${decided}  gone:*: { choose: x, because: it was there once }\n`);
    const dry = await carve('reviews', '--from', 'monolith', '--dry-run', '--json');
    expect(dry.code).toBe(0);
    expect(dry.json()).toMatchObject({ refusals: [], staleDecisions: ['gone:*'] });
    expect(dry.stderr).toContain('gone:*');
  });
});

describe('bad input', () => {
  const refused = async (code: string, ...argv: string[]): Promise<Ran> => {
    const before = tree(cwd);
    const ran = await carve(...argv, '--json');
    expect(ran.json()).toMatchObject({ error: { code, message: expect.any(String) } });
    expect(ran.code).toBeGreaterThan(0);
    expect(tree(cwd)).toEqual(before);
    return ran;
  };
  it('a folder that is none, or holds no Node project', async () => {
    await refused('ANALYZE_NO_FOLDER', 'reviews', '--from', 'nowhere');
    mkdirSync(join(cwd, 'python'));
    writeFileSync(join(cwd, 'python/app.py'), '');
    await refused('ANALYZE_NOT_NODE', 'reviews', '--from', 'python');
  });
  it('an unknown capability, with the one that was meant', async () => {
    monolith('express-cjs');
    const { json } = await refused('CARVE_UNKNOWN_CAPABILITY', 'revievs', '--from', 'monolith');
    expect(json<{ error: { remedy: string } }>().error.remedy).toContain('Did you mean reviews?');
  });
  it('a name that would lead elsewhere', async () => {
    await refused('CARVE_BAD_NAME', '../../etc', '--from', '.');
    await refused('CARVE_BAD_NAME', 'a b', '--from', '.');
  });
  it('an output folder with files of its own, before the analysis takes its time', async () => {
    mkdirSync(join(cwd, 'out'));
    writeFileSync(join(cwd, 'out/mine.txt'), 'mine');
    await refused('CARVE_OUT_TAKEN', 'reviews', '--from', 'nowhere', '--out', 'out');
    symlinkSync(join(cwd, 'out'), join(cwd, 'link'));
    await refused('CARVE_OUT_LINK', 'reviews', '--from', 'nowhere', '--out', 'link');
  });
  it('decisions that are missing, broken, or choose what is not offered', async () => {
    monolith('express-cjs');
    await refused('CARVE_NO_DECISIONS', 'reviews', '--from', 'monolith', '--decisions', 'none.yaml');
    writeFileSync(join(cwd, 'd.yaml'), 'decisions: [');
    await refused('CARVE_BAD_DECISIONS', 'reviews', '--from', 'monolith', '--decisions', 'd.yaml');
    writeFileSync(join(cwd, 'd.yaml'), 'decisions:\n  "joined-query:*": { choose: hope, because: x }\n');
    await refused('CARVE_UNKNOWN_OPTION', 'reviews', '--from', 'monolith', '--decisions', 'd.yaml');
  });
  it('two modes at once', async () => {
    await refused('CARVE_OPTIONS', 'reviews', '--check', '--dry-run');
  });
  it('--check where nothing was carved', async () => {
    monolith('express-cjs');
    await refused('CARVE_NOT_CARVED', 'reviews', '--from', 'monolith', '--check');
  });
  it('a service that was carved into the monolith’s folder is no part of the monolith', async () => {
    const dir = monolith('express-cjs');
    const before = (await carve('reviews', '--from', 'monolith', '--dry-run', '--json')).json();
    cpSync(join(FIXTURES, 'express-cjs'), join(dir, 'services/reviews'), { recursive: true });
    writeFileSync(join(dir, 'services/reviews/service.carve.json'), '{}');
    expect((await carve('reviews', '--from', 'monolith', '--dry-run', '--json')).json()).toEqual(before);
  });
  it('files that do not parse are listed, and the rest is read', async () => {
    const dir = monolith('express-cjs');
    writeFileSync(join(dir, 'routes/broken.js'), 'const = ;\n');
    const { code, stderr, json } = await carve('reviews', '--from', 'monolith', '--dry-run', '--json');
    expect(code).toBe(0);
    expect(stderr).toContain('routes/broken.js');
    expect(json<{ unresolved: { kind: string }[] }>().unresolved.map(({ kind }) => kind)).toContain(
      'syntax-error',
    );
  });
});
