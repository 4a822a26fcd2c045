import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { eventually } from '../local-stack/temporary-folder.ts';
import { PROJECT, projectWith, startCommand, strangler, stranglerHere } from './run-command.ts';

// Processes are started: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 120_000 });

interface Document {
  routes: { method: string; path: string; calls: number; query: { name: string }[]; p50Ms?: number }[];
  source: { kind: string; lines: number; unreadable: number };
}

const common = (method: string, url: string, status = 200, end = ' "-" "curl/8"'): string =>
  `10.0.0.7 - ann [29/Nov/2026:10:00:00 +0000] "${method} ${url} HTTP/1.1" ${status} 512${end}\n`;
const LOG = [
  ...[1, 2, 3].map((id) => common('GET', `/orders/${id}?expand=1`)),
  common('POST', '/orders', 201, ''),
  `shop.example:443 ${common('GET', '/about', 200, ' "-" "x" rt=0.250')}`,
  common('GET', '/wp-login.php', 404),
  'something else\n',
  '10.0.0.7 - - [29/Nov/2026:10:00:00 +0000] "\\x16\\x03\\x01" 400 0\n',
].join('');
const edgeLine = (over: object): string =>
  `${JSON.stringify({ level: 'info', time: '2026-11-29T10:00:00.000Z', msg: 'request', method: 'GET', url: '/a', status: 200, answeredBy: 'monolith', ms: 12, requestBytes: 0, responseBytes: 9, ...over })}\n`;

const routesOf = ({ routes }: Document): [string, number][] =>
  routes.map(({ method, path, calls }): [string, number] => [`${method} ${path}`, calls]).sort();

describe('observe --from', () => {
  it('reads Common and Combined Log Format, packed or not, and passes over what is no request', async () => {
    const { folder } = projectWith({ 'access.log': LOG });
    writeFileSync(join(folder, 'access.log.gz'), gzipSync(LOG));
    for (const file of ['access.log', 'access.log.gz']) {
      const ran = await stranglerHere(['observe', '--from', file, '--json'], { cwd: folder });
      expect(ran.code).toBe(0);
      const document = ran.json<Document>();
      expect(routesOf(document)).toEqual([
        ['GET /about', 1],
        ['GET /orders/:id', 3],
        ['POST /orders', 1],
      ]);
      expect(document.source).toMatchObject({ kind: 'log', lines: 8, unreadable: 2 });
      const about = document.routes.find(({ path }) => path === '/about');
      expect(about?.p50Ms).toBeGreaterThan(150);
      expect(document.routes.find(({ path }) => path === '/orders/:id')?.query).toMatchObject([
        { name: 'expand' },
      ]);
    }
  });

  it('reads the access log of an edge: a sampled line stands for many, what the edge answered itself for none', async () => {
    const log = [
      edgeLine({ url: '/items/1?page=*', standsFor: 100 }),
      edgeLine({ url: '/items/2' }),
      edgeLine({ url: '/busy', answeredBy: 'edge', status: 503 }),
      '{"level":"info","msg":"serving a revision"}\n',
      '{"broken\n',
    ].join('');
    const { folder } = projectWith({ 'edge.log': log });
    const { json } = await stranglerHere(['observe', '--from', 'edge.log', '--json'], { cwd: folder });
    expect(routesOf(json<Document>())).toEqual([['GET /items/:id', 101]]);
  });

  it('shows a table, writes OpenAPI, suggests a plan that is valid', async () => {
    const { folder } = projectWith({ 'access.log': LOG });
    const table = await stranglerHere(
      ['observe', '--from', 'access.log', '--openapi', 'api.json', '--server', 'http://shop'],
      { cwd: folder },
    );
    expect(table.stdout).toMatch(/METHOD +PATH +SURE +CALLS/);
    expect(table.stdout).toMatch(/GET +\/orders\/:id +\d+ % +3/);
    expect(table.stdout).toContain('1 answered as not there');
    expect(table.stdout).toContain('wrote api.json');
    expect(JSON.parse(readFileSync(join(folder, 'api.json'), 'utf8'))).toMatchObject({
      openapi: '3.1.0',
      servers: [{ url: 'http://shop' }],
      paths: { '/orders/{id}': { get: { 'x-calls': 3 } } },
    });
    const plan = await stranglerHere(
      ['observe', '--from', 'access.log', '--suggest-plan', 'orders=/orders'],
      { cwd: folder },
    );
    writeFileSync(join(folder, 'orders.yaml'), plan.stdout);
    expect(plan.stdout).toContain('- GET /orders/:id');
    expect((await stranglerHere(['plan', 'validate', '.'], { cwd: folder })).code).toBe(0);
  });

  it.each([
    [['--from', 'missing.log'], 'OBSERVE_LOG_UNREADABLE'],
    [['--from', '.'], 'OBSERVE_LOG_UNREADABLE'],
    [['--from', 'poem.txt'], 'OBSERVE_NO_ACCESS_LOG'],
    [['--from', 'access.log', '--since', 'yesterday'], 'CLI_BAD_OPTION'],
    [['--from', 'access.log', '--suggest-plan', 'Orders'], 'OBSERVE_BAD_SUGGESTION'],
    [['--from', 'access.log', '--suggest-plan', 'x=orders'], 'OBSERVE_BAD_SUGGESTION'],
    [['--from', 'access.log', '--min-confidence', '200'], 'CLI_BAD_OPTION'],
  ])('says what is wrong with %j', async (argv, code) => {
    const { folder } = projectWith({ 'access.log': LOG, 'poem.txt': 'roses are red\nviolets are blue\n' });
    const ran = await stranglerHere(['observe', ...argv, '--json'], { cwd: folder });
    expect([ran.code, ran.json<{ error: { code: string } }>().error.code]).toEqual([2, code]);
  });

  it('leaves out what was before --since', async () => {
    const { folder } = projectWith({ 'access.log': LOG });
    const { json } = await stranglerHere(
      ['observe', '--from', 'access.log', '--since', '2026-11-30', '--json'],
      { cwd: folder },
    );
    expect(json<Document>().routes).toEqual([]);
  });
});

