import type { CapabilityState, Revision } from '../../migration-plans/revision/revision.ts';
import { plan, planRoute, state } from '../edge/support/revisions.ts';

/** What successive revisions say of the orders: a whole migration, there and back, again and again. */
const STEPS: readonly Pick<CapabilityState, 'phase' | 'weightBp' | 'owner'>[] = [
  { phase: 'monolith', weightBp: 0, owner: 'monolith' },
  { phase: 'shadow', weightBp: 0, owner: 'monolith' },
  { phase: 'canary', weightBp: 500, owner: 'monolith' },
  { phase: 'canary', weightBp: 5_000, owner: 'monolith' },
  { phase: 'canary', weightBp: 9_500, owner: 'monolith' },
  { phase: 'cutover', weightBp: 10_000, owner: 'service' },
  { phase: 'cutover', weightBp: 10_000, owner: 'service' },
  { phase: 'canary', weightBp: 2_500, owner: 'monolith' },
];

/** Other plans come and go between none and so many. */
const MOST_OTHERS = 40;

export const NAMESPACE = 'soak';
export const SERVICE = 'orders';

/** Plans and states of the `number`th revision, from 0. Each differs from the one before in a phase, a share or the set of plans. */
export function chapter(number: number): Pick<Revision, 'plans' | 'states'> {
  const step = STEPS[number % STEPS.length]!;
  // The epoch rises where a migration begins anew.
  const epoch = 1 + Math.floor(number / STEPS.length);
  const timeouts = { connectMs: 2_000, headersMs: 10_000 + (number % 5), idleMs: 10_000, totalMs: 0 };
  const routes = [
    planRoute('GET', '/items/:id', { timeouts }),
    planRoute('GET', '/orders/:id', { timeouts }),
    planRoute('POST', '/orders', { timeouts }),
  ];
  const orders = plan(SERVICE, routes, {
    stickyBy: [{ by: 'cookie', name: 'session' }, { by: 'client-address' }],
    shadow: {
      sampleBp: 10_000,
      noiseProbeBp: 2_000,
      maxBodyBytes: 1_048_576,
      timeoutMs: 5_000,
      sandbox: undefined,
      headers: { monolith: {}, service: {} },
    },
  });
  const plans: Revision['plans'] = { [SERVICE]: orders };
  const states: Revision['states'] = { [SERVICE]: state({ ...step, epoch }) };
  const others = (number * 7) % (MOST_OTHERS + 1);
  for (let index = 0; index < others; index += 1) {
    const name = `area${index}`;
    plans[name] = plan(name, [planRoute('GET', `/${name}/:id`), planRoute('POST', `/${name}`)]);
    states[name] = state();
  }
  return { plans, states };
}
