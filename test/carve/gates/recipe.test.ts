import { describe, expect, it } from 'vitest';
import { expandRecipes, parseRecipes, RECIPE_EXAMPLE } from '../../../cli/carve/gates/sign-in/recipe.ts';
import type { StranglerError } from '../../../migration-plans/errors.ts';

const FILE = 'reviews.yaml';
function mistakes(text: string): string[] {
  try {
    parseRecipes(text, FILE);
  } catch (error) {
    const { code, findings } = error as StranglerError;
    expect(code).toBe('CARVE_BAD_SIGN_IN');
    return findings.map(({ place, message }) => `${place?.file}:${place?.line}:${place?.column} ${message}`);
  }
  return [];
}

describe('a recipe', () => {
  it('is read as it is written; a file without one has none', () => {
    const text = `decisions: {}
sign-in:
  - as: customer
    requests:
      - { get: /login, csrf: page, csrf-header: X-Form }
      - { post: /login, form: { email: a@example.com, pin: 1234, keep: true } }
  - as: api
    requests:
      - { post: /api/login, json: { user: [1, { a: null }] }, headers: { x-tenant: t1 }, token: tokens.access, scheme: Token, csrf: { json: csrf.value } }
`;
    expect(parseRecipes(text, FILE)).toEqual([
      {
        as: 'customer',
        requests: [
          { method: 'GET', url: '/login', csrf: { from: 'page' }, csrfHeader: 'x-form' },
          { method: 'POST', url: '/login', form: { email: 'a@example.com', pin: '1234', keep: 'true' } },
        ],
      },
      {
        as: 'api',
        requests: [
          {
            method: 'POST',
            url: '/api/login',
            json: { user: [1, { a: null }] },
            headers: { 'x-tenant': 't1' },
            token: 'tokens.access',
            scheme: 'Token',
            csrf: { from: 'json', path: 'csrf.value' },
          },
        ],
      },
    ]);
    expect(parseRecipes('decisions: {}\n', FILE)).toBeUndefined();
  });
  it('that a drafted file shows is a good one', () => {
    const shown = RECIPE_EXAMPLE.slice(RECIPE_EXAMPLE.indexOf('# sign-in:')).replace(/^# /gm, '');
    expect(parseRecipes(shown, FILE)?.map(({ as }) => as)).toEqual(['customer', 'admin']);
  });
});

describe('mistakes in a recipe', () => {
  it.each([
    ['sign-in:', '1:9 sign-in is a list of identities, with at least one'],
    ['sign-in: []', '1:10 sign-in is a list of identities, with at least one'],
    ['sign-in: [a]', '1:11 an identity is a mapping of as, requests'],
    ['sign-in: [{ as: x y, requests: [{ get: / }] }]', '1:17 as is a name of letters, digits and dashes'],
    ['sign-in: [{ as: a, request: [] }]', '1:20 an identity has no request: did you mean requests?'],
    ['sign-in: [{ as: a, requests: [] }]', '1:30 requests of a is a list with at least one'],
    ['sign-in: [{ as: a, requests: [{}] }]', '1:31 a request has exactly one of get, post'],
    ['sign-in: [{ as: a, requests: [{ get: /, post: / }] }]', '1:31 a request has exactly one of get, post'],
    ['sign-in: [{ as: a, requests: [{ get: login }] }]', '1:38 get is a path of the monolith'],
    ['sign-in: [{ as: a, requests: [{ get: http://x/ }] }]', '1:38 get is a path of the monolith'],
    ['sign-in: [{ as: a, requests: [{ get: //x/y }] }]', '1:38 get is a path of the monolith'],
    ['sign-in: [{ as: a, requests: [{ get: 7 }] }]', '1:38 get is a text'],
    ['sign-in: [{ as: a, requests: [{ get: /, form: { a: b } }] }]', '1:31 get has no body'],
    [
      'sign-in: [{ as: a, requests: [{ post: /, form: { a: b }, json: 1 }] }]',
      '1:31 a request has json or form',
    ],
    ['sign-in: [{ as: a, requests: [{ post: /, form: [a] }] }]', '1:48 form is a mapping of texts'],
    ['sign-in: [{ as: a, requests: [{ post: /, form: { a: { b: c } } }] }]', '1:48 a of form is no text'],
    ['sign-in: [{ as: a, requests: [{ post: /, scheme: Token }] }]', '1:31 scheme says how a token is sent'],
    ['sign-in: [{ as: a, requests: [{ get: /, csrf: form }] }]', '1:47 csrf is page, or { json: PATH }'],
    ['sign-in: [{ as: a, requests: [{ get: /, csrf: { page: 1 } }] }]', '1:49 csrf has no page'],
    [
      'sign-in: [{ as: a, requests: [{ get: /, csrf-header: x }] }]',
      '1:31 csrf-header says how csrf is sent',
    ],
    ['sign-in: [{ as: a, requests: [{ pots: / }] }]', '1:33 a request has no pots: did you mean post?'],
  ])('%s → %s', (text, expected) => {
    expect(mistakes(text).join('\n')).toContain(`${FILE}:${expected}`);
  });
  it('are told all at once, each at its place, none twice', () => {
    const found = mistakes(`sign-in:
  - as: a
    requests:
      - { get: login }
      - { post: /x, jsn: 1 }
  - as: A
    requests: nothing
  - requests: [{ get: / }]
  - requests: [{ get: / }]
`);
    expect(found).toEqual([
      expect.stringContaining(':4:16 get is a path'),
      expect.stringContaining(':5:21 a request has no jsn: did you mean json?'),
      expect.stringContaining(':6:5 A is there twice'),
      expect.stringContaining(':7:15 requests of A is a list'),
      expect.stringContaining(':8:5 as is a text'),
      expect.stringContaining(':9:5 as is a text'),
    ]);
  });
  it('never show what a field holds', () => {
    const found = mistakes(
      'sign-in: [{ as: a, requests: [{ post: x, form: { password: [hunter2] }, headers: hunter2, tokn: hunter2 }] }]',
    );
    expect(found.length).toBeGreaterThanOrEqual(4);
    expect(found.join()).not.toContain('hunter2');
  });
  it('more than a person writes: identities, requests, aliases', () => {
    const one = (requests: string): string => `{ as: a, requests: [${requests}] }`;
    expect(mistakes(`sign-in: [${one(Array(21).fill('{ get: / }').join())}]`).join()).toContain('at most 20');
    const six = Array.from({ length: 6 }, (_, index) => `{ as: a${index}, requests: [{ get: / }] }`);
    expect(mistakes(`sign-in: [${six.join()}]`).join()).toContain('at most 5');
    const bomb = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [x, x]'
        : `l${level}: &l${level} [${Array(9)
            .fill(`*l${level - 1}`)
            .join()}]`,
    );
    const text = `${bomb.join('\n')}\nsign-in: [{ as: a, requests: [{ post: /, json: *l11 }] }]`;
    expect(mistakes(text).join()).toContain('aliases');
  });
});

