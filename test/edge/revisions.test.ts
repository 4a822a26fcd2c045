import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type FollowerEvent, followRevisions } from '../../edge-proxy/revision/follower.ts';
import { lastGoodIn } from '../../edge-proxy/revision/last-good.ts';
import { MAX_POLL_DELAY_MS, pollDelay } from '../../edge-proxy/revision/poll-delay.ts';
import type { Revision } from '../../migration-plans/revision/revision.ts';
import { keeper } from './support/keep.ts';
import { MemoryStore } from './support/memory-store.ts';
import { origin } from './support/origin.ts';
import { plan, planRoute, reviews, revision, state } from './support/revisions.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});
async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'edge-state-'));
  folders.push(made);
  return made;
}

const CUTOVER = { phase: 'cutover', weightBp: 10_000, owner: 'service' } as const;

describe('the last good revision on disk', () => {
  it('comes back as it was saved, readable by its owner alone, with nothing left beside it', async () => {
    const dir = await folder();
    const lastGood = lastGoodIn(dir);
    expect(await lastGood.load()).toBeNull();
    await Promise.all([lastGood.save(reviews(3)), lastGood.save(reviews(3))]);
    await lastGood.save(reviews(4, CUTOVER));
    expect(await lastGood.load()).toEqual(reviews(4, CUTOVER));
    const files = await readdir(dir);
    expect(files).toEqual(['last-good-revision.json']);
    expect((await stat(join(dir, files[0]!))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['torn', (text: string) => text.slice(0, text.length / 2)],
    ['altered', (text: string) => text.replace('/reviews/:id', '/:anything')],
    ['of another format', (text: string) => text.replace('"formatVersion":1', '"formatVersion":2')],
    ['something else', () => '[]'],
    ['empty', () => ''],
    ['null', () => 'null'],
  ])('is refused when it is %s', async (_name, spoil) => {
    const dir = await folder();
    await lastGoodIn(dir).save(reviews(4, CUTOVER));
    const path = join(dir, 'last-good-revision.json');
    await writeFile(path, spoil(await readFile(path, 'utf8')));
    await expect(lastGoodIn(dir).load()).rejects.toMatchObject({
      code: 'EDGE_LAST_GOOD_BROKEN',
      place: { file: path },
    });
  });
});

describe('the pause between two questions', () => {
  it('is the interval while the store answers, grows while it is away, and is bounded', () => {
    expect(pollDelay(2_000, 0, 0.5)).toBe(2_000);
    expect(pollDelay(2_000, 1, 0.5)).toBe(4_000);
    expect(pollDelay(2_000, 3, 0.5)).toBe(16_000);
    expect(pollDelay(2_000, 500, 0.5)).toBe(MAX_POLL_DELAY_MS);
    expect(pollDelay(60_000, 9, 0.5)).toBe(60_000);
    expect(pollDelay(2_000, 0, 0)).toBe(1_800);
    expect(pollDelay(2_000, 0, 1)).toBe(2_200);
  });
});

describe('following the state store', () => {
  const follow = (store: MemoryStore, activate: (revision: Revision) => Promise<void>, dir?: string) => {
    const events: FollowerEvent[] = [];
    const follower = followRevisions({
      store: store.asStore(),
      lastGood: dir === undefined ? undefined : lastGoodIn(dir),
      intervalMs: 3_600_000,
      activate,
      onEvent: (event) => events.push(event),
      random: () => 0.5,
    });
    return { follower, events };
  };

  it('keeps the last good revision when a newer one cannot be used, tries it once, and takes its repair', async () => {
    const store = new MemoryStore();
    store.publish(reviews(1));
    const tried: number[] = [];
    const { follower, events } = follow(store, async ({ number }) => {
      tried.push(number);
      if (number === 2) throw new Error('no such template');
    });
    await follower.start();
    store.revisions.push(reviews(2));
    await follower.check();
    await follower.check();
    expect(tried).toEqual([1, 2]);
    expect(follower.status()).toMatchObject({
      number: 1,
      known: true,
      storeConnected: true,
      broken: { number: 2, message: 'no such template' },
    });
    store.revisions.push(reviews(3));
    await follower.check();
    expect(follower.status()).toMatchObject({ number: 3, broken: undefined });
    expect(events.map(({ kind }) => kind)).toEqual(['activated', 'broken', 'activated']);
    await follower.close();
  });

  it('refuses a revision of a format that it does not know', async () => {
    const store = new MemoryStore();
    store.publish({ ...reviews(1), formatVersion: 2 as 1 });
    const activated: number[] = [];
    const { follower } = follow(store, async ({ number }) => void activated.push(number));
    await follower.start();
    expect(activated).toEqual([]);
    expect(follower.status().lastError?.code).toBe('EDGE_REVISION_FORMAT');
    await follower.close();
  });

  it('asks again for what was published while it was busy', async () => {
    const store = new MemoryStore();
    store.publish(reviews(1));
    let release: (() => void) | undefined;
    const { follower } = follow(store, ({ number }) =>
      number === 2
        ? new Promise((resolve) => {
            release = resolve;
          })
        : Promise.resolve(),
    );
    await follower.start();
    store.publish(reviews(2));
    await until(() => release !== undefined, 'revision 2 is being compiled');
    store.publish(reviews(3));
    release?.();
    await until(() => follower.status().number === 3, 'revision 3 is served');
    await follower.close();
  });

  it('takes the revision of the store over the one on disk although the numbers are the same', async () => {
    const dir = await folder();
    await lastGoodIn(dir).save(reviews(1, CUTOVER));
    const store = new MemoryStore();
    store.publish(reviews(1));
    const digests: string[] = [];
    const { follower } = follow(store, async ({ digest }) => void digests.push(digest), dir);
    await follower.start();
    expect(digests).toEqual([reviews(1, CUTOVER).digest, reviews(1).digest]);
    expect(follower.status().source).toBe('store');
    await follower.close();
  });

  it('goes on without a file that is broken and replaces it', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'last-good-revision.json'), '{');
    const store = new MemoryStore();
    store.publish(reviews(1));
    const { follower, events } = follow(store, async () => {}, dir);
    await follower.start();
    expect(events.map(({ kind }) => kind)).toEqual(['file-broken', 'activated']);
    expect(await lastGoodIn(dir).load()).toEqual(reviews(1));
    await follower.close();
  });
});

