import { describe, expect, it } from 'vitest';
import { findCluster } from '../../cli/report/accept/find-cluster.ts';
import { ruleFor } from '../../cli/report/accept/rule-for.ts';
import type { CapturedAnswer } from '../../migration-plans/compare/answer.ts';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';
import { compileRules } from '../../migration-plans/compare/rules.ts';
import { addCompareRule } from '../../migration-plans/plan/edit.ts';
import { parsePlan } from '../../migration-plans/plan/load.ts';
import { answer } from '../compare/support.ts';
import { clusterOf, clustersOf } from './clusters.ts';

const ROUTE = 'GET /things/:id';
const PLAN = `apiVersion: strangler/v1
capability: things
routes:
  - GET /things/:id # the only one
`;

function rulesOf(text: string) {
  const { loaded, findings } = parsePlan(text, 'things.yaml');
  expect(findings).toEqual([]);
  return compileRules(loaded!.plan, new Date('2026-01-01')).forRoute(ROUTE);
}

/** Differences before and after each of them was accepted, by way of the plan file. */
function accepted(left: CapturedAnswer, right: CapturedAnswer) {
  const [cluster, ...others] = clustersOf(ROUTE, compareAnswers(left, right, { method: 'GET' }));
  expect(others).toEqual([]);
  const rule = ruleFor(cluster!);
  const text = addCompareRule(PLAN, { ...rule, reason: 'so it is', owner: 'qa', expires: undefined });
  const rules = rulesOf(text);
  return { rule, rules, equal: compareAnswers(left, right, { method: 'GET', rules }).equal };
}

const json = (value: unknown): CapturedAnswer => answer(JSON.stringify(value));
const html = (text: string): CapturedAnswer => answer(text, { type: 'text/html' });
const headed = (...headers: string[]): CapturedAnswer => answer('{}', { headers });

describe('accepting a difference', () => {
  it.each([
    [
      'a rounded number',
      json({ a: 4.27 }),
      json({ a: 4.3 }),
      { kind: 'tolerance', absolute: 0.03, relative: 0 },
    ],
    [
      'a price as text',
      json({ a: '19.99' }),
      json({ a: '19.9' }),
      { kind: 'tolerance', absolute: 0.09, relative: 0 },
    ],
    ['another text', json({ a: 'Blue mug' }), json({ a: 'Red teapot' }), { kind: 'format' }],
    ['another order', json({ a: ['x', 'y', 'z'] }), json({ a: ['z', 'x', 'y'] }), { kind: 'unordered' }],
    ['another type', json({ a: 1 }), json({ a: '1' }), { kind: 'ignore' }],
    ['a missing field', json({ a: 1, b: 2 }), json({ b: 2 }), { kind: 'ignore' }],
    [
      'a field within a list',
      json([{ a: 1 }, { a: 2, b: 1 }]),
      json([{ a: '1' }, { a: 2, b: 1 }]),
      { kind: 'ignore' },
    ],
    ['a header in addition', headed(), headed('X-Debug', '1'), { kind: 'ignore' }],
    ['a cookie in addition', headed(), headed('Set-Cookie', 'seen=1; Path=/'), { kind: 'ignore' }],
    [
      'a text of a page',
      html('<main><h1>Red</h1></main>'),
      html('<main><h1>Blue</h1></main>'),
      { kind: 'format' },
    ],
    ['an attribute', html('<a href="/x">x</a>'), html('<a href="/y">x</a>'), { kind: 'format' }],
  ])('%s is hidden by the narrowest rule', (_name, left, right, how) => {
    const { rule, equal } = accepted(left, right);
    expect(rule.do).toEqual(how);
    expect(rule.routes).toEqual([ROUTE]);
    expect(equal).toBe(true);
  });

  it('hides nothing beside it', () => {
    const { rules } = accepted(json({ a: 4.27, b: 1 }), json({ a: 4.3, b: 1 }));
    const differing = (left: unknown, right: unknown) =>
      compareAnswers(json(left), json(right), { method: 'GET', rules }).differences.map(({ path }) => path);
    expect(differing({ a: 4.2, b: 1 }, { a: 4.9, b: 1 })).toEqual(['$.a']);
    expect(differing({ a: 4.2, b: 1 }, { a: 4.2, b: 2 })).toEqual(['$.b']);
    expect(differing({ a: 4.2, b: 1 }, { b: 1 })).toEqual(['$.a']);
  });

  it.each([
    ['a status', { kind: 'status', path: 'status', shape: '200→500' }],
    ['no answer', { kind: 'failure', path: 'answer', shape: '200→timeout' }],
    ['another media type', { kind: 'media-type', path: 'header:content-type', shape: 'json→html' }],
    ['lines of text', { kind: 'value', path: 'text', shape: 'text→text' }],
    ['bytes', { kind: 'bytes', path: 'body', shape: '10→11' }],
    [
      'an attribute of a cookie',
      { kind: 'header-missing', path: 'header:set-cookie.sid;secure', shape: 'present→absent' },
    ],
    ['data in a script', { kind: 'value', path: 'html:body > script $.a', shape: 'text→text' }],
  ] as const)('is refused for what no rule can express: %s', (_name, difference) => {
    for (const as of [undefined, 'ignore'] as const)
      expect(() => ruleFor(clusterOf(ROUTE, difference), as)).toThrow('no rule can express this');
  });

  it.each([
    ['elements of a list', { kind: 'missing', path: '$.items[*]', shape: 'object→absent' }],
    ['an object', { kind: 'missing', path: '$.author', shape: 'object→absent' }],
    ['an object that became text', { kind: 'type', path: '$.author', shape: 'object→string' }],
    ['a shorter list', { kind: 'length', path: '$.items', shape: 'shorter' }],
    ['an element of a page', { kind: 'missing', path: 'html:main > section', shape: 'element→absent' }],
  ] as const)('is refused where it would hide more, unless that is said: %s', (_name, difference) => {
    const cluster = clusterOf(ROUTE, difference);
    expect(() => ruleFor(cluster)).toThrow('would hide everything below it');
    expect(ruleFor(cluster, 'ignore').do).toEqual({ kind: 'ignore' });
  });

  it('takes no tolerance where there are no numbers', () => {
    const cluster = clusterOf(ROUTE, {
      kind: 'value',
      path: '$.a',
      shape: 'text→text',
      left: 'a',
      right: 'b',
    });
    expect(() => ruleFor(cluster, 'tolerance')).toThrow('needs numbers');
  });
});

describe('naming a cluster', () => {
  const clusters = ['$.a', '$.b', '$.c'].map((path) => clusterOf(ROUTE, { kind: 'type', path, shape: 'x' }));
  const same = clusters.map((cluster, index) => ({ ...cluster, id: `ab${index}${cluster.id.slice(3)}` }));

  it('takes the id or what tells it from others', () => {
    expect(findCluster(same, same[1]!.id)).toBe(same[1]);
    expect(findCluster(same, 'AB2')).toBe(same[2]);
  });

  it('refuses what could be several, and what is none, with a way out', () => {
    expect(() => findCluster(same, 'ab')).toThrow('begins 3 cluster ids');
    expect(() => findCluster(same, '')).toThrow('there is no cluster');
    const slip = same[0]!.id.slice(0, -1) + (same[0]!.id.endsWith('0') ? '1' : '0');
    try {
      findCluster(same, slip);
    } catch (error) {
      expect(error).toMatchObject({ code: 'REPORT_UNKNOWN_CLUSTER', remedy: `did you mean ${same[0]!.id}?` });
    }
    expect.assertions(3);
  });
});
