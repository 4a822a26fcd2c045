import type { Phase, Revision } from '../../../migration-plans/revision/revision.ts';
import { plan, planRoute, revision, state } from '../../edge/support/revisions.ts';

/** What an edge under test serves. Plain data: it goes to another process. */
export interface EdgeVariant {
  /** Phase of the plan that claims the benchmark's own paths; undefined: nobody claims them. */
  phase?: Phase;
  weightBp?: number;
  /** Other plans, of ten routes each. */
  plans?: number;
  /** Of mirroring. Default: every read is mirrored, and a fifth of them asked twice, as a plan without words has it. */
  sampleBp?: number;
  noiseProbeBp?: number;
}

export const SERVICE_KEY = 'default/bench';

const ROUTES_A_PLAN = 10;
/** Every path of `scenarios.ts` and `figures/`, as templates. */
const CLAIMED = ['/small.json', '/page.html', '/download.bin', '/stream', '/reviews/:id'];

/** The revision that an edge of this kind serves. */
export function benchRevision(
  number: number,
  { phase, weightBp = 0, plans = 0, sampleBp = 10_000, noiseProbeBp = 2_000 }: EdgeVariant,
): Revision {
  const others = Array.from({ length: plans }, (_, index) => ({
    plan: plan(
      `area${index}`,
      Array.from({ length: ROUTES_A_PLAN }, (_, route) =>
        planRoute(
          route % 4 === 3 ? 'POST' : 'GET',
          `/shop/area${index}/things${route}/:id${route > 6 ? '/details' : ''}`,
        ),
      ),
    ),
    state: state(),
  }));
  if (phase === undefined) return revision(number, others);
  const timeouts = { connectMs: 3_000, headersMs: 60_000, idleMs: 60_000, totalMs: 0 };
  const routes = [
    ...CLAIMED.map((path) => planRoute('GET', path, { timeouts })),
    planRoute('POST', '/upload', { timeouts }),
  ];
  const own = {
    plan: plan('bench', routes, {
      stickyBy: [{ by: 'cookie', name: 'session' }, { by: 'client-address' }],
      shadow: {
        sampleBp,
        noiseProbeBp,
        maxBodyBytes: 1_048_576,
        timeoutMs: 5_000,
        sandbox: undefined,
        headers: { monolith: {}, service: {} },
      },
    }),
    state: state({ phase, weightBp, owner: phase === 'cutover' ? 'service' : 'monolith' }),
  };
  return revision(number, [...others, own]);
}
