import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import type { Step } from '../../migration-plans/phases/steps.ts';
import { decideStep, summaryOf, type TransitionResult } from '../../migration-plans/phases/transitions.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import type { GateFinding, TransitionDraft } from '../../migration-plans/revision/revision.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { durationText } from '../terminal/units.ts';
import { type Published, publishedCapability } from './published.ts';
import { gateOf, NO_DATA_MOVE, seenService } from './standing.ts';

export interface StepRequest {
  project: Project;
  capability: string;
  step: Step;
  actor: string;
  reason: string;
  force: boolean;
  /** How long a closed gate is waited for, in milliseconds. 0: not at all. */
  evidenceMs: number;
  terminal: Terminal;
  signal: AbortSignal;
}

/** A step that may be taken, and on what it was decided. */
export interface Decided {
  on: Published;
  gates: GateFinding[];
  result: Extract<TransitionResult, { ok: true }>;
}

/** Edges deliver what they measured every few seconds; looking more often shows nothing new. */
const LOOK_EVERY_MS = 500;

/**
 * Reads what stands and what was measured, asks the gates, and decides. With `evidenceMs` a closed gate is asked again until it
 * opens. A refusal is recorded in the audit trail before it is thrown, unless `record` is false (`--dry-run`).
 * @throws StranglerError GATE_REFUSED, STEP_REFUSED (exit code 3) and what `publishedCapability` throws.
 */
export async function decide(store: StateStore, request: StepRequest, record: boolean): Promise<Decided> {
  const { capability, step, terminal, signal } = request;
  let end: number | undefined;
  for (;;) {
    const on = await publishedCapability(store, request.project, capability);
    const evidence = await store.evidence({ capability, epoch: on.state.epoch });
    const gates = gateOf(on.plan, on.state, step, evidence);
    const { actor, reason, force } = request;
    const context = { actor, reason, force, gates, now: new Date().toISOString() };
    const result = withoutDataMove(on, step, context) ?? decideStep(on.head, capability, step, context);
    if (result.ok) {
      terminal.progress(undefined);
      return { on, gates, result };
    }
    const { error, refusal } = result;
    end ??= performance.now() + request.evidenceMs;
    const left = end - performance.now();
    if (error.code === 'GATE_REFUSED' && left > 0) {
      terminal.progress(waitingText(gates, left));
      await sleep(Math.min(LOOK_EVERY_MS, left), undefined, { signal });
      continue;
    }
    terminal.progress(undefined);
    if (record && refusal !== null) await store.recordRefusal(refusal);
    throw error.code === 'GATE_REFUSED' ? await explained(error, store, on) : error;
  }
}

/** The data of the capability would have to move at cutover; without that the service would write into the monolith's tables. */
function withoutDataMove(
  { plan, state }: Published,
  step: Step,
  context: { actor: string; reason: string; gates: readonly GateFinding[] },
): TransitionResult | undefined {
  if (step.command !== 'cutover' || plan.data.stage !== 'own-database' || state.phase === 'cutover')
    return undefined;
  const refusal: TransitionDraft = {
    capability: plan.capability,
    command: 'cutover',
    from: summaryOf(state),
    to: null,
    outcome: 'refused',
    actor: context.actor,
    reason: context.reason,
    evidence: [...context.gates],
  };
  const error = new StranglerError(
    'CUTOVER_DATA_MOVE',
    `"${plan.capability}" cannot be cut over: ${NO_DATA_MOVE}`,
    {
      exitCode: EXIT.gateRefused,
      remedy:
        'let the service work on the shared database (data.stage: shared-database) and apply, then cut over',
    },
  );
  return { ok: false, refusal, error };
}

/** A gate that waits for evidence which cannot come says so. */
async function explained(
  error: StranglerError,
  store: StateStore,
  { plan }: Published,
): Promise<StranglerError> {
  const edges = await store.edges();
  const live = edges.some((edge) => edge.live);
  const { healthy } = seenService(plan.capability, edges);
  if (live && healthy > 0) return error;
  const why = live
    ? `no edge sees a healthy instance of the service "${plan.service.name}", so nothing is measured: start it and check its registration (strangler doctor)`
    : 'no edge is running, so nothing is measured: start one (strangler edge, or strangler dev)';
  const { code, message, exitCode, findings } = error;
  return new StranglerError(code, message, { exitCode, findings, remedy: why, cause: error });
}

function waitingText(gates: readonly GateFinding[], leftMs: number): string {
  const unmet = gates.filter((gate) => !gate.met);
  const first = unmet[0];
  const what =
    first === undefined
      ? 'evidence'
      : `${first.rule} ${first.seen ?? '—'} of ${first.required}${unmet.length > 1 ? `, and ${unmet.length - 1} more` : ''}`;
  return `waiting for the gate to open: ${what} (${durationText(Math.ceil(leftMs / 1000) * 1000)} left)`;
}