describe('variables of a recipe', () => {
  const v = (name: string): string => `\${${name}}`;
  const recipes = (value: string) =>
    parseRecipes(`sign-in: [{ as: a, requests: [{ post: /x, ${value} }] }]`, FILE) ?? [];
  it('are put in wherever a value stands, and told as secrets', () => {
    const made = expandRecipes(
      recipes(`json: { a: ['${v('A')}', { b: 'x-${v('B')}' }], n: 1 }, headers: { k: '${v('A')}' }`),
      { A: 'alpha', B: 'beta' },
      FILE,
    );
    expect(made.recipes[0]?.requests[0]).toMatchObject({
      json: { a: ['alpha', { b: 'x-beta' }], n: 1 },
      headers: { k: 'alpha' },
    });
    expect(made.secrets.sort()).toEqual(['alpha', 'beta']);
  });
  it('that are not set are told all at once, without the values of others', () => {
    const given = recipes(`form: { a: '${v('GONE')}', b: '${v('EMPTY')}', c: '${v('SET')}' }`);
    expect(() => expandRecipes(given, { EMPTY: '', SET: 's3cret-value' }, FILE)).toThrowError(
      expect.objectContaining({
        code: 'CARVE_SIGN_IN_VARIABLE',
        message: `sign-in of ${FILE} reads GONE, EMPTY, which are not set`,
        remedy: expect.stringContaining('environment'),
      }),
    );
  });
  it('are taken once: what a value holds is no variable', () => {
    const { recipes: made } = expandRecipes(recipes(`form: { a: '${v('A')}' }`), { A: v('HOME') }, FILE);
    expect(made[0]?.requests[0]?.form).toEqual({ a: v('HOME') });
  });
});
