import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Registrar } from '../src/registration/registrar.ts';
import { startRecorder } from './cloud-map-recorder.ts';

let cloudMap: Awaited<ReturnType<typeof startRecorder>>;
let registrars: Registrar[];
let lines: string[];
let healthy: boolean;

beforeEach(async () => {
  cloudMap = await startRecorder();
  registrars = [];
  lines = [];
  healthy = true;
});

afterEach(async () => {
  await Promise.all(registrars.map((registrar) => registrar.stop()));
  await cloudMap.stop();
});

function start(instanceId = 'reviews-1') {
  const registrar = new Registrar({
    config: {
      endpoint: cloudMap.endpoint,
      region: 'eu-central-1',
      namespace: 'shop',
      service: 'reviews',
      heartbeat: 20,
    },
    instanceId,
    attributes: { AWS_INSTANCE_IPV4: '127.0.0.1', AWS_INSTANCE_PORT: '3101', version: '7' },
    isHealthy: async () => healthy,
    log: (line) => lines.push(line),
  });
  registrars.push(registrar);
  registrar.start();
  return registrar;
}

const counts = (operation: string) => cloudMap.calls.filter((call) => call.operation === operation).length;
const inputOf = (operation: string) => cloudMap.calls.find((call) => call.operation === operation)?.input;

it('creates what is missing, registers with its address, and reports its health', async () => {
  start();
  await cloudMap.until(() => cloudMap.health.get('reviews-1') === 'HEALTHY');
  expect(inputOf('CreateHttpNamespace')).toMatchObject({ Name: 'shop' });
  expect(inputOf('CreateService')).toMatchObject({ Name: 'reviews', HealthCheckCustomConfig: {} });
  expect(cloudMap.instances.get('reviews-1')).toEqual({
    AWS_INSTANCE_IPV4: '127.0.0.1',
    AWS_INSTANCE_PORT: '3101',
    AWS_INIT_HEALTH_STATUS: 'HEALTHY',
    version: '7',
  });
  expect(counts('GetOperation')).toBeGreaterThanOrEqual(2);
  healthy = false;
  await cloudMap.until(() => cloudMap.health.get('reviews-1') === 'UNHEALTHY');
});

it('uses what is there already', async () => {
  cloudMap.namespaces.set('shop', 'ns-old');
  cloudMap.services.set('reviews', 'srv-old');
  start();
  await cloudMap.until(() => cloudMap.instances.has('reviews-1'));
  expect([counts('CreateHttpNamespace'), counts('CreateService')]).toEqual([0, 0]);
  expect(inputOf('RegisterInstance')).toMatchObject({ ServiceId: 'srv-old' });
});

it('several may start at the same moment', async () => {
  // Each sees nothing yet, so that each tries to create everything.
  cloudMap.setIntercept(({ operation }) => {
    if (operation === 'ListNamespaces') return { body: { Namespaces: [] } };
    if (operation === 'ListServices') return { body: { Services: [] } };
    return undefined;
  });
  cloudMap.namespaces.set('shop', 'ns-other');
  for (const id of ['a', 'b', 'c']) start(id);
  await cloudMap.until(() => cloudMap.health.size === 3);
  expect(cloudMap.services.size).toBe(1);
});

it('registers again when it was forgotten', async () => {
  start();
  await cloudMap.until(() => cloudMap.health.has('reviews-1'));
  cloudMap.instances.clear();
  await cloudMap.until(() => cloudMap.instances.has('reviews-1'));
  expect(counts('RegisterInstance')).toBe(2);
});

it('keeps trying while Cloud Map is away, and says so once', async () => {
  cloudMap.setAway(true);
  const registrar = start();
  await vi.waitFor(() => expect(lines).toHaveLength(1));
  expect(registrar.registered).toBe(false);
  cloudMap.setAway(false);
  await cloudMap.until(() => cloudMap.health.has('reviews-1'));
  expect(lines.filter((line) => line.includes('trying again'))).toHaveLength(1);
});

it('tries again after an operation has failed', async () => {
  let failed = 0;
  cloudMap.setIntercept(({ operation, input }) => {
    if (operation !== 'GetOperation' || input.OperationId !== 'operation-register' || failed++ > 0)
      return undefined;
    return {
      body: { Operation: { Status: 'FAIL', ErrorCode: 'INTERNAL_FAILURE', ErrorMessage: 'not today' } },
    };
  });
  start();
  await cloudMap.until(() => cloudMap.health.has('reviews-1'));
  expect(lines[0]).toContain('not today');
});

it('takes its leave, also when it does not know yet whether it was registered', async () => {
  const known = start('known');
  await cloudMap.until(() => cloudMap.health.has('known'));
  await known.stop();
  expect(cloudMap.instances.has('known')).toBe(false);
  const calls = cloudMap.calls.length;

  cloudMap.setIntercept(({ operation, input }) =>
    operation === 'GetOperation' && input.OperationId === 'operation-register'
      ? { body: { Operation: { Status: 'PENDING' } } }
      : undefined,
  );
  const unknown = start('unknown');
  await cloudMap.until(() => cloudMap.instances.has('unknown'));
  await unknown.stop();
  expect(cloudMap.instances.has('unknown')).toBe(false);
  expect(cloudMap.calls.slice(calls).at(-1)?.operation).toBe('GetOperation');
});
