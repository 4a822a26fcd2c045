import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  type FileHandle,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStore } from '../../cli/cloud-map/persistence/store.ts';
import { startCloudMapEndpoint } from '../../cli/cloud-map/server.ts';
import { EMPTY_STATE } from '../../cli/cloud-map/state.ts';
import { HEALTH_DELAY, sdkFor, startHarness } from './harness.ts';

const OWNER = { region: 'us-east-1', accountId: '000000000000' };
const NAME = { NamespaceName: 'shop', ServiceName: 'reviews' };

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'cloud-map-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const journal = () => join(dataDir, 'journal.jsonl');

async function registered(...ids: string[]) {
  const harness = await startHarness({ dataDir });
  const { Id: ServiceId } = await harness.service();
  for (const id of ids) await harness.register(ServiceId, id);
  return { ...harness, ServiceId };
}

describe('a restart', () => {
  it('loses no registration, tag, attribute, health, operation or revision', async () => {
    const first = await registered('a', 'b');
    const { sdk, ServiceId, finish, advance } = first;
    finish(await sdk.deregisterInstance({ ServiceId, InstanceId: 'b' }));
    await sdk.updateInstanceCustomHealthStatus({ ServiceId, InstanceId: 'a', Status: 'UNHEALTHY' });
    await sdk.updateServiceAttributes({ ServiceId, Attributes: { team: 'blue' } });
    advance(HEALTH_DELAY);
    const before = await sdk.discoverInstances({ ...NAME, HealthStatus: 'ALL' });
    const { Operations } = await sdk.listOperations({});
    await first.endpoint.close();

    const later = first.now() + 1000;
    const second = await startHarness({ dataDir, clock: () => later });
    const after = await second.sdk.discoverInstances({ ...NAME, HealthStatus: 'ALL' });
    expect(after.Instances).toEqual(before.Instances);
    expect(after.Instances).toMatchObject([{ InstanceId: 'a', HealthStatus: 'UNHEALTHY' }]);
    expect(after.InstancesRevision).toBe(before.InstancesRevision);
    expect((await second.sdk.listOperations({})).Operations).toEqual(Operations);
    const { ServiceAttributes } = await second.sdk.getServiceAttributes({ ServiceId });
    expect(ServiceAttributes?.Attributes).toEqual({ team: 'blue' });
  });

  it('finishes the operations that were in progress', async () => {
    const first = await registered();
    const request = { ServiceId: first.ServiceId, InstanceId: 'a', Attributes: {} };
    const { OperationId } = await first.sdk.registerInstance(request);
    await first.endpoint.close();
    const later = first.now() + 60_000;
    const { sdk } = await startHarness({ dataDir, clock: () => later });
    expect((await sdk.getOperation({ OperationId })).Operation?.Status).toBe('SUCCESS');
    expect((await sdk.discoverInstances(NAME)).Instances).toHaveLength(1);
  });

  it('loses nothing over snapshots', async () => {
    const first = await registered();
    const { sdk, ServiceId, advance, endpoint } = first;
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(
        Array.from({ length: 300 }, (_, index) =>
          sdk.registerInstance({ ServiceId, InstanceId: `i-${index}`, Attributes: { round: String(round) } }),
        ),
      );
      advance(1000);
    }
    const before = await sdk.discoverInstancesRevision(NAME);
    await endpoint.close();
    expect(await readdir(dataDir)).toEqual(['journal.jsonl', 'snapshot.json']);
    expect((await readFile(journal(), 'utf8')).split('\n').length).toBeLessThan(1000);

    const later = first.now();
    const second = await startHarness({ dataDir, clock: () => later });
    const after = await second.sdk.discoverInstances({ ...NAME, MaxResults: 1000 });
    expect(after.Instances).toHaveLength(300);
    expect(after.Instances?.every((one) => one.Attributes?.round === '3')).toBe(true);
    expect(after.InstancesRevision).toBe(before.InstancesRevision);
  });

  it('skips journal entries that the snapshot has already, as after a crash between the two', async () => {
    const first = await registered('a', 'b');
    await first.endpoint.close();
    const opened = await openStore(dataDir, OWNER);
    await opened.store.close();
    const { encodeSnapshot } = await import('../../cli/cloud-map/persistence/format.ts');
    const entries = (await readFile(journal(), 'utf8')).trim().split('\n').length - 1;
    const snapshot = encodeSnapshot({ state: opened.state, sequence: entries }, OWNER);
    await writeFile(join(dataDir, 'snapshot.json'), snapshot);
    const again = await openStore(dataDir, OWNER);
    expect(again.state).toEqual(opened.state);
    await again.store.close();
  });
});

