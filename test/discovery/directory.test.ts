import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDiscoveryClient } from '../../edge-proxy/discovery/client.ts';
import { type DirectoryOptions, openServiceDirectory } from '../../edge-proxy/discovery/directory.ts';
import { nextDelay, POLL_DEFAULTS } from '../../edge-proxy/discovery/poll-plan.ts';
import type { ServiceSnapshot } from '../../edge-proxy/discovery/port.ts';
import { splitService } from '../../edge-proxy/discovery/watcher.ts';
import { fakeCloudMap, instance, ManualTimers, notFound, settled } from './fakes.ts';

const REVIEWS = 'shop/reviews';

async function open(options: Partial<DirectoryOptions> = {}, cloudMap = fakeCloudMap([instance('a')])) {
  const timers = new ManualTimers();
  // 0.5: intervals without jitter
  const directory = await openServiceDirectory({ client: cloudMap, timers, random: () => 0.5, ...options });
  const changes: ServiceSnapshot[] = [];
  directory.onChange((snapshot) => changes.push(snapshot));
  const ids = () => directory.snapshot(REVIEWS).endpoints.map(({ id }) => id);
  return { timers, cloudMap, directory, changes, ids };
}

describe('a directory', () => {
  it('has a list as soon as Cloud Map has answered', async () => {
    const { directory, ids, timers } = await open();
    expect(directory.snapshot(REVIEWS)).toMatchObject({ endpoints: [], stale: true, lastRefresh: undefined });
    directory.watch([REVIEWS]);
    await directory.ready(REVIEWS);
    expect(ids()).toEqual(['a']);
    expect(directory.snapshot(REVIEWS)).toMatchObject({
      stale: false,
      error: undefined,
      lastRefresh: timers.now(),
    });
  });

  it('asks for the revision each second, and for the list when it moved or five seconds have passed', async () => {
    const { directory, timers, cloudMap } = await open();
    directory.watch([REVIEWS]);
    await timers.advance(4999);
    expect(cloudMap.asked).toEqual(['list', 'revision', 'revision', 'revision', 'revision']);
    await timers.advance(1);
    expect(cloudMap.asked.at(-1)).toBe('list');
    cloudMap.revision = 2;
    await timers.advance(1000);
    expect(cloudMap.asked.slice(-2)).toEqual(['revision', 'list']);
  });

  it('asks again when the revision falls: then the data was made anew', async () => {
    const { directory, timers, cloudMap, ids } = await open();
    cloudMap.revision = 100;
    directory.watch([REVIEWS]);
    await timers.advance(0);
    cloudMap.revision = 1;
    cloudMap.instances = [instance('new')];
    await timers.advance(1000);
    expect(ids()).toEqual(['new']);
  });

  it('takes a new list as a whole: nobody sees the old one gone before the new one is there', async () => {
    const { directory, timers, cloudMap, changes } = await open();
    directory.watch([REVIEWS]);
    await timers.advance(0);
    const before = directory.snapshot(REVIEWS);
    cloudMap.revision = 2;
    cloudMap.instances = [instance('b'), instance('c')];
    await timers.advance(1000);
    expect(changes.map(({ endpoints }) => endpoints.map(({ id }) => id))).toEqual([['a'], ['b', 'c']]);
    expect(before.endpoints.map(({ id }) => id)).toEqual(['a']);
  });

  it('sees health change without a revision', async () => {
    const { directory, timers, cloudMap } = await open();
    directory.watch([REVIEWS]);
    await timers.advance(0);
    cloudMap.instances = [instance('a', {}, 'UNHEALTHY')];
    await timers.advance(5000);
    expect(directory.snapshot(REVIEWS).endpoints[0]?.healthy).toBe(false);
  });

  it('tells listeners of changes only, and keeps the array of an equal list', async () => {
    const { directory, timers, cloudMap, changes } = await open();
    directory.watch([REVIEWS]);
    await timers.advance(0);
    const { endpoints, lastRefresh } = directory.snapshot(REVIEWS);
    cloudMap.instances = [instance('a')];
    await timers.advance(20_000);
    expect(changes).toHaveLength(1);
    expect(directory.snapshot(REVIEWS).endpoints).toBe(endpoints);
    expect(directory.snapshot(REVIEWS).lastRefresh).toBeGreaterThan(lastRefresh ?? 0);
  });

  it('survives a listener that throws', async () => {
    const warnings: string[] = [];
    const { directory, timers, changes } = await open({ warn: (message) => warnings.push(message) });
    directory.onChange(() => {
      throw new Error('defect');
    });
    const late: ServiceSnapshot[] = [];
    const stop = directory.onChange((snapshot) => late.push(snapshot));
    directory.watch([REVIEWS]);
    await timers.advance(0);
    expect([changes.length, late.length]).toEqual([1, 1]);
    expect(warnings[0]).toContain('defect');
    stop();
  });

  it('stops asking for what is no longer watched, and starts for what is new', async () => {
    const { directory, timers, cloudMap } = await open();
    directory.watch([REVIEWS, 'shop/orders']);
    await timers.advance(0);
    directory.watch(['shop/orders']);
    cloudMap.asked = [];
    await timers.advance(3000);
    expect(cloudMap.asked).toHaveLength(3);
    expect(directory.snapshot(REVIEWS).endpoints).toEqual([]);
    await expect(directory.ready(REVIEWS)).rejects.toThrow('not watched');
  });

  it('ends everything on close', async () => {
    const { directory, timers, cloudMap } = await open({}, fakeCloudMap());
    cloudMap.silent = true;
    directory.watch([REVIEWS]);
    const ready = directory.ready(REVIEWS);
    await directory.close();
    await expect(ready).rejects.toThrow('not watched');
    await settled();
    expect(timers.pending).toBe(0);
    cloudMap.asked = [];
    await timers.advance(60_000);
    expect(cloudMap.asked).toEqual([]);
  });
});

