import { isDeepStrictEqual } from 'node:util';
import { Decimal } from '@prisma/client/runtime/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decode,
  decodeError,
  encode,
  encodeError,
  type Makers,
} from '../../cli/carve/ports/runtime/codec.ts';
import { decimalClass, errorClasses, makersOf } from '../../cli/carve/ports/runtime/makers.ts';

const makers: Makers = makersOf(Decimal as never);
const sent = (value: unknown): unknown =>
  decode(JSON.parse(JSON.stringify(encode(value, 'value'))), makers, 'value');

const carried = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(null, undefined, Number.NaN, Number.POSITIVE_INFINITY, -0),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('$', '__proto__', 'constructor', 'v', 'toString')),
      tie('value'),
      { maxKeys: 5 },
    ),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
  ),
})).value;

describe('values over the network', () => {
  it('arrive as they were', () => {
    fc.assert(
      fc.property(carried, (value) => {
        // Vitest's own comparison is misled by a key `constructor`.
        expect(isDeepStrictEqual(sent(value), bare(value))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('arrive as decimals to the last digit', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.integer({ min: -40, max: 40 }), (digits, power) => {
        const value = new Decimal(`${digits}e${power}`);
        const arrived = sent({ price: value }) as { price: Decimal };
        expect(Decimal.isDecimal(arrived.price)).toBe(true);
        expect(arrived.price.equals(value)).toBe(true);
      }),
    );
    expect((sent(new Decimal('0.1').add('0.2')) as Decimal).toString()).toBe('0.3');
  });

  it('makes decimals of the class that is installed', async () => {
    const Found = await decimalClass();
    expect((new Found('1.50') as Decimal).add(1).toString()).toBe('2.5');
  });

  it('pollutes no prototype', () => {
    const hostile = JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}');
    const arrived = sent(hostile) as Record<string, unknown>;
    expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype);
    expect((arrived as { admin?: unknown }).admin).toBeUndefined();
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
    const tagged = decode({ $: 'object', v: [['__proto__', { admin: true }]] }, makers, 'value') as object;
    expect(Object.getPrototypeOf(tagged)).toBe(Object.prototype);
  });

  it('become plain objects where they are of a class', () => {
    class Money {
      amount = 3;
      get double() {
        return this.amount * 2;
      }
    }
    expect(sent(new Money())).toStrictEqual({ amount: 3 });
  });

  it('are refused with their place where they cannot be carried', () => {
    const loop: { inner: { back?: unknown }[] } = { inner: [{}] };
    loop.inner[0]!.back = loop;
    let deep: unknown = 1;
    for (let at = 0; at < 101; at += 1) deep = [deep];
    for (const [value, place] of [
      [{ a: [1, () => 1] }, 'value.a[1]'],
      [{ a: Symbol('x') }, 'value.a'],
      [{ [Symbol('x')]: 1 }, 'value'],
      [loop, 'value.inner[0].back'],
      [new Map([['k', /x/]]), 'value<0>'],
      [Promise.resolve(1), 'value'],
      [process.stdout, 'value'],
      [new WeakMap(), 'value'],
      [new Float64Array(2), 'value'],
      [new URL('http://a'), 'value'],
      [
        new (class Moment {
          toJSON() {}
        })(),
        'value',
      ],
    ] as [unknown, string][]) {
      expect(() => encode(value, 'value')).toThrow(
        expect.objectContaining({ code: 'PORT_VALUE', path: place }),
      );
    }
    expect(() => encode(deep, 'value')).toThrow(/nested more than 100 deep/);
    expect(() =>
      encode(
        Array.from({ length: 1_000_001 }, () => 0),
        'value',
      ),
    ).toThrow(/more than 1000000 values/);
  });

  it('are shared but not cyclic twice without harm', () => {
    const shared = { at: new Date(0) };
    expect(sent([shared, shared])).toStrictEqual([{ at: new Date(0) }, { at: new Date(0) }]);
  });

  it('are refused where nobody could have written them', () => {
    let deep: unknown = 1;
    for (let at = 0; at < 5000; at += 1) deep = [deep];
    for (const tree of [
      { $: 'nonsense' },
      { $: {} },
      { $: 'bigint', v: 'x' },
      { $: 'bigint', v: '9'.repeat(6000) },
      { $: 'decimal', v: '1; drop' },
      { $: 'decimal', v: 5 },
      { $: 'date', v: 'yesterday' },
      { $: 'map', v: [[1]] },
      { $: 'map', v: 4 },
      { $: 'set', v: {} },
      { $: 'object', v: 'x' },
      { $: 'error', v: null },
      { $: 'buffer' },
      deep,
    ])
      expect(() => decode(tree, makers, 'value')).toThrow(expect.objectContaining({ code: 'PORT_VALUE' }));
  });

  it('never fail in another way, whatever arrives', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.string(), (tree, tag) => {
        for (const given of [tree, { $: tag, v: tree }, { $: 'error', v: tree }, { $: 'map', v: tree }]) {
          try {
            decode(given, makers, 'value');
          } catch (error) {
            expect((error as { code: unknown }).code).toBe('PORT_VALUE');
          }
        }
      }),
    );
  });
});

