import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideApply } from '../../migration-plans/phases/apply.ts';
import { nextStep, type Step } from '../../migration-plans/phases/steps.ts';
import {
  decideStep,
  type StepContext,
  type TransitionResult,
} from '../../migration-plans/phases/transitions.ts';
import { digestOf } from '../../migration-plans/revision/digest.ts';
import { PHASES, type Revision } from '../../migration-plans/revision/revision.ts';
import { problemOfContent } from '../../migration-plans/revision/validate.ts';
import { plan } from '../routing/plans.ts';

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>({ command: 'rollback' }, { command: 'retire' }, { command: 'shadow' }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>({ command: 'shadow' }, { command: 'cutover' }, { command: 'canary' }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      command: fc.constant('canary' as const),
      weightBp: fc.integer({ min: -5, max: 10_005 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ command: fc.constant('kill' as const), on: fc.boolean() }) },
);
type Action =
  | { kind: 'step'; step: Step; capability: string; met: boolean; force: boolean }
  | { kind: 'next'; capability: string }
  | { kind: 'apply'; apply: string[]; own: boolean };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('step' as const),
      step,
      capability: fc.constantFrom('a', 'b', 'nope'),
      met: fc.boolean(),
      force: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('next' as const), capability: fc.constantFrom('a', 'b') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('apply' as const),
      apply: fc.subarray(['a', 'b']),
      own: fc.boolean(),
    }),
  },
);

const context = (number: number, met = true, force = false): StepContext => ({
  actor: 'x',
  reason: 'r',
  now: new Date(number * 1000).toISOString(),
  gates: [{ rule: 'g', met, message: '', required: 1, seen: 1 }],
  force,
});

function publish(current: Revision | null, result: TransitionResult): Revision | null {
  if (!result.ok || !result.changed) return current;
  const { plans, states, actor, reason } = result.draft;
  return {
    formatVersion: 1,
    number: (current?.number ?? 0) + 1,
    parent: current?.number ?? null,
    createdAt: '',
    actor,
    reason,
    plans,
    states,
    digest: digestOf({ plans, states }),
  };
}

function run(current: Revision | null, act: Action): TransitionResult {
  const number = (current?.number ?? 0) + 1;
  if (act.kind === 'step')
    return decideStep(current, act.capability, act.step, context(number, act.met, act.force));
  if (act.kind === 'next') {
    const [named, state] = [current?.plans[act.capability], current?.states[act.capability]];
    const next = named && state && nextStep(named, state);
    return next
      ? decideStep(current, act.capability, next, context(number))
      : { ok: true, changed: false, notes: [] };
  }
  const data = { stage: act.own ? ('own-database' as const) : ('shared-database' as const), tables: [] };
  const plans = Object.fromEntries(act.apply.map((name) => [name, plan(name, [`GET /${name}`], { data })]));
  return decideApply(current, plans, context(number));
}

const story = fc.array(action, { minLength: 5, maxLength: 60 });

describe('whatever the commands', () => {
  it('every state holds the invariants: one owner, shares only where they belong, epochs that only rise', () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(story, (acts) => {
        let current = publish(null, run(null, { kind: 'apply', apply: ['a', 'b'], own: false }));
        const highest = new Map<string, number>();
        for (const act of acts) {
          const before = current;
          const result = run(current, act);
          current = publish(current, result);
          if (!result.ok || !result.changed) continue;
          expect(
            problemOfContent(JSON.parse(JSON.stringify({ plans: current!.plans, states: current!.states }))),
          ).toBeUndefined();
          for (const [name, state] of Object.entries(current!.states)) {
            reached.add(`${state.phase}${state.killed ? '!' : ''}`);
            const known =
              before?.states[name] === undefined ? (highest.get(name) ?? 0) + 1 : (highest.get(name) ?? 0);
            expect(state.epoch).toBeGreaterThanOrEqual(known);
            expect(state.epoch).toBeLessThanOrEqual(current!.number);
            highest.set(name, Math.max(highest.get(name) ?? 0, state.epoch));
          }
          expect(result.transitions.length).toBeGreaterThan(0);
          for (const { outcome } of result.transitions) expect(outcome).toBe('done');
        }
      }),
      { numRuns: 500 },
    );
    // The stories do get everywhere; otherwise the invariants would have been checked on nothing.
    expect([...reached].sort()).toEqual([...PHASES, 'shadow!', 'canary!', 'cutover!'].sort());
  });

  it('one rollback leads from every state before retired to the monolith, and no gate stands in its way', () => {
    fc.assert(
      fc.property(story, (acts) => {
        let current = publish(null, run(null, { kind: 'apply', apply: ['a', 'b'], own: false }));
        for (const act of acts) current = publish(current, run(current, act));
        for (const [name, state] of Object.entries(current!.states)) {
          const result = decideStep(current, name, { command: 'rollback' }, context(99, false));
          if (state.phase === 'retired') expect(result.ok).toBe(false);
          else {
            const after = publish(current, result)!.states[name];
            expect(after).toMatchObject({ phase: 'monolith', owner: 'monolith', weightBp: 0, killed: false });
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('the next step always exists before retired and is never refused when its gates are met', () => {
    fc.assert(
      fc.property(story, (acts) => {
        let current = publish(null, run(null, { kind: 'apply', apply: ['a', 'b'], own: false }));
        for (const act of acts) current = publish(current, run(current, act));
        for (const [name, state] of Object.entries(current!.states)) {
          const next = nextStep(current!.plans[name]!, state);
          if (next === null) expect(state.phase).toBe('retired');
          else
            expect(decideStep(current, name, next, context(99))).toMatchObject({ ok: true, changed: true });
        }
      }),
      { numRuns: 200 },
    );
  });
});
