import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDecisions, type Decision, decisionFor, parseDecisions } from '../../cli/carve/decisions.ts';
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
const decided = (entries: Record<string, string>): Map<string, Decision> =>
  new Map(Object.entries(entries).map(([key, choose]) => [key, { choose, because: 'so' }]));

describe('a decision', () => {
  it('may decide several refusals by *, after exact keys and in the order of the file', () => {
    const decisions = decided({ 'read:*:Order': 'stay', 'read:*': 'move', 'read:b:Order': 'move' });
    expect(decisionFor('read:a:Order', decisions)).toBe('read:*:Order');
    expect(decisionFor('read:b:Order', decisions)).toBe('read:b:Order');
    expect(decisionFor('read:a:User', decisions)).toBe('read:*');
    expect(decisionFor('write:a', decisions)).toBeUndefined();
    expect(decisionFor('aba', decided({ 'ab*ba': 'x' }))).toBeUndefined();
    expect(decisionFor('read.a', decided({ 'read?a*': 'x' }))).toBeUndefined();
  });
  it('matches as a regular expression would', () => {
    const text = fc.stringMatching(/^[ab:*]{0,8}$/);
    fc.assert(
      fc.property(text, fc.stringMatching(/^[ab:]{0,10}$/), (pattern, key) => {
        fc.pre(pattern.includes('*'));
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(key);
        expect(decisionFor(key, decided({ [pattern]: 'x' })) !== undefined).toBe(expected);
      }),
    );
  });
  it('that no refusal asks for is stale, also one with *', () => {
    const { stale, resolved, open } = applyDecisions(
      [refusal('read:a'), refusal('write:a')],
      decided({ 'read:*': 'stay', 'gone:*': 'stay', gone: 'stay' }),
    );
    expect(stale).toEqual(['gone:*', 'gone']);
    expect(resolved).toMatchObject([{ key: 'read:a', chosen: 'stay' }]);
    expect(open).toMatchObject([{ key: 'write:a' }]);
  });
  it('for something that is not offered is refused, all of them at once, with what was meant', () => {
    expect(() =>
      applyDecisions([refusal('read:a'), refusal('read:b')], decided({ 'read:*': 'stai' })),
    ).toThrow(
      expect.objectContaining({
        code: 'CARVE_UNKNOWN_OPTION',
        findings: [
          expect.objectContaining({ message: expect.stringContaining('decided by read:*') }),
          expect.objectContaining({ remedy: expect.stringContaining('Did you mean stay?') }),
        ],
      }),
    );
  });
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
