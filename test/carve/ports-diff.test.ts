import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FileChange, unifiedDiff } from '../../cli/carve/ports/unified-diff.ts';

/** Applies the patch in a folder of its own and takes it back, by both tools. */
function tryPatch(changes: readonly FileChange[]): void {
  const patch = unifiedDiff(changes);
  for (const [forwards, backwards] of [
    [
      ['git', 'apply', 'the.patch'],
      ['git', 'apply', '-R', 'the.patch'],
    ],
    [
      ['patch', '-s', '-p1', '--binary', '-i', 'the.patch'],
      ['patch', '-s', '-R', '-p1', '--binary', '-i', 'the.patch'],
    ],
  ] as [string[], string[]][]) {
    const folder = mkdtempSync(join(tmpdir(), 'diff-'));
    try {
      for (const { path, before } of changes) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        if (before !== undefined) writeFileSync(join(folder, path), before);
      }
      writeFileSync(join(folder, 'the.patch'), patch);
      const run = ([tool, ...args]: string[]) => execFileSync(tool!, args, { cwd: folder, stdio: 'pipe' });
      run(forwards);
      for (const { path, after } of changes) expect(readFileSync(join(folder, path), 'utf8')).toBe(after);
      run(backwards);
      for (const { path, before } of changes) {
        if (before === undefined) expect(readdirSync(join(folder, dirname(path)))).not.toContain(path);
        else expect(readFileSync(join(folder, path), 'utf8')).toBe(before);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

const lines = (count: number) => Array.from({ length: count }, (_, at) => `line ${at}\n`).join('');

describe('a unified diff', () => {
  it('is taken and reversed by git and patch, several files at once', () => {
    tryPatch([
      {
        path: 'src/app.ts',
        before: lines(30),
        after: lines(30).replace('line 3\n', 'line 3\nnew\n').replace('line 27\n', ''),
      },
      { path: 'src/new.ts', before: undefined, after: 'export const a = 1;\n' },
      { path: 'with space.js', before: 'a\n', after: 'b\n' },
    ]);
  });

  it('keeps line breaks of Windows and a missing one at the end', () => {
    const windows = lines(9).replaceAll('\n', '\r\n');
    tryPatch([
      { path: 'a.js', before: windows, after: windows.replace('line 4\r\n', 'line 4\r\nadded\r\n') },
      { path: 'b.js', before: 'no\nend', after: 'no\nend\nmore\n' },
      { path: 'c.js', before: 'no\nend\n', after: 'no\nend' },
      { path: 'd.js', before: 'first\nno end', after: 'zeroth\nfirst\nno end' },
      { path: 'e.js', before: 'x', after: 'y' },
    ]);
  });

  it('says nothing of a file that did not change', () => {
    expect(unifiedDiff([{ path: 'a', before: 'x\n', after: 'x\n' }])).toBe('');
  });

  it('joins changes that are near and parts those that are far', () => {
    const change = (...at: number[]) =>
      unifiedDiff([
        {
          path: 'a',
          before: lines(40),
          after: at.reduce((text, line) => text.replace(`line ${line}\n`, `LINE ${line}\n`), lines(40)),
        },
      ]).match(/^@@.*$/gm);
    expect(change(10, 16)).toEqual(['@@ -8,13 +8,13 @@']);
    expect(change(10, 18)).toEqual(['@@ -8,7 +8,7 @@', '@@ -16,7 +16,7 @@']);
  });

  it('leads from any text to any other', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '', '+', '-', '\\', '@@'), { maxLength: 14 })
      .chain((list) => fc.boolean().map((ends) => list.join('\n') + (ends && list.length > 0 ? '\n' : '')));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 30, maxLength: 30 }), (pairs) => {
        tryPatch(
          pairs
            .map(([before, after], at) => ({
              path: `f${at}.txt`,
              before: `top\n${before}`,
              after: `top\n${after}`,
            }))
            .filter(({ before, after }) => before !== after),
        );
      }),
      { numRuns: 5 },
    );
  });
});
