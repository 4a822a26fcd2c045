import type { Comparison, Difference } from '../../migration-plans/compare/answer.ts';
import { clusterId } from '../../migration-plans/evidence/cluster.ts';
import type { DifferenceCluster, DifferenceExample } from '../../migration-plans/evidence/evidence.ts';

export function clusterOf(
  route: string,
  difference: Pick<Difference, 'kind' | 'path' | 'shape'> & Partial<Difference>,
  example: Partial<DifferenceExample> = {},
): DifferenceCluster {
  const { kind, path, shape, left, right, at = path } = difference;
  return {
    id: clusterId(route, path, kind, shape),
    route,
    path,
    kind,
    shape,
    seen: 1,
    noiseSeen: 0,
    firstSeen: '2026-01-01T00:00:00.000Z',
    lastSeen: '2026-01-01T00:00:00.000Z',
    examples: [
      {
        at,
        time: '2026-01-01T00:00:00.000Z',
        method: 'GET',
        url: '/things/1',
        traceId: undefined,
        left,
        right,
        leftBody: undefined,
        rightBody: undefined,
        bytes: 100,
        ...example,
      },
    ],
  };
}

export function clustersOf(route: string, { differences }: Comparison): DifferenceCluster[] {
  return differences.map((difference) => clusterOf(route, difference));
}