describe('a crash', () => {
  it('by kill -9 in the middle of writing loses nothing that was answered', async () => {
    const script = join(dataDir, 'endpoint.mjs');
    const server = join(import.meta.dirname, '../../cli/cloud-map/server.ts');
    const data = join(dataDir, 'data');
    await writeFile(
      script,
      `import { startCloudMapEndpoint } from ${JSON.stringify(server)};
       const { url } = await startCloudMapEndpoint({ dataDir: ${JSON.stringify(data)}, operationDelayMs: 0 });
       console.log(url);`,
    );
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
      const sdk = sdkFor(url);
      await sdk.createHttpNamespace({ Name: 'shop' });
      const NamespaceId = (await sdk.listNamespaces({})).Namespaces?.[0]?.Id;
      const ServiceId = (await sdk.createService({ Name: 'reviews', NamespaceId })).Service?.Id;
      const answered = new Set<string>();
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let index = 0; index < 100; index += 1) {
          const InstanceId = `${writer}-${index}`;
          await sdk.registerInstance({ ServiceId, InstanceId, Attributes: {} });
          answered.add(InstanceId);
          if (answered.size === 60) child.kill('SIGKILL');
        }
      });
      await Promise.allSettled(writers);
      await (child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined);
      sdk.destroy();
      expect(answered.size).toBeGreaterThanOrEqual(60);

      const restarted = await startHarness({ dataDir: data, clock: Date.now });
      const { Instances } = await restarted.sdk.discoverInstances({ ...NAME, MaxResults: 1000 });
      const found = new Set(Instances?.map((one) => one.InstanceId));
      expect([...answered].filter((id) => !found.has(id))).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('leaves half a line, which is forgotten, and writing goes on behind the last whole one', async () => {
    const first = await registered('a');
    await first.endpoint.close();
    const whole = await readFile(journal(), 'utf8');
    await appendFile(journal(), `{"n":99,"at":1,"events":"${'x'.repeat(5000)}`);
    const later = first.now();
    const second = await startHarness({ dataDir, clock: () => later });
    await second.sdk.updateServiceAttributes({ ServiceId: first.ServiceId, Attributes: { k: 'v' } });
    await second.endpoint.close();
    const text = await readFile(journal(), 'utf8');
    expect(text.startsWith(whole)).toBe(true);
    expect(text).not.toContain('"n":99');
    expect(text.endsWith('}\n')).toBe(true);
    const { state, store } = await openStore(dataDir, OWNER);
    expect(state.services.get(first.ServiceId)?.attributes).toEqual({ k: 'v' });
    await store.close();
  });
});

