/** Makes decimals and errors of what arrived, of the classes that this process has. */
import type { ErrorForm, Makers } from './codec.ts';

type DecimalClass = new (text: string) => unknown;
interface Holder {
  Decimal?: unknown;
}

type ErrorClass = new (...args: never[]) => Error;

/** Where a process with Prisma, or with decimal.js, has its class. The name is a variable: none of them must be there. */
const decimalPlaces = [
  '@prisma/client/runtime/client',
  '@prisma/client/runtime/library',
  '@prisma/client',
  'decimal.js',
];

let decimals: Promise<DecimalClass> | undefined;

/** The class for decimals, looked for once. */
export function decimalClass(): Promise<DecimalClass> {
  if (decimals === undefined) decimals = findDecimalClass();
  return decimals;
}

async function findDecimalClass(): Promise<DecimalClass> {
  for (const place of decimalPlaces) {
    try {
      const found = (await import(place)) as Holder & { default?: Holder; Prisma?: Holder };
      for (const holder of [found, found.default, found.Prisma]) {
        if (holder && typeof holder.Decimal === 'function') return holder.Decimal as DecimalClass;
      }
    } catch {
      // Not installed, or not generated: the next one.
    }
  }
  return PlainDecimal;
}

/** A decimal where no class for it is installed: exact as text, without arithmetic. */
class PlainDecimal {
  private readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
  toJSON(): string {
    return this.text;
  }
  valueOf(): string {
    return this.text;
  }
  toNumber(): number {
    return Number(this.text);
  }
  toFixed(places?: number): string {
    return places === undefined ? this.text : Number(this.text).toFixed(places);
  }
  get toStringTag(): string {
    return '[object Decimal]';
  }
}

export const errorClasses = new Map<string, ErrorClass>([
  ['TypeError', TypeError],
  ['RangeError', RangeError],
  ['SyntaxError', SyntaxError],
  ['ReferenceError', ReferenceError],
]);

export function makersOf(Decimal: DecimalClass): Makers {
  return { decimal: (text) => new Decimal(text), error: makeError };
}

/** An error of the class of that name if there is one; its constructor is not run, as nobody knows its arguments. */
function makeError(form: ErrorForm): Error {
  const error = new Error(form.message);
  const known = [...form.classes, form.name]
    .map((name) => errorClasses.get(name))
    .find((it) => it !== undefined);
  if (known !== undefined) Object.setPrototypeOf(error, known.prototype);
  const set = (name: string, value: unknown, enumerable: boolean) =>
    Object.defineProperty(error, name, { value, writable: true, enumerable, configurable: true });
  if (error.name !== form.name) set('name', form.name, false);
  for (const name of Object.keys(form.properties)) {
    if (name !== 'stack' && name !== 'message') set(name, form.properties[name], true);
  }
  return error;
}