describe('while Cloud Map is away', () => {
  it('keeps the last good list, says so, and asks less and less often', async () => {
    const { directory, timers, cloudMap, ids } = await open();
    directory.watch([REVIEWS]);
    await timers.advance(0);
    const { lastRefresh } = directory.snapshot(REVIEWS);
    cloudMap.failure = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    cloudMap.asked = [];
    await timers.advance(3_600_000);
    expect(ids()).toEqual(['a']);
    expect(directory.snapshot(REVIEWS)).toMatchObject({ stale: true, lastRefresh });
    expect(directory.snapshot(REVIEWS).error).toBe('ECONNREFUSED: connect ECONNREFUSED');
    // an hour at 30 seconds each, and the few before
    expect(cloudMap.asked.length).toBeLessThan(130);
    expect(directory.counts().get(REVIEWS)?.failures).toBe(cloudMap.asked.length);

    cloudMap.failure = undefined;
    cloudMap.instances = [instance('b')];
    await timers.advance(30_000);
    expect(ids()).toEqual(['b']);
    expect(directory.snapshot(REVIEWS)).toMatchObject({ stale: false, error: undefined });
  });

  it('gives up a question that is never answered', async () => {
    const { directory, timers, cloudMap, ids } = await open();
    directory.watch([REVIEWS]);
    await timers.advance(0);
    cloudMap.silent = true;
    await timers.advance(1000 + 5000);
    expect(directory.snapshot(REVIEWS)).toMatchObject({
      stale: true,
      error: 'Error: no answer within 5000 ms',
    });
    cloudMap.silent = false;
    await timers.advance(1000);
    expect(directory.snapshot(REVIEWS).stale).toBe(false);
    expect(ids()).toEqual(['a']);
  });

  it('keeps the list of a service that Cloud Map no longer knows', async () => {
    const { directory, timers, cloudMap, ids } = await open();
    directory.watch([REVIEWS]);
    await timers.advance(0);
    cloudMap.failure = notFound();
    await timers.advance(10_000);
    expect(ids()).toEqual(['a']);
    expect(directory.snapshot(REVIEWS).stale).toBe(true);
  });

  it('is ready without a list when nobody has registered yet, and sees the first one come', async () => {
    const { directory, timers, cloudMap, ids } = await open();
    cloudMap.failure = notFound('NamespaceNotFound');
    directory.watch([REVIEWS]);
    await directory.ready(REVIEWS);
    expect(directory.snapshot(REVIEWS)).toMatchObject({ endpoints: [], stale: false });
    expect(directory.snapshot(REVIEWS).error).toContain('NamespaceNotFound');
    await timers.advance(60_000);
    cloudMap.failure = undefined;
    await timers.advance(1000);
    expect(ids()).toEqual(['a']);
  });

  it('bounds and cleans what it tells of an error', async () => {
    const { directory, timers, cloudMap } = await open();
    cloudMap.failure = new Error(`${'x'.repeat(5000)}\r\n\u001b[31m`);
    directory.watch([REVIEWS]);
    await timers.advance(0);
    const { error = '' } = directory.snapshot(REVIEWS);
    expect(error.length).toBe(300);
    cloudMap.failure = new Error('a\r\n\u001b[31mb');
    await timers.advance(60_000);
    expect(directory.snapshot(REVIEWS).error).toBe('Error: a [31mb');
  });

  it('counts instances that it ignored', async () => {
    const { directory, timers, cloudMap } = await open();
    cloudMap.instances = [instance('a'), instance('bad', { AWS_INSTANCE_IPV4: 'x' })];
    directory.watch([REVIEWS]);
    await timers.advance(0);
    expect(directory.counts().get(REVIEWS)).toMatchObject({
      lists: 1,
      revisions: 0,
      ignored: { address: 1 },
    });
  });
});

describe('the plan of polling', () => {
  const delay = (failures: number, random: number) =>
    nextDelay({ revision: 1, listedAt: 0, failures }, POLL_DEFAULTS, random);

  it('varies each interval, and backs off to a limit', () => {
    expect([delay(0, 0), delay(0, 0.5), delay(0, 1)]).toEqual([800, 1000, 1200]);
    expect([1, 2, 3, 4, 5, 6, 1000].map((failures) => delay(failures, 0.5))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ]);
  });

  it('reads namespaces that contain a slash', () => {
    expect(splitService('shop/reviews')).toEqual(['shop', 'reviews']);
    expect(splitService('a/b/reviews')).toEqual(['a/b', 'reviews']);
    expect(splitService('reviews')).toEqual(['', 'reviews']);
  });
});