describe('opening data', () => {
  it.each([
    [
      'another version',
      (text: string) => text.replace('"version":1', '"version":2'),
      'CLOUD_MAP_DATA_VERSION',
    ],
    [
      'another account',
      (text: string) => text.replace('000000000000', '123456789012'),
      'CLOUD_MAP_DATA_OWNER',
    ],
    ['a damaged line', (text: string) => text.replace('{"n":2', '{"n"2'), 'CLOUD_MAP_DATA_DAMAGED'],
    ['a missing line', (text: string) => text.replace(/\{"n":2.*\n/, ''), 'CLOUD_MAP_DATA_DAMAGED'],
    ['something else', () => 'hello\n', 'CLOUD_MAP_DATA_DAMAGED'],
  ])('refuses %s, naming the file and the way out', async (_what, change, code) => {
    const first = await registered('a');
    await first.endpoint.close();
    await writeFile(journal(), change(await readFile(journal(), 'utf8')));
    await expect(startCloudMapEndpoint({ dataDir })).rejects.toMatchObject({
      code,
      place: { file: journal() },
      remedy: expect.any(String),
    });
    // and gives the folder free again
    await expect(openStore(dataDir, OWNER)).rejects.toMatchObject({ code });
  });

  it('is for one endpoint at a time', async () => {
    const { endpoint } = await registered();
    await expect(startCloudMapEndpoint({ dataDir })).rejects.toMatchObject({ code: 'CLOUD_MAP_DATA_IN_USE' });
    await endpoint.close();
    await (await startCloudMapEndpoint({ dataDir })).close();
  });

  it('takes over the lock of a process that is gone, and of one that only has its number', async () => {
    await writeFile(join(dataDir, 'lock'), '999999999 1\n');
    await (await startCloudMapEndpoint({ dataDir })).close();
    await writeFile(join(dataDir, 'lock'), `${process.pid} 1\n`);
    if (process.platform === 'linux') await (await startCloudMapEndpoint({ dataDir })).close();
  });
});

describe('a disk that fails', () => {
  const entry = (value: string) => ({
    at: 1,
    events: [{ kind: 'tagged' as const, arn: value, tags: { k: 'v' } }],
  });
  const kept = async () => {
    const { state, store } = await openStore(dataDir, OWNER);
    await store.close();
    return [...state.tags.keys()];
  };

  /** The prototype that all open files share. */
  async function files(): Promise<FileHandle> {
    const handle = await open(join(dataDir, 'any'), 'w');
    await handle.close();
    return Object.getPrototypeOf(handle) as FileHandle;
  }
  afterEach(() => vi.restoreAllMocks());

  it.each(['datasync', 'write'] as const)(
    'in %s keeps nothing of what it refused, and the rest',
    async (method) => {
      const { store } = await openStore(dataDir, OWNER);
      const prototype = await files();
      await store.append([entry('a')], EMPTY_STATE);
      vi.spyOn(prototype, method).mockRejectedValueOnce(new Error('EIO'));
      await expect(store.append([entry('lost')], EMPTY_STATE)).rejects.toThrow('EIO');
      await store.append([entry('b')], EMPTY_STATE);
      await store.close();
      expect(await kept()).toEqual(['a', 'b']);
    },
  );

  it('for good refuses everything from then on', async () => {
    const { store } = await openStore(dataDir, OWNER);
    const prototype = await files();
    await store.append([entry('a')], EMPTY_STATE);
    vi.spyOn(prototype, 'datasync').mockRejectedValueOnce(new Error('EIO'));
    vi.spyOn(prototype, 'truncate').mockRejectedValueOnce(new Error('EIO too'));
    await expect(store.append([entry('lost')], EMPTY_STATE)).rejects.toThrow('EIO');
    await expect(store.append([entry('b')], EMPTY_STATE)).rejects.toThrow('EIO');
    await store.close();
  });

  it('refuses the request and shows nothing of it', async () => {
    const { Registry } = await import('../../cli/cloud-map/registry.ts');
    let full = false;
    let id = 0;
    const counted = (length: number) => {
      id += 1;
      return String(id).padStart(length, '0');
    };
    const registry = new Registry(
      EMPTY_STATE,
      {
        append: async () => {
          if (full) throw new Error('ENOSPC');
        },
        close: async () => undefined,
      },
      {
        ...OWNER,
        operationDelayMs: 0,
        healthDelayMs: 0,
        clock: () => 1,
        random: () => 0,
        ids: { random: counted },
      },
    );
    await registry.execute('CreateHttpNamespace', { Name: 'kept' });
    full = true;
    await expect(registry.execute('CreateHttpNamespace', { Name: 'lost' })).rejects.toThrow('ENOSPC');
    full = false;
    await registry.execute('CreateHttpNamespace', { Name: 'after' });
    const { Namespaces } = (await registry.execute('ListNamespaces', {})) as {
      Namespaces: { Name: string }[];
    };
    expect(Namespaces.map((one) => one.Name)).toEqual(['kept', 'after']);
  });
});
