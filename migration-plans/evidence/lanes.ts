import type { Plan } from '../plan/plan.ts';
import type { EvidenceSummary } from './evidence.ts';

type Measured = Pick<EvidenceSummary, 'funnel' | 'coverage' | 'clusters' | 'shadowLatency'>;

/**
 * Reads are compared on the same data, with probes that tell noise; writes on the data of a sandbox, which part from the monolith's more
 * with every write, and without probes. So they are judged apart, or the one would spoil what is known of the other.
 */
export function splitLanes<S extends Measured>(plan: Plan, summary: S): { reads: S; writes: S } {
  const writing = new Set(plan.routes.filter(({ effect }) => effect === 'write').map(({ id }) => id));
  const only = (of: (route: string) => boolean): S => ({
    ...summary,
    funnel: Object.fromEntries(Object.entries(summary.funnel).filter(([route]) => of(route))),
    coverage: summary.coverage.filter(({ route }) => of(route)),
    clusters: summary.clusters.filter(({ route }) => of(route)),
    shadowLatency: summary.shadowLatency.filter(({ route }) => of(route)),
  });
  return { reads: only((route) => !writing.has(route)), writes: only((route) => writing.has(route)) };
}
