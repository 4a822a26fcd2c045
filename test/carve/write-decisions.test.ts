import { describe, expect, it } from 'vitest';
import { parseDecisions } from '../../cli/carve/decisions.ts';
import { decisionLine, draftDecisions } from '../../cli/carve/draft.ts';
import type { Refusal } from '../../cli/carve/model.ts';

const refusal = (key: string, options = ['stay', 'move'], reason = 'it works on both'): Refusal => ({
  file: 'src/a.js',
  line: 3,
  kind: key.split(':')[0] ?? '',
  reason,
  key,
  options,
  decision: `${key}: ${options.join(' | ')}`,
});
describe('a decision', () => {
  it('is named with its line when it is not whole', () => {
    expect(() =>
      parseDecisions('decisions:\n  a: { choose: x, because: y }\n  b: { choose: x }\n', 'f.yaml'),
    ).toThrow(
      expect.objectContaining({
        findings: [expect.objectContaining({ place: { file: 'f.yaml', line: 3 } })],
      }),
    );
  });
  it('that chooses ? is not made yet', () => {
    expect(parseDecisions('decisions:\n  a: { choose: "?", because: "" }\n', 'f.yaml').size).toBe(0);
    expect(parseDecisions('decisions:\n', 'f.yaml').size).toBe(0);
  });
});

describe('a draft', () => {
  const hostile = 'identity:src/[a] b#c: "d".js:*x';
  it('has an entry for each refusal, with reason and choices, and can be read again', () => {
    const { text, added } = draftDecisions(undefined, 'reviews', [
      refusal('read:a', ['stay', 'move'], `both\nsides: ${'long '.repeat(60)}`),
      refusal(hostile),
    ]);
    expect(added).toEqual(['read:a', hostile]);
    expect(text).toContain('# One of: stay, move');
    expect(text.split('\n').every((line) => line.length < 130)).toBe(true);
    expect(parseDecisions(text, 'f.yaml').size).toBe(0);
    const chosen = text.replaceAll('choose: "?", because: ""', 'choose: stay, because: so');
    expect([...parseDecisions(chosen, 'f.yaml').keys()]).toEqual(['read:a', hostile]);
  });
  it('keeps what is there byte for byte, comments too, and adds only what is missing', () => {
    const existing = [
      '# ours',
      'note: kept',
      'decisions:',
      '    # why',
      '    read:a: { choose: stay,   because: "so" } # here',
      '    write:a:',
      '        choose: move',
      '        because: |',
      '            long',
      '            story',
      '# below',
      'after: 1',
      '',
    ].join('\n');
    const { text, added } = draftDecisions(existing, 'reviews', [refusal('read:a'), refusal('new:b')]);
    expect(added).toEqual(['new:b']);
    const without = text.split('\n').filter((line) => !existing.split('\n').includes(line));
    expect(without).toEqual([
      '    # src/a.js:3: it works on both',
      '    # One of: stay, move',
      '    new:b: { choose: "?", because: "" }',
    ]);
    expect([...parseDecisions(text, 'f').keys()]).toEqual(['read:a', 'write:a']);
    expect(draftDecisions(text, 'reviews', [refusal('new:b')])).toEqual({ text, added: [] });
  });
  it.each([
    'decisions: {}\n',
    'decisions:\n',
    'decisions: { a: { choose: x, because: y } }\n',
    'decisions:\n  a: { choose: x, because: y }',
  ])('extends %j', (existing) => {
    const { text } = draftDecisions(existing, 'reviews', [refusal('new:b')]);
    expect(text).toContain('new:b: { choose: "?", because: "" }');
    expect(() => parseDecisions(text, 'f')).not.toThrow();
    expect(parseDecisions(text, 'f').size).toBe(existing.includes('a:') ? 1 : 0);
  });
  it('can be pasted line by line whatever the key holds', () => {
    for (const key of [hostile, '*:x', '- a', 'a: b', '"q"', 'ü', '{x}', '& y'])
      expect([...parseDecisions(`decisions:\n  ${decisionLine(key, 'x', 'y')}\n`, 'f').keys()]).toEqual([
        key,
      ]);
  });
});