describe('observe', () => {
  it('makes no store for the question alone, and says how to begin', async () => {
    const { folder } = projectWith({ 'strangler.yaml': PROJECT });
    const ran = await stranglerHere(['observe'], { cwd: folder });
    expect([ran.code, existsSync(join(folder, '.strangler'))]).toEqual([0, false]);
    expect(ran.stdout).toContain('nothing was observed yet');
    expect(ran.stdout).toContain('--from access.log');
  });

  it('tells what an edge without any plan saw, after it has ended, and analyze adds it to the source', async () => {
    const origin = createServer((request, response) => {
      response.statusCode = request.url === '/nothing' ? 404 : 200;
      response.end('hello');
    });
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    onTestFinished(() => void origin.close());
    const monolith = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
    const { folder } = projectWith({
      'strangler.yaml': `version: 1\nmonolith:\n  url: ${monolith}\n`,
      'app/package.json': '{"name":"app","dependencies":{"express":"5"}}',
      'app/app.js': `const app = require('express')(); app.get('/orders/:id', (q, s) => s.end()); app.get('/quiet', (q, s) => s.end());`,
    });
    const child = startCommand(['edge', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--json'], {
      cwd: folder,
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let url = '';
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line) as { event?: string; url: string };
      if (event.event === 'ready') url = event.url;
    });
    await eventually(() => url !== '');
    for (let id = 1; id <= 5; id++) await fetch(`${url}/orders/${id}?expand=1`);
    await fetch(`${url}/nothing`);
    let document: Document | undefined;
    await eventually(async () => {
      document = (await strangler(['observe', '--json'], { cwd: folder })).json<Document>();
      return document.routes.length > 0;
    });
    expect(routesOf(document!)).toEqual([['GET /orders/:id', 5]]);
    child.kill('SIGTERM');
    await once(child, 'exit');
    const analysis = (await stranglerHere(['analyze', 'app', '--json'], { cwd: folder })).json<{
      routes: { path: string; observed?: { calls: number; parameters: string[] } }[];
      traffic: { neverCalled: { path: string }[] };
    }>();
    expect(analysis.routes.find(({ path }) => path === '/orders/:id')?.observed).toMatchObject({
      calls: 5,
      parameters: ['expand'],
    });
    expect(analysis.traffic.neverCalled.map(({ path }) => path)).toEqual(['/quiet']);
  });
});
