import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startHarness } from './harness.ts';

const run = promisify(execFile);
const cli = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)]
  .map((folder) => join(folder, 'aws'))
  .find(existsSync);

describe.skipIf(cli === undefined)('the AWS command line (skipped where there is none)', () => {
  // each call starts an interpreter: about a second, several on a busy machine
  it('registers, lists and discovers instances', { timeout: 120_000 }, async () => {
    const { endpoint } = await startHarness({ operationDelayMs: 0, healthDelayMs: 0, clock: Date.now });
    const home = await mkdtemp(join(tmpdir(), 'aws-home-'));
    const aws = async (...args: string[]) => {
      const { stdout } = await run(
        cli ?? '',
        [
          '--endpoint-url',
          endpoint.url,
          '--region',
          'us-east-1',
          '--output',
          'json',
          'servicediscovery',
          ...args,
        ],
        {
          env: {
            PATH: process.env.PATH,
            HOME: home,
            AWS_ACCESS_KEY_ID: 'local',
            AWS_SECRET_ACCESS_KEY: 'local',
            AWS_PAGER: '',
            // as the README tells users: any version then reaches the endpoint under the name data-127.0.0.1 too
            HTTP_PROXY: endpoint.url,
          },
        },
      );
      return stdout === '' ? {} : JSON.parse(stdout);
    };
    try {
      const { OperationId } = await aws('create-http-namespace', '--name', 'shop');
      const { Operation } = await aws('get-operation', '--operation-id', OperationId);
      expect(Operation.Status).toBe('SUCCESS');
      const namespace: string = Operation.Targets.NAMESPACE;
      const { Service } = await aws(
        ...['create-service', '--name', 'reviews', '--namespace-id', namespace],
        ...['--health-check-custom-config', 'FailureThreshold=1'],
      );
      await aws(
        ...['register-instance', '--service-id', Service.Id, '--instance-id', 'i-1'],
        ...['--attributes', 'AWS_INSTANCE_IPV4=127.0.0.1,AWS_INSTANCE_PORT=8080,version=7'],
      );
      const { Instances } = await aws('list-instances', '--service-id', Service.Id);
      expect(Instances).toMatchObject([{ Id: 'i-1', Attributes: { version: '7' } }]);
      const discovered = await aws(
        ...['discover-instances', '--namespace-name', 'shop', '--service-name', 'reviews'],
        ...['--health-status', 'ALL'],
      );
      expect(discovered.Instances).toMatchObject([
        { InstanceId: 'i-1', HealthStatus: 'HEALTHY', Attributes: { AWS_INSTANCE_PORT: '8080' } },
      ]);
      await expect(aws('get-service', '--id', 'srv-none')).rejects.toThrow('ServiceNotFound');
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
