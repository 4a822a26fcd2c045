import { describe, expect, it } from 'vitest';
import { addCompareRule, type NewRule } from '../../migration-plans/plan/edit.ts';
import { parsePlan } from '../../migration-plans/plan/load.ts';
import { minimal, REVIEWS } from './texts.ts';

const RULE: NewRule = {
  routes: [],
  at: { json: "$.items[?@.a == 'x'].b" },
  do: { kind: 'ignore' },
  reason: 'says: "so" # really',
  owner: 'qa',
  expires: '2030-01-31',
};
const BASE = minimal('a', ['GET /a # first', 'POST /a']);

/** Lines that the edit added; fails if it changed or removed any. */
function added(before: string, after: string): string[] {
  const lines = after.split('\n');
  const out: string[] = [];
  let at = 0;
  for (const line of before.replace(/\n$/, '').split('\n')) {
    while (lines[at] !== line) {
      expect(at, `the line ${JSON.stringify(line)} is lost`).toBeLessThan(lines.length);
      out.push(lines[at++]!);
    }
    at++;
  }
  return [...out, ...lines.slice(at)].filter((line) => line !== '');
}

function rulesOf(text: string) {
  const { loaded, findings } = parsePlan(text, 'x');
  expect(findings).toEqual([]);
  return loaded!.plan.compare.rules;
}

describe('adding a rule', () => {
  it.each([
    ['no compare at all', BASE, 7],
    ['no line end at the end', BASE.trimEnd(), 7],
    ['headers only', `${BASE}compare:\n  # which\n  headers: [etag] # here\nrollout: { steps: [5%] }\n`, 6],
    [
      'rules in blocks',
      `${BASE}compare:\n    rules:\n        # why\n        - at: { json: $.a } # first\n          do: { kind: ignore }\n          reason: r\n          owner: o # last\n\n# below\ndescription: x\n`,
      5,
    ],
    [
      'rules not indented',
      `${BASE}compare:\n  rules:\n  - { at: { json: $.a }, do: { kind: ignore }, reason: r, owner: o }\ndescription: x\n`,
      5,
    ],
    [
      'a last rule of several lines',
      `${BASE}compare:\n  rules:\n    - at: { json: $.a }\n      do: { kind: ignore }\n      owner: o\n      reason: >\n        long\n        text\n\n`,
      5,
    ],
  ])('with %s only adds lines', (_, before, count) => {
    const after = addCompareRule(before, RULE);
    expect(added(before, after)).toHaveLength(count);
    const { id: _id, ...rule } = rulesOf(after).at(-1)!;
    expect(rule).toEqual(RULE);
  });

  it.each([
    ['an empty list', `${BASE}compare:\n  headers: [a]\n  rules: [] # none yet\ndescription: x\n`],
    ['an empty map', `${BASE}compare: {}\ndescription: x\n`],
    ['a flow map without rules', `${BASE}compare: { headers: [etag] } # c\n`],
    ['a flow map with an empty list', `${BASE}compare: { rules: [ ], headers: [etag] } # c\n`],
    [
      'a flow list',
      `${BASE}compare: { rules: [ { at: { json: $.a }, do: { kind: ignore }, reason: r, owner: o } ] } # c\n`,
    ],
    [
      'Windows line ends',
      `${BASE}compare:\n  rules:\n    - { at: { json: $.a }, do: { kind: ignore }, reason: r, owner: o }\n`.replaceAll(
        '\n',
        '\r\n',
      ),
    ],
  ])('with %s keeps every comment and every other rule', (_, before) => {
    const after = addCompareRule(before, RULE);
    const old = parsePlan(before, 'x').loaded!.plan;
    const now = parsePlan(after, 'x').loaded!.plan;
    const [last] = now.compare.rules.splice(-1);
    expect(last).toMatchObject(RULE);
    expect(now).toEqual(old);
    for (const comment of before.match(/# .*/g) ?? []) expect(after).toContain(comment.trim());
    if (before.includes('\r')) expect(after.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it('can be repeated, and ids and routes survive', () => {
    const once = addCompareRule(REVIEWS, { ...RULE, id: 'mine', routes: ['GET /api/votes'] });
    const twice = addCompareRule(once, RULE);
    expect(rulesOf(twice).map(({ id }) => id)).toEqual([
      'unordered $.items',
      'format x-token',
      'mine',
      "ignore $.items[?@.a == 'x'].b",
    ]);
    expect(rulesOf(twice)[2]!.routes).toEqual(['GET /api/votes']);
    expect(added(REVIEWS, once).length).toBe(7);
  });

  it('is refused for a broken plan and for a rule that is not valid', () => {
    expect(() => addCompareRule('a: [', RULE)).toThrow(/mistakes/);
    expect(() => addCompareRule(BASE, { ...RULE, at: { json: '$[' } })).toThrow(/JSONPath/);
    expect(() => addCompareRule(BASE, { ...RULE, reason: '' })).toThrow(/reason/);
  });
});
