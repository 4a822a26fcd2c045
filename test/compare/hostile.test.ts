import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';
import { hashText } from '../../migration-plans/compare/json/node.ts';
import { answer, compareJson, compareText, PLAIN, rule, told, withRules } from './support.ts';

const json = 'application/json';

/** Generous on a busy machine; what is quadratic takes minutes. */
const LIMIT = 15_000;

describe('hostile documents', () => {
  it.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('nested without end are never equal: %s', (_name, open, close) => {
    const deep = (depth: number, core: string) => open.repeat(depth) + core + close.repeat(depth);
    expect(compareText(deep(400, '1'), deep(400, '2'), json).equal).toBe(false);
    const comparison = compareText(deep(100_000, '1'), deep(100_000, '2'), json);
    expect(told(comparison)).toEqual(['bytes body nested too deep']);
    expect(comparison.notices.join()).toContain('deeper than');
    expect(compareText(deep(100_000, '1'), deep(100_000, '1'), json).equal).toBe(true);
  });

  it('with a change deep within nested lists cost no more than their size', { timeout: LIMIT }, () => {
    const nest = (core: unknown) => {
      let value: unknown = core;
      for (let i = 0; i < 400; i++) value = [Array.from({ length: 50 }, (_, k) => k), value];
      return value;
    };
    expect(told(compareJson(nest(1), nest('1')))).toHaveLength(1);
  });

  it('with 100 000 elements are aligned', { timeout: LIMIT }, () => {
    const list = Array.from({ length: 100_000 }, (_, i) => i * 7);
    expect(told(compareJson(list, [-1, ...list]))).toEqual(['length $ longer']);
    expect(told(compareJson(list, [...list].reverse()))).toEqual(['order $ list']);
    const all = compareJson(
      list,
      list.map((value) => value + 1),
    );
    expect(all.equal).toBe(false);
    expect(all.differences.length).toBeLessThan(200);
    expect(
      compareJson(list, [...list].reverse(), withRules(rule({ json: '$' }, { kind: 'unordered' }))).equal,
    ).toBe(true);
  });

  it('with 100 000 equal elements are counted', { timeout: LIMIT }, () => {
    const list = new Array(100_000).fill('x');
    const rules = withRules(
      rule({ json: '$' }, { kind: 'unordered' }),
      rule({ json: '$[*].n' }, { kind: 'tolerance', absolute: 1, relative: 0 }),
    );
    expect(compareJson([...list, 'y'], ['y', ...list], rules).equal).toBe(true);
    expect(compareJson([...list, 'y'], ['y', 'y', ...list.slice(1)], rules).equal).toBe(false);
  });

  it('with elements that collide in their hash are told apart', { timeout: LIMIT }, () => {
    const byHash = new Map<number, string>();
    let pair: [string, string] | undefined;
    for (let i = 0; pair === undefined && i < 2_000_000; i++) {
      const text = `k${i.toString(36)}`;
      const known = byHash.get(hashText(text));
      if (known !== undefined) pair = [known, text];
      byHash.set(hashText(text), text);
    }
    const [a, b] = pair!;
    const rules = withRules(rule({ json: '$' }, { kind: 'unordered' }));
    expect(compareJson([a, 'x', 'y'], ['y', 'x', b], rules).equal).toBe(false);
    expect(compareJson([a, b, 'x'], ['x', b, a], rules).equal).toBe(true);
    expect(told(compareJson([a, b, 'x'], ['x', b, a]))).toEqual(['order $ list']);
  });

  it('with many alike elements under a tolerance stay within a budget and are never called equal', {
    timeout: LIMIT,
  }, () => {
    const rules = withRules(
      rule({ json: '$' }, { kind: 'unordered' }),
      rule({ json: '$[*]' }, { kind: 'tolerance', absolute: 0.5, relative: 0 }),
    );
    const list = Array.from({ length: 5_000 }, (_, i) => i);
    expect(
      compareJson(
        list,
        list
          .map((value) => value + 0.4)
          .reverse()
          .with(0, 99_999),
        rules,
      ).equal,
    ).toBe(false);
  });

  it('with 100 000 names, and names of 1 MB, keep differences small', { timeout: LIMIT }, () => {
    const left = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, 1]));
    const comparison = compareJson(left, {});
    expect(comparison.equal).toBe(false);
    expect(comparison.differences.length).toBeLessThanOrEqual(200);
    expect(comparison.omitted).toBeGreaterThan(90_000);
    const long = compareJson(
      { ['k'.repeat(1_000_000)]: 'v'.repeat(1_000_000) },
      { ['k'.repeat(1_000_000)]: 'w'.repeat(1_000_000) },
    );
    expect(JSON.stringify(long).length).toBeLessThan(5_000);
  });

  it('in HTML with 100 000 open elements are compared by lines', { timeout: LIMIT }, () => {
    const deep = (core: string) => '<div>'.repeat(100_000) + core;
    const comparison = compareText(deep('a'), deep('b'), 'text/html');
    expect(comparison.equal).toBe(false);
    expect(comparison.notices.join()).toContain('nested too deep');
    expect(
      compareText('<p>a<li>'.repeat(20_000), '<p>a<li>'.repeat(20_000).replace('a', 'b'), 'text/html').equal,
    ).toBe(false);
  });

  it('with headers of any shape do not throw', () => {
    const odd = answer('{}', {
      headers: [
        'Set-Cookie',
        '',
        'Set-Cookie',
        '=;=;',
        'Set-Cookie',
        ';;;',
        '',
        'x',
        'Vary',
        '"',
        'Content-Encoding',
        ',,',
      ],
    });
    expect(compareAnswers(odd, odd, PLAIN).equal).toBe(true);
    const many = answer('{}', { headers: Array.from({ length: 2_000 }, (_, i) => [`x-${i}`, 'y']).flat() });
    expect(compareAnswers(odd, many, PLAIN).equal).toBe(false);
    const cookies = answer('{}', {
      headers: Array.from({ length: 2_000 }, () => ['Set-Cookie', 'same=name']).flat(),
    });
    expect(compareAnswers(answer('{}'), cookies, PLAIN).equal).toBe(false);
  });
});
