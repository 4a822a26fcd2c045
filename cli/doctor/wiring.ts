import { DiscoverInstancesCommand, ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import type { EdgeLease } from '../../migration-plans/state-store/port.ts';
import { probe } from '../local-stack/parts/readiness.ts';
import { broken, type Check, ok, skipped, warning } from './check.ts';

const LIMIT_MS = 3000;
const TOTAL_LIMIT_MS = 6000;

export async function checkMonolith(url: string): Promise<Check> {
  if (new URL(url).port === '0')
    return skipped('monolith', 'strangler dev chooses its port, and dev does not run');
  const answer = await probe(url, LIMIT_MS);
  if (typeof answer === 'number') return ok('monolith', `${url} answers (${answer})`);
  return broken(
    'monolith',
    `${url} does not answer (${answer})`,
    'start it (strangler dev does, if dev.processes.monolith is set), or correct monolith.url in strangler.yaml',
  );
}

/** Cloud Map, and whether the service of each plan is registered there with a healthy instance. */
export async function checkDiscovery(
  plans: readonly Plan[],
  project: Project,
  endpoint: string | undefined,
): Promise<Check[]> {
  if (plans.length === 0) return [skipped('cloud map', 'no plan needs it')];
  const { region, namespace } = project.cloudMap;
  const client = new ServiceDiscoveryClient({
    region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: LIMIT_MS, requestTimeout: LIMIT_MS },
    ...(endpoint === undefined
      ? {}
      : {
          endpoint,
          // Both Discover operations carry a host prefix that an endpoint of one's own does not have.
          disableHostPrefix: true,
          credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        }),
  });
  const where = endpoint ?? `AWS, ${region}`;
  try {
    const asked = Promise.all(
      plans.map((plan) => checkService(client, plan, plan.service.namespace ?? namespace)),
    );
    const checks = await withinLimit(asked);
    return [ok('cloud map', `${where} answers`), ...checks];
  } catch (error) {
    return [
      broken(
        'cloud map',
        `${where} cannot be asked: ${error instanceof Error ? error.message || error.name : String(error)}`,
        endpoint === undefined
          ? 'check the AWS credentials and region of this shell, or set cloudMap.endpoint: local and run strangler dev'
          : 'start it with strangler dev, or correct cloudMap.endpoint in strangler.yaml',
      ),
    ];
  } finally {
    client.destroy();
  }
}

/** Looking for credentials where there are none takes the SDK far longer than a person waits. */
async function withinLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${TOTAL_LIMIT_MS / 1000} s`)),
      TOTAL_LIMIT_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function checkService(client: ServiceDiscoveryClient, plan: Plan, namespace: string): Promise<Check> {
  const name = `service ${plan.service.name}`;
  const full = `${namespace}/${plan.service.name}`;
  const fix = `start it, and check that it registers as ${full} (CLOUD_MAP_ENDPOINT, CLOUD_MAP_NAMESPACE)`;
  try {
    const { Instances = [] } = await client.send(
      new DiscoverInstancesCommand({
        NamespaceName: namespace,
        ServiceName: plan.service.name,
        HealthStatus: 'ALL',
        MaxResults: 1000,
      }),
    );
    const healthy = Instances.filter((instance) => instance.HealthStatus === 'HEALTHY').length;
    if (Instances.length === 0) return warning(name, `${full} has no registered instance`, fix);
    if (healthy === 0)
      return broken(name, `none of the ${Instances.length} instances of ${full} is healthy`, fix);
    return ok(name, `${healthy} of ${Instances.length} instances of ${full} healthy`);
  } catch (error) {
    const { name: kind } = error as Error;
    if (kind !== 'ServiceNotFound' && kind !== 'NamespaceNotFound') throw error;
    return warning(name, `${full} was never registered`, fix);
  }
}

export function checkEdges(edges: readonly EdgeLease[], head: number | null): Check {
  const live = edges.filter((edge) => edge.live);
  if (live.length === 0)
    return warning('edges', 'no edge is running', 'start one: strangler edge, or strangler dev');
  const behind = live.filter((edge) => head !== null && (edge.revision ?? 0) < head);
  if (behind.length > 0)
    return broken(
      'edges',
      `${behind.map((edge) => `${edge.id} serves revision ${edge.revision ?? '—'}`).join(', ')}; the newest is ${head}`,
      'look at its /readyz and log: it may not reach the state store, or refuse the revision',
    );
  return ok('edges', `${live.length} live, ${head === null ? 'nothing applied yet' : `on revision ${head}`}`);
}
