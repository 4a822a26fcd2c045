import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { signInByRecipe } from '../../../cli/carve/gates/sign-in/by-recipe.ts';
import { parseRecipes } from '../../../cli/carve/gates/sign-in/recipe.ts';
import type { SignedIn, SignInWorld } from '../../../cli/carve/gates/sign-in/signed-in.ts';

const TOKEN = 'opaque-token-of-somebody';

/** Lets in by a token or a cookie; its login page has what protects forms. */
async function signIn(recipe: string): Promise<SignedIn> {
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    const json = (value: unknown, status = 200): void => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (req.url === '/page')
      res.setHeader('content-type', 'text/html').end('<input name=_csrf value=guard-1>');
    else if (req.url === '/form')
      res
        .writeHead(new URLSearchParams(body).get('_csrf') === 'guard-1' ? 302 : 403, {
          'set-cookie': 'sid=live-1; Path=/',
        })
        .end();
    else if (req.url === '/token') json({ data: { token: TOKEN }, refreshToken: 'refresh-of-somebody' });
    else if (req.url === '/wrong') json({ error: 'wrong' }, 401);
    else if (req.headers.authorization === `Token ${TOKEN}` || req.headers.cookie === 'sid=live-1') json({});
    else json({}, 401);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const world: SignInWorld = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    databaseUrl: '',
    signal: new AbortController().signal,
    inventory: [],
    tables: [],
    rows: new Map(),
    probes: [{ name: 'a row', method: 'GET', url: '/me', headers: {}, body: null }],
    fieldsOf: () => undefined,
  };
  return signInByRecipe(world, parseRecipes(`sign-in: [${recipe}]`, 'a.yaml') ?? [], ['s3cret']);
}

describe('a recipe that is followed', () => {
  it('signs in by a form behind what protects it', async () => {
    const { identities, notes } = await signIn(
      '{ as: customer, requests: [{ get: /page, csrf: page }, { post: /form, form: { a: s3cret } }] }',
    );
    expect(notes).toEqual([]);
    expect(identities).toMatchObject([
      { name: 'customer', how: 'GET /page, POST /form (form), cookie sid', csrf: { value: 'guard-1' } },
    ]);
    expect(identities[0]?.secrets).toEqual(expect.arrayContaining(['s3cret', 'live-1', 'guard-1']));
  });
  it('signs in by a token in the scheme that it names, and knows what the answer gave', async () => {
    const { identities } = await signIn(
      '{ as: api, requests: [{ post: /token, json: {}, token: data.token, scheme: Token }] }',
    );
    expect(identities).toMatchObject([
      { headers: { authorization: `Token ${TOKEN}` }, known: { refreshToken: 'refresh-of-somebody' } },
    ]);
    expect(identities[0]?.secrets).toEqual(expect.arrayContaining([TOKEN, 'refresh-of-somebody']));
  });
  it.each([
    ['{ post: /wrong, json: { password: s3cret } }', 'POST /wrong answers 401'],
    ['{ post: /token, token: data.access }', 'the answer of POST /token has no text at data.access'],
    ['{ post: /token, token: data }', 'the answer of POST /token has no text at data'],
    ['{ get: /token, csrf: page }', 'the answer of GET /token has no hidden field or meta element'],
    ['{ get: /token, csrf: { json: csrf } }', 'the answer of GET /token has no text at csrf'],
    ['{ post: /token, token: data.token }', 'after its requests the monolith still turns away GET /me'],
  ])('%s: who is not signed in, and why', async (request, why) => {
    const { identities, notes } = await signIn(`{ as: customer, requests: [${request}] }`);
    expect(identities).toEqual([]);
    expect(notes).toEqual([expect.stringContaining(`customer is not signed in: ${why}`)]);
    expect(notes.join()).not.toContain('s3cret');
  });
  it('leaves out one that fails, and goes on with the next', async () => {
    const { identities, notes } = await signIn(
      '{ as: a, requests: [{ post: /wrong }] }, { as: b, requests: [{ post: /token, token: data.token, scheme: Token }] }',
    );
    expect(identities.map(({ name }) => name)).toEqual(['b']);
    expect(notes).toHaveLength(1);
  });
});