describe('the cache file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'endpoints-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function filled(): Promise<string> {
    const cacheFile = join(folder, 'new', 'endpoints.json');
    const { directory } = await open(
      { cacheFile },
      fakeCloudMap([instance('a', { version: '7', weight: '3' })]),
    );
    directory.watch([REVIEWS]);
    await directory.ready(REVIEWS);
    await directory.close();
    return cacheFile;
  }

  it('lets an edge start while Cloud Map is away', async () => {
    const cacheFile = await filled();
    const away = fakeCloudMap();
    away.silent = true;
    const { directory } = await open({ cacheFile }, away);
    directory.watch([REVIEWS]);
    await directory.ready(REVIEWS);
    expect(directory.snapshot(REVIEWS)).toMatchObject({
      stale: true,
      lastRefresh: undefined,
      endpoints: [
        { id: 'a', host: '10.0.0.1', port: 8080, secure: false, version: '7', weight: 3, healthy: true },
      ],
    });
    await directory.close();
  });

  it('is not overwritten by an edge that never reached Cloud Map', async () => {
    const cacheFile = await filled();
    const before = await readFile(cacheFile, 'utf8');
    const away = fakeCloudMap();
    away.failure = new Error('away');
    const { directory, timers } = await open({ cacheFile }, away);
    directory.watch([REVIEWS]);
    await timers.advance(60_000);
    await directory.close();
    expect(await readFile(cacheFile, 'utf8')).toBe(before);
    expect(await readdir(join(folder, 'new'))).toEqual(['endpoints.json']);
  });

  it('is not begun by an edge that never reached Cloud Map', async () => {
    const away = fakeCloudMap();
    away.failure = new Error('away');
    const { directory, timers } = await open({ cacheFile: join(folder, 'endpoints.json') }, away);
    directory.watch([REVIEWS]);
    await timers.advance(60_000);
    await directory.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['another version', '{"format":"strangler-endpoints","version":2,"services":{}}'],
    ['something else', '{"a":1}'],
  ])('is left alone with a warning when it holds %s', async (_what, text) => {
    const cacheFile = join(folder, 'endpoints.json');
    await writeFile(cacheFile, text);
    const warnings: string[] = [];
    const { directory, ids } = await open({ cacheFile, warn: (message) => warnings.push(message) });
    expect(warnings[0]).toContain(cacheFile);
    directory.watch([REVIEWS]);
    await directory.ready(REVIEWS);
    expect(ids()).toEqual(['a']);
    await directory.close();
  });

  it('gives only what could have come from Cloud Map', async () => {
    const cacheFile = join(folder, 'endpoints.json');
    const good = { id: 'a', host: '10.0.0.1', port: 80, secure: false, healthy: true };
    const services = {
      [REVIEWS]: [
        good,
        { ...good, host: '169.254.169.254' },
        { ...good, port: 0 },
        { ...good, healthy: 'yes' },
        null,
        1,
      ],
      'shop/orders': 'none',
    };
    await writeFile(cacheFile, JSON.stringify({ format: 'strangler-endpoints', version: 1, services }));
    const away = fakeCloudMap();
    away.silent = true;
    const { directory } = await open({ cacheFile }, away);
    directory.watch([REVIEWS, 'shop/orders']);
    expect(directory.snapshot(REVIEWS).endpoints).toHaveLength(1);
    expect(directory.snapshot('shop/orders').endpoints).toEqual([]);
    await directory.close();
  });

  it('warns when it cannot be written, and goes on', async () => {
    const warnings: string[] = [];
    const file = join(folder, 'file');
    await writeFile(file, '');
    const cacheFile = join(file, 'endpoints.json');
    const { directory, ids } = await open({ cacheFile, warn: (message) => warnings.push(message) });
    directory.watch([REVIEWS]);
    await directory.ready(REVIEWS);
    await directory.close();
    expect(ids()).toEqual(['a']);
    expect(warnings.some((message) => message.includes("can't be written"))).toBe(true);
  });
});

describe('the client', () => {
  it('goes to a loopback endpoint without prefix and with made-up credentials', async () => {
    const client = createDiscoveryClient({ endpoint: 'http://127.0.0.1:4566' });
    expect(client.config.disableHostPrefix).toBe(true);
    expect(await client.config.credentials()).toMatchObject({ accessKeyId: 'local' });
    expect(await client.config.maxAttempts()).toBe(1);
    client.destroy();
  });

  it('keeps prefix and credentials of AWS everywhere else', () => {
    for (const options of [
      { region: 'eu-west-1' },
      { endpoint: 'https://vpce.example.com', region: 'eu-west-1' },
    ]) {
      const client = createDiscoveryClient(options);
      expect(client.config.disableHostPrefix).toBe(false);
      client.destroy();
    }
  });
});