describe('an edge whose state store is away', () => {
  it('starts from the last good revision, says so, and catches up when the store is back', async () => {
    const monolith = await kept(origin('monolith'));
    const service = await kept(origin('service'));
    const stateFolder = await folder();
    await lastGoodIn(stateFolder).save(reviews(5, CUTOVER));
    const store = new MemoryStore();
    store.away = true;
    const options = { store: store.asStore(), stateFolder, pollMs: 20 };
    const edge = await kept(edgeFor(monolith.url, options, { 'default/reviews': service.url }));
    const target = async () => (await fetch(`${edge.url}/reviews/1`)).headers.get('x-strangler-target');
    expect(await target()).toBe('service');
    const ready = await fetch(`${edge.adminUrl}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      reasons: ['the state store is away; serving the last good revision'],
    });

    store.revisions.push(reviews(6));
    store.away = false;
    await until(() => edge.status().revision.number === 6, 'revision 6 is served');
    expect(await target()).toBe('monolith');
    expect(edge.status().revision.storeConnected).toBe(true);
  });

  it('starts from the last good revision without waiting for a store that hangs', async () => {
    const monolith = await kept(origin('monolith'));
    const service = await kept(origin('service'));
    const stateFolder = await folder();
    await lastGoodIn(stateFolder).save(reviews(5, CUTOVER));
    const store = new MemoryStore();
    store.headNumber = () => new Promise(() => {});
    store.reportEdge = () => new Promise(() => {});
    const options = { store: store.asStore(), stateFolder };
    const startedAt = performance.now();
    const edge = await edgeFor(monolith.url, options, { 'default/reviews': service.url });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect((await fetch(`${edge.url}/reviews/1`)).headers.get('x-strangler-target')).toBe('service');
    expect((await fetch(`${edge.adminUrl}/readyz`)).status).toBe(200);
    expect((await edge.drain(1_000)).ms).toBeLessThan(5_000);
  });

  it('keeps serving when the store goes away in the middle', async () => {
    const monolith = await kept(origin('monolith'));
    const service = await kept(origin('service'));
    const store = new MemoryStore();
    store.publish(reviews(1, CUTOVER));
    const options = { store: store.asStore(), pollMs: 5 };
    const edge = await kept(edgeFor(monolith.url, options, { 'default/reviews': service.url }));
    store.away = true;
    await until(() => !edge.status().revision.storeConnected, 'the edge notices');
    expect((await fetch(`${edge.url}/reviews/1`)).headers.get('x-strangler-target')).toBe('service');
    expect((await fetch(`${edge.adminUrl}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${edge.adminUrl}/metrics`)).text()).toMatch(/^strangler_store_connected 0$/m);
  });

  it('is not ready as long as it cannot know what to serve, and passes to the monolith what comes all the same', async () => {
    const monolith = await kept(origin('monolith'));
    const store = new MemoryStore();
    store.away = true;
    store.publish(reviews(1));
    const edge = await kept(edgeFor(monolith.url, { store: store.asStore(), pollMs: 20 }));
    expect((await fetch(`${edge.adminUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${edge.adminUrl}/livez`)).status).toBe(200);
    expect((await fetch(`${edge.url}/reviews/1`)).status).toBe(200);
    store.away = false;
    await until(async () => (await fetch(`${edge.adminUrl}/readyz`)).status === 200, 'ready');
  });

  it('shows a revision that it cannot use in readiness detail and metrics', async () => {
    const monolith = await kept(origin('monolith'));
    const store = new MemoryStore();
    store.publish(reviews(1));
    const edge = await kept(edgeFor(monolith.url, { store: store.asStore() }));
    store.publish({ ...reviews(2), formatVersion: 9 as 1 });
    await until(() => edge.status().revision.broken !== undefined, 'the edge notices');
    const ready = await fetch(`${edge.adminUrl}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.text()).toContain('revision 2 cannot be used');
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/^strangler_revision 1$/m);
    expect(metrics).toMatch(/^strangler_revision_broken 1$/m);
    expect(metrics).toMatch(/^strangler_revision_failures_total 1$/m);
  });
});

