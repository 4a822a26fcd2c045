import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  csrfInJson,
  textsOf,
  tokensIn,
  valueAt,
  valueNamed,
} from '../../../cli/carve/gates/sign-in/tokens.ts';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
const paths = (value: unknown): string[] => tokensIn(value).map(({ path }) => path);

describe('tokens in an answer', () => {
  it('JWTs come before opaque ones, tokens for refreshing last', () => {
    expect(
      paths({
        refreshToken: JWT,
        sessionToken: '0123456789abcdef0123456789abcdef',
        data: { access: { token: JWT } },
        user: { name: 'A', id: '0123456789abcdef0123456789abcdef' },
        token: 'short',
        tokenType: 'Bearer',
      }),
    ).toEqual(['data.access.token', 'sessionToken', 'refreshToken']);
  });
  it('a JWT is one whatever it is called; a sentence and an address are none', () => {
    expect(
      paths({ id_: JWT, token: 'not a token at all, just words', url: 'https://example.com/session/x' }),
    ).toEqual(['id_']);
    expect(paths(JWT)).toEqual(['']);
  });
  it('are bounded for answers of any size and depth', () => {
    let deep: unknown = JWT;
    for (let level = 0; level < 5_000; level++) deep = { token: deep };
    expect(tokensIn(deep)).toEqual([]);
    expect(textsOf(Array.from({ length: 9_000 }, String))).toHaveLength(500);
    expect(tokensIn(Array.from({ length: 50 }, () => ({ token: JWT })))).toHaveLength(6);
  });
});

describe('a value of an answer', () => {
  const answer = { tokens: [{ access: { token: 'a' } }], 'a.b': 1, n: null };
  it.each([
    ['tokens[0].access.token', 'a'],
    ['$.tokens[0].access.token', 'a'],
    ['tokens.0.access.token', 'a'],
    ['n', null],
    ['n.x', undefined],
    ['tokens[1]', undefined],
    ['tokens.length', 1],
    ['__proto__', undefined],
    ['constructor.name', undefined],
    ['tokens.__proto__.map', undefined],
    ['toString', undefined],
  ])('at %s', (path, expected) => {
    expect(valueAt(answer, path)).toEqual(expected);
  });
  it.each([
    ['refreshToken', 'r'],
    ['refresh_token', 'r'],
    ['accessToken', 'a'],
    ['e-mail', undefined],
    ['email', 'm'],
    ['otherToken', undefined],
  ])('for a field %s of a later request', (field, expected) => {
    const texts = textsOf({ tokens: { access: { token: 'a' }, refresh: { token: 'r' } }, email: 'm' });
    expect(valueNamed(texts, field === 'e-mail' ? 'post' : field)).toBe(expected);
  });
  it('that protects forms', () => {
    expect(csrfInJson({ data: { csrfToken: 'abcdefgh' } })).toEqual({
      field: '_csrf',
      header: 'x-csrf-token',
      value: 'abcdefgh',
    });
    expect(csrfInJson({ csrfToken: 'short', token: 'abcdefgh' })).toBeUndefined();
  });
  it('of any document by any path', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, path) => {
        valueAt(value, path);
        tokensIn(value);
      }),
    );
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });
});
