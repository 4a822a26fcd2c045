import { describe, expect, it } from 'vitest';
import { compareJson, compareText, told } from './support.ts';

const json = 'application/json';

describe('numbers', () => {
  it.each([
    ['9007199254740993', '9007199254740992'],
    ['0.1', '0.1000000000000000055511151231257827'],
    ['1e400', '1e401'],
    ['123456789012345678901', '123456789012345678902'],
    ['1e99999999999999999999', '1e99999999999999999998'],
    ['10.50', '10.5000001'],
  ])('%s is not %s', (left, right) => {
    expect(compareText(`{"n":${left}}`, `{"n":${right}}`, json).equal).toBe(false);
  });

  it.each([
    ['1.0', '1'],
    ['1e2', '100'],
    ['10.50', '10.5'],
    ['-0', '0'],
    ['123456789012345678901e1', '1234567890123456789010'],
    ['0.00000000000000000000012345678901234567', '1.2345678901234567e-22'],
  ])('%s is the same number as %s', (left, right) => {
    expect(compareText(`{"n":${left}}`, `{"n":${right}}`, json).equal).toBe(true);
  });
});

describe('objects', () => {
  it('keeps duplicate members, which parsers treat differently', () => {
    expect(compareText('{"a":1,"a":2}', '{"a":2}', json).equal).toBe(false);
    expect(compareText('{"a":1,"a":2}', '{"a":2,"a":1}', json).equal).toBe(false);
    expect(compareText('{"b":0,"a":1,"a":2}', '{"a":1,"b":0,"a":2}', json).equal).toBe(true);
  });

  it('tells null, absent and empty apart', () => {
    expect(told(compareJson({ a: null }, {}))).toEqual(['missing $.a null→absent']);
    expect(told(compareJson({ a: null }, { a: '' }))).toEqual(['type $.a null→string']);
    expect(told(compareJson({ a: [] }, { a: {} }))).toEqual(['type $.a array→object']);
  });

  it('is not fooled by names of the language', () => {
    const left = '{"__proto__":{"x":1},"constructor":1,"toString":2,"length":3}';
    expect(compareText(left, left.replace('"x":1', '"x":2'), json).equal).toBe(false);
    expect(compareText(left, '{"constructor":1,"toString":2,"length":3}', json).equal).toBe(false);
  });

  it('makes one cluster of a map written as an object', () => {
    const left = { byId: { 41: { n: 1 }, 42: { n: 1 }, 'bob@example.com': { n: 1 } } };
    const right = { byId: { 41: { n: '1' }, 42: { n: '1' }, 'bob@example.com': { n: '1' } } };
    expect(new Set(told(compareJson(left, right)))).toEqual(new Set(['type $.byId.*.n number→string']));
  });
});

describe('lists', () => {
  const items = Array.from({ length: 200 }, (_, id) => ({ id, name: `item ${id}`, price: id * 1.5 }));

  it('tells one inserted element as one difference', () => {
    const right = [...items.slice(0, 50), { id: 999, name: 'new', price: 1 }, ...items.slice(50)];
    const comparison = compareJson(items, right);
    expect(told(comparison)).toEqual(['length $ longer']);
    expect(comparison.omitted).toBe(0);
  });

  it('tells a mere reordering as one difference', () => {
    expect(told(compareJson(items, [...items].reverse()))).toEqual(['order $ list']);
  });

  it('pairs elements by what identifies them when all of them changed and moved', () => {
    const right = items.map((item) => ({ ...item, price: String(item.price) })).reverse();
    const comparison = compareJson(items, right);
    expect(new Set(told(comparison))).toEqual(new Set(['type $[*].price number→string', 'order $ list']));
    expect(comparison.omitted).toBe(197);
  });

  it('tells a truncated list as one difference', () => {
    const comparison = compareJson({ items }, { items: items.slice(0, 20) });
    expect(told(comparison)).toEqual(['length $.items shorter']);
    expect(comparison.differences[0]).toMatchObject({
      left: expect.stringContaining('"id":20'),
      right: '20 elements',
    });
  });

  it('counts how often an element occurs', () => {
    expect(compareJson([1, 1, 2], [1, 2, 2]).equal).toBe(false);
    expect(compareJson([[1], [1], [2]], [[1], [2], [2]]).equal).toBe(false);
  });

  it('does not take repeated elements that came or went for another order', () => {
    const kinds = compareJson(['x', 'y', 'z', 'x', 'm'], ['y', 'q', 'x', 'n']).differences.map(
      ({ kind }) => kind,
    );
    expect(kinds).not.toContain('order');
    expect(kinds.length).toBeGreaterThan(0);
  });

  it('tells swapped ids by the ids, not by everything else', () => {
    const left = [
      { id: 1, name: 'a', price: 3 },
      { id: 2, name: 'b', price: 4 },
    ];
    const right = [
      { id: 2, name: 'a', price: 3 },
      { id: 1, name: 'b', price: 4 },
    ];
    expect(new Set(told(compareJson(left, right)))).toEqual(new Set(['value $[*].id integer→integer']));
  });

  it('loses no kind of difference behind many of another kind', () => {
    const noise = (mark: string, i: number) => ({
      a: `${mark}${i}`,
      b: `${mark}${i}`,
      c: `${mark}${i}`,
      d: `${mark}${i}`,
    });
    const left = Array.from({ length: 5_000 }, (_, i) => ({ ...noise('t', i), ok: true }));
    const right = left.map((_, i) => ({ ...noise('u', i), ok: i === 4_999 ? 'yes' : true }));
    const comparison = compareJson(left, right);
    expect(told(comparison)).toContain('type $[*].ok boolean→string');
    expect(comparison.differences.length).toBeLessThan(20);
    expect(comparison.omitted).toBeGreaterThan(19_000);
  });
});

describe('what is no JSON', () => {
  it('is a difference if only one side is none', () => {
    expect(told(compareText('{"a":1}', '{"a":1', json))).toEqual(['unparsable body JSON→not JSON']);
    expect(told(compareText('{"a":1}', '\uFEFF{"a":1}', json))).toEqual(['unparsable body JSON→not JSON']);
  });

  it.each([
    '01',
    '1.',
    '.5',
    '+1',
    "{'a':1}",
    '[1,]',
    '{"a":1,}',
    'NaN',
    '"\u0001"',
    '"\\x"',
    'nul',
    '[1 2]',
    '{"a" 1}',
    '',
    '1 1',
  ])('is read as strictly as the standard asks: %s', (text) => {
    expect(told(compareText(text, '{"z":0}', json))).toEqual(['unparsable body not JSON→JSON']);
  });

  it('is compared as text if both sides are none', () => {
    const comparison = compareText('oops 1\nline', 'oops 2\nline', json);
    expect(comparison.equal).toBe(false);
    expect(comparison.notices).toEqual(['both bodies say they are JSON and are not; compared as text']);
    expect(compareText('oops\r\n', 'oops\n', json).equal).toBe(false);
  });
});
