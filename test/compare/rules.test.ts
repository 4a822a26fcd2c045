import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';
import { IdMaps } from '../../migration-plans/compare/id-maps.ts';
import { compileRules, isExpired } from '../../migration-plans/compare/rules.ts';
import { answer, compareJson, compareText, planOf, ROUTE, rule, told, withRules } from './support.ts';

describe('ignore', () => {
  it('hides what it names and nothing beside it, and counts', () => {
    const ignore = rule({ json: '$.id' }, { kind: 'ignore' });
    const comparison = compareJson(
      { id: 1, idempotencyKey: 2, inner: { id: 3 } },
      { id: 9, idempotencyKey: 9, inner: { id: 9 } },
      withRules(ignore),
    );
    expect(told(comparison)).toEqual([
      'value $.idempotencyKey integer→integer',
      'value $.inner.id integer→integer',
    ]);
    expect(comparison.hidden).toEqual({ [ignore.id]: 1 });
  });

  it('hides that a field is missing or in addition', () => {
    const rules = withRules(rule({ json: '$..debug' }, { kind: 'ignore' }));
    expect(compareJson({ a: [{ debug: 1 }] }, { a: [{}] }, rules).equal).toBe(true);
    expect(compareJson({ a: [{}] }, { a: [{ debug: { x: 1 } }] }, rules).equal).toBe(true);
  });

  it('follows filters, slices and negative indices', () => {
    const rules = withRules(
      rule({ json: "$.items[?@.type=='ad'].url" }, { kind: 'ignore' }),
      rule({ json: '$.log[-1]' }, { kind: 'ignore' }),
    );
    const left = {
      items: [
        { type: 'ad', url: 1 },
        { type: 'link', url: 1 },
      ],
      log: [1, 2],
    };
    expect(
      compareJson(
        left,
        {
          ...left,
          items: [
            { type: 'ad', url: 2 },
            { type: 'link', url: 1 },
          ],
          log: [1, 3],
        },
        rules,
      ).equal,
    ).toBe(true);
    expect(
      told(
        compareJson(
          left,
          {
            ...left,
            items: [
              { type: 'ad', url: 1 },
              { type: 'link', url: 2 },
            ],
          },
          rules,
        ),
      ),
    ).toEqual(['value $.items[*].url integer→integer']);
    expect(compareJson(left, { ...left, log: [3, 2] }, rules).equal).toBe(false);
  });

  it('lets elements that differ only in an ignored field match in any order', () => {
    const rules = withRules(
      rule({ json: '$' }, { kind: 'unordered' }),
      rule({ json: '$[*].at' }, { kind: 'ignore' }),
    );
    expect(
      compareJson(
        [
          { n: 1, at: 5 },
          { n: 2, at: 6 },
        ],
        [
          { n: 2, at: 7 },
          { n: 1, at: 8 },
        ],
        rules,
      ).equal,
    ).toBe(true);
    expect(
      compareJson(
        [
          { n: 1, at: 5 },
          { n: 2, at: 6 },
        ],
        [
          { n: 2, at: 7 },
          { n: 2, at: 8 },
        ],
        rules,
      ).equal,
    ).toBe(false);
  });
});

describe('order', () => {
  it('unordered means a multiset, also of lists within', () => {
    const rules = withRules(
      rule({ json: '$' }, { kind: 'unordered' }),
      rule({ json: '$[*].tags' }, { kind: 'unordered' }),
    );
    const left = [{ tags: ['a', 'b'] }, { tags: ['c', 'c', 'd'] }];
    expect(compareJson(left, [{ tags: ['d', 'c', 'c'] }, { tags: ['b', 'a'] }], rules).equal).toBe(true);
    expect(compareJson(left, [{ tags: ['d', 'd', 'c'] }, { tags: ['b', 'a'] }], rules).equal).toBe(false);
  });

  it('finds the pairing that tolerances allow where a greedy one would fail', () => {
    const rules = withRules(
      rule({ json: '$' }, { kind: 'unordered' }),
      rule({ json: '$[*]' }, { kind: 'tolerance', absolute: 1, relative: 0 }),
    );
    expect(compareJson([2, 1], [1.5, 2.9], rules).equal).toBe(true);
    expect(compareJson([5, 1], [1.5, 2.9], rules).equal).toBe(false);
  });

  it('keyed pairs elements by their key', () => {
    const rules = withRules(rule({ json: '$.rows' }, { kind: 'keyed', by: 'id' }));
    const rows = [
      { id: 1, n: 'a' },
      { id: 2, n: 'b' },
      { id: '2', n: 'c' },
    ];
    expect(compareJson({ rows }, { rows: [...rows].reverse() }, rules).equal).toBe(true);
    expect(told(compareJson({ rows }, { rows: [rows[2], rows[0]] }, rules))).toEqual([
      'length $.rows shorter',
    ]);
    const changed = compareJson({ rows }, { rows: [{ id: 2, n: 'x' }, rows[2], rows[0]] }, rules);
    expect(told(changed)).toEqual(['value $.rows[*].n text→text']);
  });

  it.each([
    [
      'duplicate keys',
      [
        { id: 1, n: 1 },
        { id: 1, n: 2 },
      ],
      'twice',
    ],
    ['a missing key', [{ id: 1, n: 1 }, { n: 2 }], 'without the key'],
  ])('keyed with %s falls back loudly and never to equal', (_name, rows, says) => {
    const rules = withRules(rule({ json: '$' }, { kind: 'keyed', by: 'id' }));
    const comparison = compareJson(rows, [...rows].reverse(), rules);
    expect(comparison.equal).toBe(false);
    expect(comparison.notices.join()).toContain(says);
    expect(compareJson(rows, [rows[0], rows[0]], rules).equal).toBe(false);
  });
});

