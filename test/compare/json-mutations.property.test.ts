import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';
import { answer, compareJson, compareText, PLAIN, rule, withRules } from './support.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const document = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

/** Every place of a document, as paths of keys. */
function places(value: Json, path: (string | number)[] = []): (string | number)[][] {
  const inner =
    value !== null && typeof value === 'object'
      ? Object.entries(value).flatMap(([key, child]) =>
          places(child, [...path, Array.isArray(value) ? Number(key) : key]),
        )
      : [];
  return [path, ...inner];
}

function changed(value: Json, path: (string | number)[], change: (value: Json) => Json): Json {
  if (path.length === 0) return change(value);
  const [head, ...rest] = path;
  if (Array.isArray(value)) return value.map((item, i) => (i === head ? changed(item, rest, change) : item));
  return Object.fromEntries(
    Object.entries(value as object).map(([key, item]) => [
      key,
      key === head ? changed(item as Json, rest, change) : item,
    ]),
  );
}

/** Single changes that leave a document of another value. */
const MUTATIONS: ((value: Json) => Json)[] = [
  (value) => (value === null ? 0 : null),
  (value) => (typeof value === 'string' ? `${value} ` : 'x'),
  (value) =>
    typeof value === 'number'
      ? value + (Number.isInteger(value) && Math.abs(value) < 1e15 ? 1 : Math.abs(value)) || 1
      : 42,
  (value) => (typeof value === 'boolean' ? !value : true),
  (value) => (Array.isArray(value) ? [...value, null] : []),
  (value) => (Array.isArray(value) ? value.slice(1) : [value]),
  (value) =>
    value !== null && typeof value === 'object' && !Array.isArray(value) ? { ...value, added: 1 } : {},
  (value) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).slice(1))
      : { was: value },
  (value) => (Array.isArray(value) ? [...value].reverse() : [value, value]),
  (value) =>
    typeof value === 'number' || typeof value === 'boolean' ? String(value) : value === '' ? ' ' : '',
];

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`)
      .join(',')}}`;
  }
  // JSON has one zero.
  return Object.is(value, -0) ? '0' : JSON.stringify(value);
}

function shuffledKeys(value: Json, seed: number): Json {
  if (Array.isArray(value)) return value.map((item) => shuffledKeys(item, seed + 1));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, item]): [string, Json] => [
    key,
    shuffledKeys(item, seed + 1),
  ]);
  return Object.fromEntries(
    entries.sort(([a], [b]) => ((a.length * 7 + seed) % 5) - ((b.length * 7 + seed) % 5) || (a < b ? 1 : -1)),
  );
}

describe('JSON without rules', () => {
  it('finds every single change', () => {
    fc.assert(
      fc.property(document, fc.nat(), fc.nat({ max: MUTATIONS.length - 1 }), (value, place, mutation) => {
        const all = places(value);
        const mutant = changed(value, all[place % all.length]!, MUTATIONS[mutation]!);
        fc.pre(canonical(mutant) !== canonical(value));
        const comparison = compareJson(value, mutant);
        expect(comparison.equal).toBe(false);
        expect(comparison.differences.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds it also within a list and with the keys in another order', () => {
    fc.assert(
      fc.property(
        document,
        fc.nat(),
        fc.nat({ max: MUTATIONS.length - 1 }),
        fc.nat({ max: 20 }),
        (value, place, mutation, seed) => {
          const all = places(value);
          const mutant = changed(value, all[place % all.length]!, MUTATIONS[mutation]!);
          const same = canonical(mutant) === canonical(value);
          const list = (item: Json) => [0, { item, other: 1 }, 2];
          expect(compareJson(list(value), shuffledKeys(list(mutant), seed)).equal).toBe(same);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is equal exactly when the values are', () => {
    fc.assert(
      fc.property(document, document, (left, right) => {
        expect(compareJson(left, right).equal).toBe(canonical(left) === canonical(right));
      }),
      { numRuns: 500 },
    );
  });

  it('does not care for the order of keys and for white space', () => {
    fc.assert(
      fc.property(
        document,
        fc.nat({ max: 20 }),
        fc.constantFrom('', ' ', '\t', '\n  '),
        (value, seed, space) => {
          const other = JSON.stringify(shuffledKeys(value, seed), null, space);
          const left = answer(JSON.stringify(value));
          expect(compareAnswers(left, answer(`\n${other} \r\n`), PLAIN)).toMatchObject({
            equal: true,
            differences: [],
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('finds a document equal to itself, also under rules', () => {
    const rules = withRules(
      rule({ json: '$..*' }, { kind: 'unordered' }),
      rule({ json: '$..id' }, { kind: 'keyed', by: 'id' }),
      rule({ json: '$..a' }, { kind: 'tolerance', absolute: 1, relative: 0 }),
      rule({ json: '$[?@.a]' }, { kind: 'format' }),
      rule({ json: '$..b' }, { kind: 'idMap', map: 'm' }),
    );
    fc.assert(
      fc.property(document, (value) => {
        const text = JSON.stringify(value);
        expect(compareText(text, ` ${text}`, 'application/json', rules).equal).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('finds every single change of an element in a list compared as a multiset', () => {
    const rules = withRules(rule({ json: '$' }, { kind: 'unordered' }));
    const list = fc.array(fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>, {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        list,
        fc.nat(),
        fc.nat({ max: MUTATIONS.length - 1 }),
        fc.nat(),
        (value, place, mutation, rotation) => {
          const index = place % value.length;
          const mutant = value.map((item, i) => (i === index ? MUTATIONS[mutation]!(item) : item));
          const moved = [
            ...mutant.slice(rotation % mutant.length),
            ...mutant.slice(0, rotation % mutant.length),
          ];
          const same = [...value].map(canonical).sort().join() === [...mutant].map(canonical).sort().join();
          expect(compareJson(value, moved, rules).equal).toBe(same);
        },
      ),
      { numRuns: 700 },
    );
  });
});
