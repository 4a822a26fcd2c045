import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Browser } from '../../../cli/carve/gates/sign-in/browser.ts';
import { openedProbes, refusedProbes } from '../../../cli/carve/gates/sign-in/probes.ts';

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;

async function serve(answer: Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    answer(request, body, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const signal = new AbortController().signal;
const request = (method: string, url: string, body: string | null = null) => ({
  name: 'a row',
  method,
  url,
  headers: {},
  body,
});

describe('a browser', () => {
  it('sends cookies and what protects forms along, in forms as a field, in JSON as a header only', async () => {
    const seen: string[] = [];
    const origin = await serve((req, body, res) => {
      seen.push(`${req.method} ${req.headers.cookie ?? '-'} ${req.headers['x-csrf-token'] ?? '-'} ${body}`);
      res.setHeader('set-cookie', ['sid=1; Path=/', 'gone=1; Path=/; Max-Age=0']);
      res.setHeader('content-type', 'text/html').end('<input type=hidden name=token_csrf value=v1>');
    });
    const browser = new Browser(origin, signal);
    const answer = await browser.send({ method: 'GET', url: '/login' });
    expect(answer).toMatchObject({ status: 200, isHtml: true, json: undefined, cookies: ['sid', 'gone'] });
    await browser.send({ method: 'POST', url: '/login', form: { a: 'b c' } });
    await browser.send({ method: 'POST', url: '/login', json: { a: 1 } });
    expect(seen).toEqual(['GET - - ', 'POST sid=1 v1 a=b+c&token_csrf=v1', 'POST sid=1 v1 {"a":1}']);
  });
  it('gives the value of an XSRF cookie back in a header, whatever it holds', async () => {
    const seen: unknown[] = [];
    for (const value of ['a%2Fb', '%E0%A4%A']) {
      const origin = await serve((req, _, res) => {
        seen.push(req.headers['x-xsrf-token']);
        res.setHeader('set-cookie', `XSRF-TOKEN=${value}; Path=/`).end();
      });
      const browser = new Browser(origin, signal);
      await browser.send({ method: 'GET', url: '/' });
      await browser.send({ method: 'POST', url: '/', json: {} });
    }
    expect(seen).toEqual([undefined, 'a/b', undefined, '%E0%A4%A']);
  });
  it('takes what is no answer, and what is no JSON, as such', async () => {
    const origin = await serve((req, _, res) => {
      if (req.url === '/end') res.destroy();
      else res.setHeader('content-type', 'application/json').end('{"a":');
    });
    const browser = new Browser(origin, signal);
    expect(await browser.send({ method: 'GET', url: '/end' })).toMatchObject({
      status: 0,
      failure: expect.any(String),
    });
    expect(await browser.send({ method: 'GET', url: '/x' })).toMatchObject({ status: 200, json: undefined });
  });
});

describe('what shows that somebody is signed in', () => {
  it('is what was turned away before: readings first, and nothing that takes away or signs out', async () => {
    const seen: string[] = [];
    const origin = await serve((req, _, res) => {
      seen.push(`${req.method} ${req.url}`);
      const known = req.headers.cookie === 'sid=1';
      res.statusCode = req.url === '/public' ? 200 : !known ? 401 : req.url === '/admin' ? 403 : 404;
      res.end();
    });
    const asked = [
      request('POST', '/orders', '{}'),
      request('POST', '/cart/clear', '{}'),
      request('POST', '/logout', '{}'),
      request('DELETE', '/orders/1'),
      request('GET', '/public'),
      request('GET', '/me'),
      request('GET', '/admin'),
    ];
    const refused = await refusedProbes(origin, asked, signal);
    expect(seen).toEqual(['GET /public', 'GET /me', 'GET /admin', 'POST /orders']);
    expect(refused.map(({ request: { url } }) => url)).toEqual(['/me', '/admin', '/orders']);
    const browser = new Browser(origin, signal);
    expect(await openedProbes(browser, refused)).toEqual([]);
    browser.cookies = [{ name: 'sid', value: '1', path: '/' }];
    // To be forbidden something, where one was asked to sign in before, is to be known.
    expect((await openedProbes(browser, refused)).map(({ request: { url } }) => url)).toEqual([
      '/me',
      '/admin',
      '/orders',
    ]);
  });
  it('is not a monolith that is gone', async () => {
    const refused = [{ request: request('GET', '/me'), status: 401 }];
    expect(await openedProbes(new Browser('http://127.0.0.1:9', signal), refused)).toEqual([]);
  });
});
