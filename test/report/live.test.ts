import { afterEach, describe, expect, it } from 'vitest';
import { liveReport } from '../../cli/report/live/live.ts';
import { pageOf } from '../../cli/report/live/page.ts';
import { type AdminOptions, adminApp } from '../../edge-proxy/admin/server.ts';
import { StranglerError } from '../../migration-plans/errors.ts';
import { summarise } from '../../migration-plans/evidence/merge.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import { plan, revision } from '../routing/plans.ts';
import { clusterOf } from './clusters.ts';

const PROJECT = {
  stateDir: '/nonexistent/strangler',
  monolith: { url: 'http://127.0.0.1:9' },
  dev: { processes: {} },
} as unknown as Project;
const TOKEN = 'a-token-for-tests-only';

class Store {
  asked = 0;
  away = false;
  readonly #head = revision([plan('reviews', ['GET /reviews/:id'])]);

  async head() {
    if (this.away) throw new StranglerError('STORE_UNREACHABLE', 'the store is away', { status: 503 });
    return this.#head;
  }

  async evidence() {
    this.asked += 1;
    const hostile = '<script>alert(1)</script>';
    const cluster = clusterOf('GET /reviews/:id', {
      kind: 'type',
      path: `$.${hostile}`,
      shape: 'number→string',
    });
    return { ...summarise('reviews', []), clusters: [cluster] };
  }
}

const reportsOf = (store: Store, now = Date.now) =>
  liveReport((capability) => pageOf(PROJECT, store, capability, new Date(now())), now);

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function admin(report: AdminOptions['report']) {
  const ok = { ok: true, stage: 'ready' as const, reasons: [] };
  const target = {
    live: () => ok,
    started: () => ok,
    ready: () => ok,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    samples: async () => [],
    status: () => ({}),
    kills: () => [],
    kill: () => undefined,
    drain: () => undefined,
  };
  const options = { host: '127.0.0.1', port: 0, token: TOKEN, allowedHosts: [], protectMetrics: false };
  const app = adminApp(target, { ...options, ...(report === undefined ? {} : { report }) });
  closing.push(() => app.close());
  return (path: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
    app.inject({ path, headers: { host: '127.0.0.1', ...headers } });
}

describe('the report on the admin listener', () => {
  it('is the same page as the file, with its policy as a header, and is never kept by caches', async () => {
    const get = admin(reportsOf(new Store()));
    const answer = await get('/report/reviews');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    const policy = String(answer.headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(answer.body).toContain('Shadow report: reviews');
    expect(answer.body).not.toContain('<script>alert');
  });

  it('needs the token, and tells without it not even which capabilities there are', async () => {
    const get = admin(reportsOf(new Store()));
    for (const path of ['/report/reviews', '/report/nothing']) {
      expect((await get(path, {})).statusCode).toBe(401);
      expect((await get(path, { authorization: 'Bearer wrong' })).statusCode).toBe(401);
    }
  });

  it('is not there for an unknown capability, or where nobody makes reports', async () => {
    const get = admin(reportsOf(new Store()));
    for (const name of ['nothing', '__proto__', 'constructor', '%2e%2e'])
      expect((await get(`/report/${name}`)).statusCode).toBe(404);
    const without = await admin(undefined)('/report/reviews');
    expect(without.statusCode).toBe(404);
    expect(without.json()).toMatchObject({ error: { code: 'EDGE_REPORT_NONE' } });
  });

  it('is made once for all who ask at the same time, and anew some seconds later', async () => {
    let time = 1_000_000;
    const store = new Store();
    const report = reportsOf(store, () => time);
    await Promise.all(Array.from({ length: 50 }, () => report('reviews')));
    expect(store.asked).toBe(1);
    time += 5_000;
    await report('reviews');
    expect(store.asked).toBe(2);
  });

  it('says that the store is away, and is back with it', async () => {
    const store = new Store();
    const get = admin(reportsOf(store));
    store.away = true;
    expect((await get('/report/reviews')).statusCode).toBe(503);
    store.away = false;
    expect((await get('/report/reviews')).statusCode).toBe(200);
  });
});