describe('tolerance, format, id maps', () => {
  it('holds a tolerance by value, on numbers and on numbers in texts, never across types', () => {
    const rules = withRules(rule({ json: '$.n' }, { kind: 'tolerance', absolute: 0.01, relative: 0 }));
    expect(compareJson({ n: 0.3 }, { n: 0.31 }, rules).equal).toBe(true);
    expect(compareJson({ n: '10.00' }, { n: '10.01' }, rules).equal).toBe(true);
    expect(compareJson({ n: 0.3 }, { n: 0.32 }, rules).equal).toBe(false);
    expect(compareJson({ n: 0.3 }, { n: '0.3' }, rules).equal).toBe(false);
    expect(compareText('{"n":1e999}', '{"n":2e999}', 'application/json', rules).equal).toBe(false);
  });

  it('checks the format of everything below the place', () => {
    const rules = withRules(rule({ json: '$.meta' }, { kind: 'format' }));
    const left = { meta: { id: 'b2a7c1de-0000-4000-8000-000000000001', at: '2030-01-01T00:00:00Z', n: 1 } };
    expect(
      compareJson(
        left,
        { meta: { id: 'c3a7c1de-0000-4000-8000-000000000002', at: '2031-01-01T00:00:00Z', n: 7 } },
        rules,
      ).equal,
    ).toBe(true);
    expect(told(compareJson(left, { meta: { ...left.meta, id: 'undefined' } }, rules))).toEqual([
      'format $.meta.id uuid→nonsense',
    ]);
    expect(told(compareJson(left, { meta: { ...left.meta, at: '01.01.2030' } }, rules))).toEqual([
      'format $.meta.at iso-time Z→text',
    ]);
    expect(compareJson(left, { meta: { ...left.meta, extra: 1 } }, rules).equal).toBe(false);
  });

  it('holds an id map to one to one, across types and within a document', () => {
    const rules = withRules(rule({ json: '$..id' }, { kind: 'idMap', map: 'review' }));
    const left = [{ id: 41 }, { id: 42 }, { id: 41 }];
    expect(compareJson(left, [{ id: 'a9' }, { id: 'b7' }, { id: 'a9' }], rules).equal).toBe(true);
    expect(told(compareJson(left, [{ id: 'a9' }, { id: 'b7' }, { id: 'b7' }], rules))).toContain(
      'relation $[*].id id map review: broken',
    );
    expect(compareJson(left, [{ id: 'a9' }, { id: 'a9' }, { id: 'a9' }], rules).equal).toBe(false);
    expect(compareJson([{ id: 41 }], [{ id: 'undefined' }], rules).equal).toBe(false);
    expect(compareJson([{ id: 41 }], [{ id: null }], rules).equal).toBe(false);
  });

  it('holds an id map across comparisons that share it', () => {
    const context = { ...withRules(rule({ json: '$.id' }, { kind: 'idMap', map: 'm' })), ids: new IdMaps() };
    expect(compareJson({ id: 1 }, { id: 'x' }, context).equal).toBe(true);
    expect(compareJson({ id: 1 }, { id: 'x' }, context).equal).toBe(true);
    expect(compareJson({ id: 1 }, { id: 'y' }, context).equal).toBe(false);
    expect(compareJson({ id: 2 }, { id: 'x' }, context).equal).toBe(false);
  });
});

describe('rules themselves', () => {
  it('do not apply after their day, and say so', () => {
    const old = rule({ json: '$.a' }, { kind: 'ignore' }, { expires: '2029-12-31' });
    const comparison = compareJson({ a: 1 }, { a: 2 }, withRules(old));
    expect(comparison.equal).toBe(false);
    expect(comparison.notices).toEqual([`rule ${old.id} expired on 2029-12-31 and was not applied`]);
    expect(isExpired(old, new Date('2029-12-31T23:59:59Z'))).toBe(false);
    expect(isExpired({ ...old, expires: 'soon' }, new Date('2020-01-01'))).toBe(true);
  });

  it('that can’t be read are left out and say so', () => {
    const comparison = compareJson(
      { a: 1 },
      { a: 2 },
      withRules(rule({ json: '$.[' }, { kind: 'ignore' }), rule({ html: '>>' }, { kind: 'ignore' })),
    );
    expect(comparison.equal).toBe(false);
    expect(comparison.notices).toHaveLength(2);
  });

  it('apply to their routes only', () => {
    const plan = planOf({
      compare: {
        headers: undefined,
        rules: [rule({ json: '$.a' }, { kind: 'ignore' }, { routes: ['GET /other'] })],
      },
    });
    const rules = compileRules(plan, new Date());
    const left = answer('{"a":1}');
    const right = answer('{"a":2}');
    expect(compareAnswers(left, right, { method: 'GET', rules: rules.forRoute(ROUTE) }).equal).toBe(false);
    expect(compareAnswers(left, right, { method: 'GET', rules: rules.forRoute('GET /other') }).equal).toBe(
      true,
    );
  });
});
