import { describe, expect, it } from 'vitest';
import { identityStubOf, stubOf } from '../../cli/carve/ports/stub.ts';
import { portOf, specOf } from './ports-support.ts';

const typed = specOf({ language: 'ts', modules: 'esm', dependencies: ['@prisma/client', 'ky'] });
const plain = specOf({});
const port = (given: Parameters<typeof portOf>[0]) => portOf(given);

describe('the stub of a function that stays in the monolith', () => {
  it('takes the place of a declaration, an arrow function and a method', () => {
    const base = {
      file: 'src/a/books.ts',
      name: 'find',
      parameterText: 'id: number',
      returnType: 'Promise<string>',
    };
    expect(stubOf(port(base), typed)).toEqual({
      text: "async function find(id: number): Promise<string> {\n  return callPort('src/a/books.find', [id]) as Promise<string>;\n}",
      imports: [{ request: '../../service/ports/client.js', names: ['callPort'] }],
      mentions: [],
      open: [],
    });
    expect(stubOf(port({ ...base, form: 'arrow' }), typed).text).toBe(
      "async (id: number): Promise<string> =>\n  callPort('src/a/books.find', [id]) as Promise<string>",
    );
    expect(stubOf(port({ ...base, name: 'books.find', form: 'method' }), typed, { indent: '  ' }).text).toBe(
      "(id: number): Promise<string> {\n    return callPort('src/a/books.books.find', [id]) as Promise<string>;\n  }",
    );
    expect(stubOf(port({ ...base, exported: 'default', name: 'default' }), typed).text).toMatch(
      /^async function \(/,
    );
  });

  it('has no types in JavaScript', () => {
    const stub = stubOf(
      port({ file: 'lib/books.js', name: 'find', parameterText: 'id, { deep = true } = {}, ...rest' }),
      plain,
    );
    expect(stub.text).toBe(
      "async function find(id, argument2, ...rest) {\n  return callPort('lib/books.find', [id, argument2, ...rest]);\n}",
    );
    expect(stub.imports[0]!.request).toBe('../service/ports/client');
  });

  it('leaves defaults to the monolith, and keeps what may be left out', () => {
    const stub = stubOf(
      port({
        file: 'a.ts',
        name: 'list',
        parameterText:
          "this: void, page = PAGE.first, take: number = 3, sort = 'new', last?: Date, { a }: Opts = {}",
        returnType: 'string[]',
      }),
      typed,
    );
    expect(stub.text.split('\n')[0]).toBe(
      'async function list(page?: any, take?: number, sort?: string, last?: Date, argument6?: Opts): Promise<string[]> {',
    );
    expect(stub.mentions).toEqual(['Opts']);
    expect(stub.open).toEqual(['a.list: `page` has no type']);
    expect(
      stubOf(port({ file: 'a.ts', name: 'f', parameterText: 'a = 1, b: string', returnType: 'void' }), typed)
        .text,
    ).toContain('(a: number | undefined, b: string): Promise<void>');
  });

  it('puts `any` for types that the service does not have, and tells so', () => {
    const stub = stubOf(
      port({
        file: 'a.ts',
        name: 'f',
        typeParameterText: '<T extends Base<Gone>>',
        parameterText:
          "a: T, b: keyof typeof table, c: import('ky').Options, d: import('./x').X, e: Map<string, Gone.Inner>",
        returnType: 'Promise<Gone[] | Kept>',
      }),
      typed,
      { missing: new Set(['Gone', 'table']) },
    );
    expect(stub.text.split('\n')[0]).toBe(
      "async function f<T extends Base<any>>(a: T, b: keyof any, c: import('ky').Options, d: any, e: Map<string, any>): Promise<any[] | Kept> {",
    );
    expect(stub.mentions).toEqual(['Base', 'Kept']);
    expect(stub.open).toHaveLength(5);
  });

  it('takes the type that the compiler found where none is declared', () => {
    const inferred = {
      inferred: 'Promise<{ id: number; price: import("@prisma/client").Prisma.Decimal } | null>',
    };
    expect(stubOf(port({ file: 'a.ts', name: 'f' }), typed, inferred).text).toContain(
      'Promise<{ id: number; price: import("@prisma/client").Prisma.Decimal } | null> {',
    );
    const unknown = stubOf(port({ file: 'a.ts', name: 'f' }), typed);
    expect(unknown.text).toContain('Promise<any>');
    expect(unknown.open).toEqual(['a.f: its result has no declared type']);
  });

  it('promises what the function returned at once', () => {
    const returns = (type: string) =>
      /\): (.*) \{\n/.exec(stubOf(port({ file: 'a.ts', name: 'f', returnType: type }), typed).text)![1];
    expect(returns('number')).toBe('Promise<number>');
    expect(returns('Promise<A>')).toBe('Promise<A>');
    expect(returns('A | Promise<A>')).toBe('Promise<Awaited<A | Promise<A>>>');
    expect(returns('PromiseLike<A>')).toBe('Promise<A>');
    expect(returns('x is string')).toBe('Promise<boolean>');
  });

  it('says which function it is where the text cannot be read', () => {
    expect(() => stubOf(port({ file: 'a.ts', name: 'f', parameterText: 'a: (' }), typed)).toThrow('a.f');
  });
});

describe('the stub of what finds out who is calling', () => {
  const identity = {
    name: 'requireUser',
    file: 'auth.js',
    line: 1,
    framework: 'express' as const,
    properties: ['user'],
  };
  it('asks with the request that it is given', () => {
    expect(identityStubOf(identity, plain).text).toBe(
      "async (request, response, next) => identify('auth.requireUser', request, response, next)",
    );
    expect(identityStubOf({ ...identity, form: 'function', file: 'src/auth.ts' }, typed)).toMatchObject({
      text: "async function requireUser(...asked: Asked) {\n  return identify('src/auth.requireUser', ...asked);\n}",
      imports: [{ request: '../service/ports/identity.js', names: ['type Asked', 'identify'] }],
    });
    expect(identityStubOf({ ...identity, form: 'method', name: 'session hook' }, plain).text).toContain(
      "identify('auth.session-hook'",
    );
  });
});
