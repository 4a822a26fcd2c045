import { describe, expect, it } from 'vitest';
import { compileTable } from '../../migration-plans/routing/compile.ts';
import { exception, plan, revision } from './plans.ts';

function matcher(routes: string[], except: string[] = []) {
  const table = compileTable(revision([plan('shop', routes, { except: except.map(exception) })]), {
    namespace: 'test',
  });
  return (request: string) => {
    const [method, url] = request.split(' ') as [string, string];
    return table.match(method, url)?.route.id;
  };
}

describe('precedence', () => {
  const match = matcher([
    'GET /p/:slug',
    'GET /p/new',
    'GET /p/*',
    'POST /p/new',
    '* /any/:x',
    'GET /any/:x',
    'GET /',
  ]);
  it.each([
    ['GET /p/new', 'GET /p/new'],
    ['GET /p/old', 'GET /p/:slug'],
    ['GET /p/old/more', 'GET /p/*'],
    ['GET /p/', 'GET /p/*'],
    ['GET /p', undefined],
    ['POST /p/new', 'POST /p/new'],
    ['POST /p/old', undefined],
    ['HEAD /p/old', 'GET /p/:slug'],
    ['GET /any/1', 'GET /any/:x'],
    ['HEAD /any/1', 'GET /any/:x'],
    ['BREW /any/1', '* /any/:x'],
    ['GET /', 'GET /'],
    ['GET /?a=/p/new', 'GET /'],
    ['GET /p/new?x=../..', 'GET /p/new'],
    ['get /p/new', undefined],
  ])('%s is claimed by %s', (request, id) => expect(match(request)).toBe(id));

  it('goes back to a wider template when the narrower one has nothing for the method or the rest', () => {
    const deep = matcher(['POST /a/b', 'GET /a/:x', 'GET /a/b/c', 'GET /:y/b/d', 'GET /*']);
    expect(deep('GET /a/b')).toBe('GET /a/:x');
    expect(deep('GET /a/b/c')).toBe('GET /a/b/c');
    expect(deep('GET /a/b/d')).toBe('GET /:y/b/d');
    expect(deep('GET /a/b/e')).toBe('GET /*');
    expect(deep('POST /a/b/e')).toBeUndefined();
  });

  it('prefers an explicit HEAD to the one that GET implies, whatever the order', () => {
    expect(matcher(['GET /x', 'HEAD /x'])('HEAD /x')).toBe('HEAD /x');
    expect(matcher(['HEAD /x', 'GET /x'])('HEAD /x')).toBe('HEAD /x');
  });
});

describe('exceptions', () => {
  it('leave the rest of the claim alone', () => {
    const match = matcher(['GET,POST /p/:slug', 'GET /files/*'], ['GET /p/featured', '* /files/private/*']);
    expect(match('GET /p/featured')).toBeUndefined();
    expect(match('HEAD /p/featured')).toBeUndefined();
    expect(match('POST /p/featured')).toBe('GET,POST /p/:slug');
    expect(match('GET /p/other')).toBe('GET,POST /p/:slug');
    expect(match('GET /files/private/a')).toBeUndefined();
    expect(match('GET /files/public')).toBe('GET /files/*');
  });

  it('hide nothing of another plan', () => {
    const table = compileTable(
      revision([
        plan('catalog', ['GET /p/:slug', 'GET /*'], { except: [exception('GET /p/featured')] }),
        plan('promotions', ['GET /:section/featured']),
      ]),
      { namespace: 'test' },
    );
    expect(table.match('GET', '/p/featured')?.capability).toBe('promotions');
    expect(table.match('GET', '/p/x')?.capability).toBe('catalog');
  });
});