describe('errors over the network', () => {
  const thrown = (error: unknown): Error & Record<string, unknown> =>
    decodeError(JSON.parse(JSON.stringify(encodeError(error))), makers, 'error') as never;

  it('keep name, message, properties and causes, but no stack', () => {
    const cause = new RangeError('too far');
    const error = Object.assign(new Error('no', { cause }), {
      name: 'ShopError',
      code: 'P2002',
      meta: { target: ['email'] },
      request: { socket: () => {} },
    });
    const arrived = thrown(error);
    expect(arrived).toMatchObject({
      name: 'ShopError',
      message: 'no',
      code: 'P2002',
      meta: { target: ['email'] },
    });
    expect(arrived.request).toBeUndefined();
    expect(arrived.cause).toBeInstanceOf(RangeError);
    expect(JSON.stringify(encodeError(error))).not.toContain('ports-codec.test');
    expect(Object.prototype.toString.call(arrived)).toBe('[object Error]');
  });

  it('are of the class of that name where there is one', () => {
    class CheckoutError extends Error {
      override name = 'CheckoutError';
      get statusCode() {
        return 409;
      }
    }
    errorClasses.set('CheckoutError', CheckoutError);
    const arrived = thrown(new CheckoutError('sold out'));
    expect(arrived).toBeInstanceOf(CheckoutError);
    expect(arrived).toMatchObject({ message: 'sold out', statusCode: 409 });
    errorClasses.delete('CheckoutError');
    expect(thrown(new CheckoutError('sold out'))).toMatchObject({ name: 'CheckoutError', statusCode: 409 });
  });

  it('are of their class also where it leaves the name as it is, or inherits from one that is known', () => {
    class ShopError extends Error {}
    class NoStockError extends ShopError {}
    const form = encodeError(new NoStockError('none left')) as { name: string; classes: string[] };
    expect(form).toMatchObject({ name: 'Error', classes: ['NoStockError', 'ShopError'] });
    errorClasses.set('ShopError', ShopError);
    const arrived = thrown(new NoStockError('none left'));
    expect(arrived).toBeInstanceOf(ShopError);
    expect(arrived).not.toBeInstanceOf(NoStockError);
    errorClasses.set('NoStockError', NoStockError);
    expect(thrown(new NoStockError('none left'))).toBeInstanceOf(NoStockError);
    errorClasses.delete('ShopError');
    errorClasses.delete('NoStockError');
    const plain = thrown(new NoStockError('none left'));
    expect(plain).toBeInstanceOf(Error);
    expect(plain.message).toBe('none left');
  });

  it('are read from a side that names no classes, and from one that names rubbish or too many', () => {
    const form = encodeError(new RangeError('far')) as Record<string, unknown>;
    for (const classes of [undefined, 'RangeError', [1, null, { toString: 'x' }]])
      expect(decodeError({ ...form, classes }, makers, 'error')).toMatchObject({ name: 'RangeError' });
    let made: new (message: string) => Error = Error;
    for (let depth = 0; depth < 30; depth += 1) made = class extends made {};
    expect((encodeError(new made('deep')) as { classes: string[] }).classes.length).toBeLessThanOrEqual(8);
    const odd = Object.setPrototypeOf(new Error('odd'), null);
    expect(() => encodeError(odd)).not.toThrow();
    const hostile = new Error('hostile');
    Object.setPrototypeOf(hostile, Object.create(Error.prototype, { constructor: { value: null } }));
    expect(() => encodeError(hostile)).not.toThrow();
  });

  it('are bounded however long their chain of causes is, and whatever is thrown', () => {
    let error = new Error('first');
    for (let at = 0; at < 50; at += 1) error = new Error(`number ${at}`, { cause: error });
    let length = 0;
    for (let at: unknown = thrown(error); at instanceof Error; at = at.cause) length += 1;
    expect(length).toBe(6);
    expect(thrown(null).message).toContain('null');
    expect(thrown('text').message).toContain('text');
    const circular = new Error('round');
    circular.cause = circular;
    expect(thrown(circular).message).toBe('round');
  });
});

/** The value with plain prototypes, as it arrives. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [bare(key), bare(item)]));
  if (value instanceof Set) return new Set([...value].map(bare));
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date || value instanceof Uint8Array) return value;
  const made = {};
  for (const [key, item] of Object.entries(value))
    Object.defineProperty(made, key, {
      value: bare(item),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  return made;
}