describe('a new revision', () => {
  it('leaves requests that are under way to the table they were decided by', async () => {
    const held: (() => void)[] = [];
    const monolith = await kept(
      origin('monolith', (request, response) => {
        if (request.url !== '/reviews/slow') return false;
        held.push(() => response.end('from the monolith'));
        return true;
      }),
    );
    const service = await kept(origin('service'));
    const store = new MemoryStore();
    store.publish(reviews(1));
    const edge = await kept(
      edgeFor(monolith.url, { store: store.asStore() }, { 'default/reviews': service.url }),
    );
    const slow = fetch(`${edge.url}/reviews/slow`);
    await until(() => held.length === 1, 'the slow request is under way');
    store.publish(reviews(2, CUTOVER));
    await until(() => edge.status().revision.number === 2, 'revision 2 is served');
    expect((await fetch(`${edge.url}/reviews/quick`)).headers.get('x-strangler-target')).toBe('service');
    held[0]?.();
    const answer = await slow;
    expect([answer.headers.get('x-strangler-target'), await answer.text()]).toEqual([
      'monolith',
      'from the monolith',
    ]);
  });

  it('of ten thousand routes keeps nobody waiting: requests are answered while it is made ready', async () => {
    const monolith = await kept(origin('monolith'));
    const store = new MemoryStore();
    store.publish(reviews(1));
    const edge = await kept(edgeFor(monolith.url, { store: store.asStore() }));
    const large = revision(
      2,
      Array.from({ length: 1_000 }, (_, area) => ({
        plan: plan(
          `area${area}`,
          Array.from({ length: 10 }, (_, route) => planRoute('GET', `/area${area}/things${route}/:id`)),
        ),
        state: state(),
      })),
    );
    await fetch(`${edge.url}/warm`);
    store.publish(large);
    let answered = 0;
    while (edge.status().revision.number !== 2) {
      expect((await fetch(`${edge.url}/reviews/1`)).status).toBe(200);
      answered += 1;
    }
    // Made in one go, it would let one through at most.
    expect(answered).toBeGreaterThan(2);
    expect(edge.status().capabilities).toHaveLength(1_000);
  });
});

describe('a hundred revisions under load', () => {
  it('fail no request, and each request is answered by one of the two', async () => {
    const monolith = await kept(origin('monolith'));
    const service = await kept(origin('service'));
    const store = new MemoryStore();
    store.publish(reviews(1));
    const edge = await kept(
      edgeFor(monolith.url, { store: store.asStore() }, { 'default/reviews': service.url }),
    );
    let stop = false;
    const bad: unknown[] = [];
    const counts: Record<string, number> = {};
    const customer = async () => {
      while (!stop) {
        const answer = await fetch(`${edge.url}/reviews/1`).catch((error: unknown) => error as Error);
        if (answer instanceof Error || answer.status !== 200) {
          bad.push(answer);
          continue;
        }
        const target = answer.headers.get('x-strangler-target')!;
        const body = await answer.text();
        if (!body.startsWith(target)) bad.push(body);
        counts[target] = (counts[target] ?? 0) + 1;
      }
    };
    const customers = [customer(), customer(), customer(), customer()];
    for (let number = 2; number <= 101; number += 1) {
      store.publish(reviews(number, number % 2 === 0 ? CUTOVER : {}));
      await until(() => edge.status().revision.number === number, `revision ${number} is served`);
      const seen = Object.values(counts).reduce((sum, count) => sum + count, 0);
      await until(
        () => Object.values(counts).reduce((sum, count) => sum + count, 0) > seen,
        'a request passes',
      );
    }
    stop = true;
    await Promise.all(customers);
    expect(bad).toEqual([]);
    expect(edge.status().revision.swaps).toBe(101);
    expect(counts.monolith).toBeGreaterThan(10);
    expect(counts.service).toBeGreaterThan(10);
  });
});
