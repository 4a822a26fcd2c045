import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import type { DifferenceCluster } from '../../../migration-plans/evidence/evidence.ts';
import { didYouMean } from '../../terminal/suggest.ts';

/**
 * The cluster that was meant: its id, or as much of it as tells it from the others.
 * @throws StranglerError REPORT_UNKNOWN_CLUSTER with the nearest ids, or REPORT_AMBIGUOUS_CLUSTER.
 */
export function findCluster(clusters: readonly DifferenceCluster[], typed: string): DifferenceCluster {
  const wanted = typed.toLowerCase();
  const found = wanted === '' ? [] : clusters.filter(({ id }) => id.startsWith(wanted));
  const exact = found.find(({ id }) => id === wanted) ?? (found.length === 1 ? found[0] : undefined);
  if (exact !== undefined) return exact;
  const ids = clusters.map(({ id }) => id);
  if (found.length > 1)
    throw new StranglerError('REPORT_AMBIGUOUS_CLUSTER', `"${typed}" begins ${found.length} cluster ids`, {
      exitCode: EXIT.usage,
      remedy: `say more of it: ${found
        .slice(0, 5)
        .map(({ id }) => id)
        .join(', ')}`,
    });
  throw new StranglerError('REPORT_UNKNOWN_CLUSTER', `there is no cluster "${typed}" in this run`, {
    exitCode: EXIT.usage,
    remedy: didYouMean(wanted, ids, 'nothing differs in this run; strangler report shows what was measured'),
  });
}