describe('equivalent spellings', () => {
  const match = matcher([
    'GET /products/:slug/reviews',
    'GET /caf%c3%a9',
    'GET /straße',
    'GET /users/@me',
    'GET /users/:id',
    'GET /dir/',
  ]);
  it.each([
    ['GET /%70roducts/x/reviews', 'GET /products/:slug/reviews'],
    ['GET /products/%41%2d/revie%77s', 'GET /products/:slug/reviews'],
    ['GET /caf%C3%A9', 'GET /caf%c3%a9'],
    ['GET /caf\u00c3\u00a9', 'GET /caf%c3%a9'],
    ['GET /stra%c3%9fe', 'GET /straße'],
    ['GET http://shop.example/products/x/reviews?y', 'GET /products/:slug/reviews'],
    ['GET HTTPS://shop.example:8443/users/@me', 'GET /users/@me'],
    ['GET /products/a.b/reviews', 'GET /products/:slug/reviews'],
    ['GET /products/.../reviews', 'GET /products/:slug/reviews'],
    ['GET /products/.a/reviews', 'GET /products/:slug/reviews'],
    ['GET /products/a%20b/reviews', 'GET /products/:slug/reviews'],
    ['GET /products/a%3Bb/reviews', 'GET /products/:slug/reviews'],
    ['GET /dir/', 'GET /dir/'],
  ])('%s is %s', (request, id) => expect(match(request)).toBe(id));

  it.each([
    'GET /Products/x/reviews',
    'GET /products/x/reviews/',
    'GET /products//reviews',
    'GET //products/x/reviews',
    'GET /products/x//reviews',
    'GET /dir',
    'GET /dir//',
    'GET /./products/x/reviews',
    'GET /products/../reviews',
    'GET /products/%2e%2E/reviews',
    'GET /products/.%2e/reviews',
    'GET /a/../products/x/reviews',
    'GET /products/a%2Fb/reviews',
    'GET /products/a%5cb/reviews',
    'GET /products/a\\b/reviews',
    'GET /products/a;v=1/reviews',
    'GET /products/a%00b/reviews',
    'GET /products/a%/reviews',
    'GET /products/a%zz/reviews',
    'GET /products/a%4/reviews',
    'GET /products/a#b/reviews',
    'GET /products/a\tb/reviews',
    'GET /products/\u0100/reviews',
    'GET /users/%40me',
    'GET *',
    'GET products/x/reviews',
    'GET http://shop.example',
    'GET http://shop.example?/products/x/reviews',
    'GET ftp://shop.example/users/1',
    'GET ',
  ])('%s is the monolith’s', (request) => expect(match(request)).toBeUndefined());

  it('a tail claims nothing ambiguous either', () => {
    const tail = matcher(['* /files/*']);
    expect(tail('GET /files/a/b/c/d/e/f/g/h/i')).toBe('* /files/*');
    for (const path of [
      '/files/../admin',
      '/files/a/%2e%2e/%2e%2e/admin',
      '/files/..%2fadmin',
      '/files/a//b',
      '/files/..',
    ])
      expect(tail(`GET ${path}`)).toBeUndefined();
  });
});

describe('the sandbox for writes', () => {
  const keys = (sandbox: { name: string; namespace: string | undefined }, namespace: string) => {
    const orders = plan('orders', ['GET /o'], {
      service: { name: 'orders', namespace: 'shop', scheme: 'http' },
    });
    const reviews = plan('reviews', ['POST /r']);
    reviews.shadow.sandbox = { service: { ...sandbox, scheme: 'http' } };
    return compileTable(revision([orders, reviews]), { namespace }).match('POST', '/r')!.sandboxKey;
  };

  it('is in the namespace of the plan, or the default one', () => {
    expect(keys({ name: 'trial', namespace: undefined }, 'shop')).toBe('shop/trial');
    expect(keys({ name: 'reviews', namespace: 'trial' }, 'shop')).toBe('trial/reviews');
  });

  it('is none when the namespaces make it a service in use, its own or another’s', () => {
    expect(keys({ name: 'reviews', namespace: 'shop' }, 'shop')).toBeUndefined();
    expect(keys({ name: 'orders', namespace: undefined }, 'shop')).toBeUndefined();
  });
});
