import { describe, expect, it } from 'vitest';
import type { Plan, PlanRoute } from '../../migration-plans/plan/plan.ts';
import type { CapabilityState } from '../../migration-plans/revision/revision.ts';
import { decide } from '../../migration-plans/routing/decide.ts';
import { compiledRoute } from '../shadow/compiled-route.ts';

const EDGE = { now: 0, serviceAvailable: true, secret: undefined };

function decision(
  method: string,
  state: Partial<CapabilityState>,
  stage: Plan['data']['stage'],
  route: Partial<PlanRoute> = {},
) {
  const compiled = compiledRoute({ state, route });
  const { plan } = compiled;
  const request = { method, header: () => undefined, cookie: () => undefined, clientAddress: '192.0.2.1' };
  return decide({ ...compiled, plan: { ...plan, data: { ...plan.data, stage } } }, request, EDGE);
}

const CUTOVER: Partial<CapabilityState> = { phase: 'cutover', owner: 'service', weightBp: 10_000 };
const WRITE: Partial<PlanRoute> = { effect: 'write' };

describe('the monolith may answer for a failing service', () => {
  it('for every safe read of a cut over capability', () => {
    expect(decision('GET', CUTOVER, 'own-database')).toMatchObject({ target: 'service', mayFallBack: true });
  });

  it('for a write only while both work on one database', () => {
    expect(decision('POST', CUTOVER, 'shared-database', WRITE)).toMatchObject({
      target: 'service',
      mayFallBack: true,
    });
    expect(decision('POST', CUTOVER, 'own-database', WRITE)).toMatchObject({
      target: 'service',
      mayFallBack: false,
    });
  });

  it('for nothing once the way back is given up', () => {
    const retired: Partial<CapabilityState> = { ...CUTOVER, phase: 'retired' };
    expect(decision('GET', retired, 'shared-database').mayFallBack).toBe(false);
    expect(decision('POST', retired, 'shared-database', WRITE).mayFallBack).toBe(false);
  });
});
