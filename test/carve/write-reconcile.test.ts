import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutputFile } from '../../cli/carve/service/spec.ts';
import { digestOf } from '../../cli/carve/write/digest.ts';
import { type Manifest, manifestOf } from '../../cli/carve/write/manifest.ts';
import { mergeTexts } from '../../cli/carve/write/merge.ts';
import { packOriginals, unpackOriginals } from '../../cli/carve/write/originals.ts';
import { checkPaths, problemOf } from '../../cli/carve/write/paths.ts';
import { type FoundFile, reconcile } from '../../cli/carve/write/reconcile.ts';
import { origin } from './write/service.ts';

const file = (path: string, text: string): OutputFile => ({ path, text });
const manifest = (...files: OutputFile[]): Manifest => manifestOf(origin, files);
const found = (entries: Record<string, string>): Map<string, FoundFile> =>
  new Map(
    Object.entries(entries).map(([path, text]) => [
      path,
      { content: text, digest: digestOf(text), executable: false },
    ]),
  );

/** What happens to one file `a`, from its text before, now, and on the disk. */
function outcome(before: string | undefined, now: string | undefined, disk: string | undefined): string {
  const { actions, conflicts } = reconcile(
    now === undefined ? [] : [file('a', now)],
    before === undefined ? manifest() : manifest(file('a', before)),
    found(disk === undefined ? {} : { a: disk }),
    new Map(before === undefined ? [] : [['a', before]]),
    mergeTexts,
  );
  return actions[0]?.kind ?? conflicts[0]?.why ?? 'nothing';
}

describe('what happens to a file', () => {
  const lines = 'one\ntwo\nthree\nfour\nfive\nsix\n';
  const theirs = lines.replace('one', 'ONE');
  const ours = lines.replace('six', 'SIX');
  it('that is new: it is added, and one of that name which is not ours is a conflict', () => {
    expect(outcome(undefined, 'x', undefined)).toBe('add');
    expect(outcome(undefined, 'x', 'x')).toBe('same');
    expect(outcome(undefined, 'x', 'y')).toContain('not carve’s');
  });
  it('that nobody touched: it is updated or removed', () => {
    expect(outcome('x', 'x', 'x')).toBe('same');
    expect(outcome('x', 'y', 'x')).toBe('update');
    expect(outcome('x', undefined, 'x')).toBe('remove');
    expect(outcome('x', undefined, undefined)).toBe('nothing');
  });
  it('that the team changed: it is kept while carve makes the same', () => {
    expect(outcome('x', 'x', 'z')).toBe('keep');
    expect(outcome('x', 'x', undefined)).toBe('keep');
    expect(outcome('x', undefined, 'z')).toBe('keep');
    expect(outcome('x', 'y', 'y')).toBe('same');
  });
  it('that both changed: merged where they changed different parts, refused otherwise', () => {
    expect(outcome(lines, ours, theirs)).toBe('merge');
    expect(outcome('x\n', 'y\n', 'z\n')).toContain('both changed 1 place');
    expect(outcome('x', 'y', undefined)).toContain('the team removed it');
    expect(outcome('x\n', 'y\n', '\u0000binary')).toContain('can’t be merged');
  });
  it('that is no text: replaced while nobody touched it, never merged', () => {
    const picture = (byte: number): OutputFile => ({
      path: 'p.png',
      text: '',
      bytes: Uint8Array.of(255, byte),
    });
    const on = (byte: number): Map<string, FoundFile> => {
      const content = Uint8Array.of(255, byte);
      return new Map([['p.png', { content, digest: digestOf(content), executable: false }]]);
    };
    const run = (now: number, disk: number): string => {
      const { actions, conflicts } = reconcile(
        [picture(now)],
        manifest(picture(1)),
        on(disk),
        new Map(),
        mergeTexts,
      );
      return actions[0]?.kind ?? conflicts[0]?.why ?? '';
    };
    expect([run(1, 1), run(2, 1), run(1, 3)]).toEqual(['same', 'update', 'keep']);
    expect(run(2, 3)).toContain('no text');
  });
  it('is never an overwriting of what somebody wrote', () => {
    const text = fc.option(fc.constantFrom('a\n', 'b\n', 'c\n', lines, theirs, ours), { nil: undefined });
    fc.assert(
      fc.property(text, text, text, (before, now, disk) => {
        const what = outcome(before, now, disk);
        const foreign = disk !== undefined && disk !== before;
        if (foreign && disk !== now) expect(['update', 'remove', 'add']).not.toContain(what);
        if (disk === undefined && before !== undefined) expect(what).not.toBe('add');
      }),
      { numRuns: 60 },
    );
  });
});

describe('originals', () => {
  it('come back as they were, and only those that the manifest vouches for', () => {
    const files = [file('b', 'ü\n'), file('a', 'x'.repeat(10_000))];
    const packed = packOriginals(files);
    expect(packOriginals([...files].reverse())).toBe(packed);
    expect(packed.length).toBeLessThan(500);
    expect(unpackOriginals(packed, manifest(...files))).toEqual(
      new Map([
        ['a', 'x'.repeat(10_000)],
        ['b', 'ü\n'],
      ]),
    );
    expect(unpackOriginals(packed, manifest(file('a', 'other'), file('b', 'ü\n'))).size).toBe(1);
    expect(unpackOriginals('not packed', manifest(...files)).size).toBe(0);
    expect(unpackOriginals(packed.slice(0, 20), manifest(...files)).size).toBe(0);
  });
});

describe('names of files', () => {
  it.each([
    '',
    '/etc/passwd',
    '../up',
    'a/../../b',
    'a//b',
    './a',
    'a\\b',
    'C:x',
    'a\u0000b',
    'line\nbreak',
    '.git/hooks/post-checkout',
    'src/.GIT/config',
    'node_modules/x/index.js',
    'service.carve.json',
    'x'.repeat(300),
    Array.from({ length: 600 }, () => 'x').join('/'),
  ])('%j is refused', (path) => {
    expect(problemOf(path)).toBeTypeOf('string');
    expect(() => checkPaths([path])).toThrow(expect.objectContaining({ code: 'CARVE_BAD_PATH' }));
  });
  it.each(['src/[id]/route.js', 'a b/ü.ts', '.github/workflows/ci.yml', '.env.example'])(
    '%j is taken',
    (path) => {
      expect(() => checkPaths([path])).not.toThrow();
    },
  );
  it('may not fall together where letter case or Unicode form do not count', () => {
    expect(() => checkPaths(['src/A.js', 'src/a.js'])).toThrow(/can’t be written/);
    expect(() => checkPaths(['\u00e9.js', 'e\u0301.js'])).toThrow(/can’t be written/);
    expect(() => checkPaths(['a', 'A/b'])).toThrow(/can’t be written/);
    expect(() => checkPaths(['a/b', 'a/c'])).not.toThrow();
  });
});
