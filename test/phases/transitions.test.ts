import { describe, expect, it } from 'vitest';
import { decideApply } from '../../migration-plans/phases/apply.ts';
import { nextStep, type Step, stateIn } from '../../migration-plans/phases/steps.ts';
import { decideStep, type StepContext } from '../../migration-plans/phases/transitions.ts';
import type {
  CapabilityState,
  GateFinding,
  Phase,
  Revision,
} from '../../migration-plans/revision/revision.ts';
import { plan, revision } from '../routing/plans.ts';

const NOW = '2026-06-01T00:00:00.000Z';
const MET: GateFinding = {
  rule: 'canary.minCompared',
  met: true,
  message: '200 of 200',
  required: 200,
  seen: 200,
};
const UNMET: GateFinding = {
  rule: 'canary.minCompared',
  met: false,
  message: '3 of 200 compared',
  required: 200,
  seen: 3,
};
const context = (extra: Partial<StepContext> = {}): StepContext => ({
  actor: 'ann',
  reason: 'because',
  now: NOW,
  gates: [MET],
  ...extra,
});

function at(
  phase: Phase,
  extra: Partial<CapabilityState> = {},
  stage: 'shared-database' | 'own-database' = 'shared-database',
): Revision {
  const state = {
    ...stateIn(phase, { weightBp: 500, epoch: 3, since: '2026-01-01T00:00:00.000Z' }),
    ...extra,
  };
  return revision([plan('reviews', ['GET /r'], { data: { stage, tables: [] } })], { reviews: state });
}

const STEPS: Record<string, Step> = {
  shadow: { command: 'shadow' },
  'canary 25': { command: 'canary', weightBp: 2500 },
  cutover: { command: 'cutover' },
  rollback: { command: 'rollback' },
  retire: { command: 'retire' },
  kill: { command: 'kill', on: true },
  unkill: { command: 'kill', on: false },
};

/** Where each step leads from each phase; `-`: nothing to do, `x`: refused. */
const TABLE: Record<Phase, Record<string, string>> = {
  monolith: {
    shadow: 'shadow',
    'canary 25': 'x',
    cutover: 'x',
    rollback: '-',
    retire: 'x',
    kill: '-',
    unkill: '-',
  },
  shadow: {
    shadow: '-',
    'canary 25': 'canary',
    cutover: 'x',
    rollback: 'monolith',
    retire: 'x',
    kill: 'shadow killed',
    unkill: '-',
  },
  canary: {
    shadow: 'shadow',
    'canary 25': 'canary',
    cutover: 'cutover',
    rollback: 'monolith',
    retire: 'x',
    kill: 'canary killed',
    unkill: '-',
  },
  cutover: {
    shadow: 'x',
    'canary 25': 'x',
    cutover: '-',
    rollback: 'monolith',
    retire: 'retired',
    kill: 'cutover killed',
    unkill: '-',
  },
  retired: {
    shadow: 'x',
    'canary 25': 'x',
    cutover: 'x',
    rollback: 'x',
    retire: '-',
    kill: 'x',
    unkill: 'x',
  },
};

describe('a step', () => {
  for (const [phase, row] of Object.entries(TABLE) as [Phase, Record<string, string>][])
    it.each(Object.entries(row))(`from ${phase}: %s gives %s`, (name, expected) => {
      const result = decideStep(at(phase), 'reviews', STEPS[name]!, context());
      if (!result.ok) {
        expect(expected).toBe('x');
        expect(result.error).toMatchObject({ code: 'STEP_REFUSED', exitCode: 3 });
        expect(result.error.remedy).not.toContain('CAPABILITY');
        expect(result.refusal).toMatchObject({
          capability: 'reviews',
          outcome: 'refused',
          from: { phase },
          actor: 'ann',
          reason: 'because',
        });
      } else if (!result.changed) {
        expect(expected).toBe('-');
        expect(result.notes).toHaveLength(1);
      } else {
        const state = result.draft.states.reviews!;
        expect(`${state.phase}${state.killed ? ' killed' : ''}`).toBe(expected);
        expect(result.transitions).toMatchObject([
          { outcome: 'done', from: { phase }, to: { phase: state.phase, owner: state.owner } },
        ]);
      }
    });

  it('raises the epoch on the way back and into shadow, and nowhere else', () => {
    const epochAfter = (phase: Phase, step: Step): number | undefined => {
      const result = decideStep(at(phase), 'reviews', step, context());
      return result.ok && result.changed ? result.draft.states.reviews!.epoch : undefined;
    };
    expect(epochAfter('monolith', { command: 'shadow' })).toBe(4);
    expect(epochAfter('canary', { command: 'rollback' })).toBe(4);
    expect(epochAfter('canary', { command: 'shadow' })).toBe(4);
    expect(epochAfter('shadow', { command: 'canary' })).toBe(3);
    expect(epochAfter('canary', { command: 'canary', weightBp: 100 })).toBe(3);
    expect(epochAfter('canary', { command: 'cutover' })).toBe(3);
  });

  it('keeps the time of entering while the share changes', () => {
    const since = (step: Step): string | undefined => {
      const result = decideStep(at('canary'), 'reviews', step, context());
      return result.ok && result.changed ? result.draft.states.reviews!.since : undefined;
    };
    expect(since({ command: 'canary', weightBp: 100 })).toBe('2026-01-01T00:00:00.000Z');
    expect(since({ command: 'cutover' })).toBe(NOW);
  });

  it('canary without a share takes the next step of the plan, and says when there is none', () => {
    const weightAfter = (current: Revision): unknown => {
      const result = decideStep(current, 'reviews', { command: 'canary' }, context());
      return result.ok && result.changed ? result.draft.states.reviews!.weightBp : result;
    };
    expect(weightAfter(at('shadow'))).toBe(500);
    expect(weightAfter(at('canary'))).toBe(2500);
    expect(weightAfter(at('canary', { weightBp: 5000 }))).toMatchObject({
      changed: false,
      notes: [expect.stringContaining('cutover is next')],
    });
  });

  it.each([0, -1, 10_001, 0.5, Number.NaN])('a share of %d basis points is a usage error', (weightBp) => {
    const result = decideStep(at('canary'), 'reviews', { command: 'canary', weightBp }, context());
    expect(result).toMatchObject({ ok: false, refusal: null, error: { code: 'STEP_INVALID', exitCode: 2 } });
  });
});

describe('a closed gate', () => {
  const forward: [Phase, Step][] = [
    ['shadow', { command: 'canary' }],
    ['canary', { command: 'canary', weightBp: 9000 }],
    ['canary', { command: 'cutover' }],
  ];

  it.each(forward)('refuses the way from %s by %j, and names the rule', (phase, step) => {
    const result = decideStep(at(phase), 'reviews', step, context({ gates: [MET, UNMET] }));
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'GATE_REFUSED', exitCode: 3, message: expect.stringContaining('3 of 200 compared') },
      refusal: { outcome: 'refused', evidence: [MET, UNMET] },
    });
  });

  it.each([forward[0]!, forward[2]!])('is closed when nothing was judged: from %s by %j', (phase, step) => {
    expect(decideStep(at(phase), 'reviews', step, context({ gates: [] }))).toMatchObject({
      ok: false,
      error: { code: 'GATE_REFUSED' },
    });
  });

  it('holds nobody back: less share, shadow and rollback need no evidence', () => {
    for (const step of [
      { command: 'canary', weightBp: 100 },
      { command: 'shadow' },
      { command: 'rollback' },
    ] as Step[])
      expect(decideStep(at('canary'), 'reviews', step, context({ gates: [UNMET] }))).toMatchObject({
        ok: true,
        changed: true,
      });
  });

  it('is passed by force with a reason, and that is recorded', () => {
    const forced = context({ gates: [UNMET], force: true });
    expect(decideStep(at('shadow'), 'reviews', { command: 'canary' }, forced)).toMatchObject({
      ok: true,
      transitions: [{ outcome: 'done', reason: 'forced: because', evidence: [UNMET] }],
      draft: { reason: 'forced: because' },
    });
    expect(
      decideStep(at('shadow'), 'reviews', { command: 'canary' }, { ...forced, reason: ' ' }),
    ).toMatchObject({ ok: false, error: { code: 'STEP_NEEDS_REASON', exitCode: 2 } });
    expect(decideStep(at('monolith'), 'reviews', { command: 'cutover' }, forced)).toMatchObject({
      ok: false,
      error: { code: 'STEP_REFUSED' },
    });
  });
});

describe('the kill switch', () => {
  it('hands everything to the monolith and gives it back as it was', () => {
    for (const phase of ['shadow', 'canary', 'cutover'] as const) {
      const before = at(phase);
      const killed = decideStep(before, 'reviews', STEPS.kill!, context());
      if (!killed.ok || !killed.changed) throw new Error('not killed');
      expect(killed.draft.states.reviews).toMatchObject({ killed: true, owner: 'monolith', phase });
      const again = decideStep({ ...before, ...killed.draft }, 'reviews', STEPS.unkill!, context());
      if (!again.ok || !again.changed) throw new Error('still killed');
      expect(again.draft.states.reviews).toEqual(before.states.reviews);
    }
  });

  it('stops every step but the way back', () => {
    const killed = at('canary', { killed: true });
    for (const name of ['shadow', 'canary 25', 'cutover'])
      expect(decideStep(killed, 'reviews', STEPS[name]!, context())).toMatchObject({
        ok: false,
        error: { code: 'STEP_REFUSED' },
      });
    expect(decideStep(killed, 'reviews', STEPS.rollback!, context())).toMatchObject({
      ok: true,
      draft: { states: { reviews: { phase: 'monolith', killed: false } } },
    });
    expect(nextStep(killed.plans.reviews!, killed.states.reviews!)).toEqual({ command: 'kill', on: false });
  });

  it('is refused where the monolith could not take the writes', () => {
    expect(decideStep(at('cutover', {}, 'own-database'), 'reviews', STEPS.kill!, context())).toMatchObject({
      ok: false,
      error: { remedy: expect.stringContaining('rollback') },
    });
  });
});

describe('an unknown capability', () => {
  it('is an error of usage with the name that was meant', () => {
    expect(decideStep(at('shadow'), 'review', STEPS.rollback!, context())).toMatchObject({
      ok: false,
      refusal: null,
      error: { code: 'CAPABILITY_UNKNOWN', exitCode: 2, remedy: 'Did you mean "reviews"?' },
    });
    expect(decideStep(at('shadow'), 'constructor', STEPS.rollback!, context())).toMatchObject({
      ok: false,
      error: { remedy: 'Known: reviews.' },
    });
    expect(decideStep(null, 'reviews', STEPS.rollback!, context())).toMatchObject({
      ok: false,
      error: { code: 'NOTHING_APPLIED' },
    });
  });
});

describe('apply', () => {
  const apply = (current: Revision | null, ...plans: ReturnType<typeof plan>[]) =>
    decideApply(current, Object.fromEntries(plans.map((each) => [each.capability, each])), context());

  it('begins new capabilities with the monolith, in an epoch that was never used', () => {
    expect(apply(null, plan('reviews', ['GET /r']))).toMatchObject({
      ok: true,
      draft: { states: { reviews: { phase: 'monolith', owner: 'monolith', weightBp: 0, epoch: 1 } } },
      transitions: [{ command: 'apply', from: null, to: { phase: 'monolith' } }],
    });
    const later = { ...at('canary'), number: 41 };
    expect(apply(later, later.plans.reviews!, plan('orders', ['GET /o']))).toMatchObject({
      draft: { states: { orders: { epoch: 42 }, reviews: later.states.reviews } },
    });
  });

  it('keeps the phase of changed plans and says what changes; unchanged plans are nothing to do', () => {
    const current = at('canary');
    const result = apply(current, plan('reviews', ['GET /r', 'GET /r/new']));
    expect(result).toMatchObject({
      ok: true,
      changed: true,
      draft: { states: current.states },
      notes: ['reviews: claims GET /r/new'],
    });
    expect(apply(current, plan('reviews', ['GET /r']))).toMatchObject({ ok: true, changed: false });
    expect(apply(null)).toMatchObject({ ok: true, changed: false });
  });

  it('refuses to lose a plan that still routes, for all of them at once', () => {
    const both = revision([plan('a', ['GET /a']), plan('b', ['GET /b']), plan('c', ['GET /c'])], {
      a: stateIn('canary', { weightBp: 1, epoch: 1, since: NOW }),
      b: stateIn('cutover', { epoch: 1, since: NOW }),
    });
    const result = apply(both);
    expect(result).toMatchObject({
      ok: false,
      refusal: { capability: 'a', outcome: 'refused' },
      error: { code: 'APPLY_REFUSED', exitCode: 3, findings: [{}, {}] },
    });
    expect(apply(at('monolith'))).toMatchObject({
      ok: true,
      draft: { plans: {}, states: {} },
      transitions: [{ to: null }],
    });
    expect(apply(at('retired'))).toMatchObject({ ok: true, draft: { states: {} } });
  });

  it('refuses to change whose database is written while the service owns the writes', () => {
    expect(
      apply(at('cutover'), plan('reviews', ['GET /r'], { data: { stage: 'own-database', tables: [] } })),
    ).toMatchObject({ ok: false, error: { code: 'APPLY_REFUSED' } });
    expect(
      apply(at('shadow'), plan('reviews', ['GET /r'], { data: { stage: 'own-database', tables: [] } })),
    ).toMatchObject({ ok: true });
  });

  it('takes a capability that is called like a property of every object', () => {
    expect(apply(at('canary'), plan('reviews', ['GET /r']), plan('constructor', ['GET /c']))).toMatchObject({
      ok: true,
      transitions: [{ capability: 'constructor', from: null }],
    });
  });
});
