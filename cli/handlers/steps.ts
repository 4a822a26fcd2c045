import type { Step } from '../../migration-plans/phases/steps.ts';
import type { GateFinding } from '../../migration-plans/revision/revision.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import type { Call, CommandResult, Handler } from '../commands/command.ts';
import { actorOf } from '../controller/actor.ts';
import { openProjectStore } from '../controller/embedded-store.ts';
import { projectOf } from '../controller/project.ts';
import { convergenceText, publish } from '../controller/publish.ts';
import { phaseText, seenService } from '../controller/standing.ts';
import { type Decided, decide } from '../controller/take-step.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Style } from '../terminal/style.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { parseDuration, parsePercent } from '../terminal/units.ts';
import { type ChangeOptions, changeOptions, confirm } from './change.ts';

interface Asking {
  question: string;
  undoable: boolean;
}

export const shadow: Handler = (call) => takeStep(call, { command: 'shadow' });

export const canary: Handler = (call) => {
  const weight = call.options.text('weight');
  const step: Step =
    weight === undefined
      ? { command: 'canary' }
      : { command: 'canary', weightBp: parsePercent(weight, '--weight') };
  return takeStep(call, step);
};

export const cutover: Handler = (call) =>
  takeStep(
    call,
    { command: 'cutover' },
    {
      question: `All traffic and the writes of "${call.args.capability}" go to the service. Go on?`,
      undoable: true,
    },
  );

export const rollback: Handler = (call) => takeStep(call, { command: 'rollback' });

export const retire: Handler = (call) =>
  takeStep(
    call,
    { command: 'retire' },
    {
      question: `The way back of "${call.args.capability}" to the monolith is given up. Go on?`,
      undoable: false,
    },
  );

export const kill: Handler = (call) => takeStep(call, { command: 'kill', on: true });

export const unkill: Handler = (call) => takeStep(call, { command: 'kill', on: false });

/** One step of one capability: decided on evidence, published, and served by every edge when this returns. */
async function takeStep(call: Call, step: Step, asking?: Asking): Promise<CommandResult> {
  const { options, terminal, signal, env } = call;
  const capability = call.args.capability ?? '';
  const change = changeOptions(call);
  const evidence = options.text('waitForEvidence');
  const evidenceMs = evidence === undefined ? 0 : parseDuration(evidence, '--wait-for-evidence');
  const project = await projectOf(call);
  const opened = await openProjectStore(project, signal);
  try {
    const { store } = opened;
    const request = {
      project,
      capability,
      step,
      actor: actorOf(env),
      reason: change.reason,
      force: options.flag('force'),
      evidenceMs,
      terminal,
      signal,
    };
    let decided = await decide(store, request, !change.dryRun);
    if (!decided.result.changed || change.dryRun) return notPublished(decided, change, terminal.style);
    if (asking !== undefined) {
      await confirm(call, asking.question, asking.undoable);
      // Thinking takes time: what was decided on may have changed.
      if (terminal.interactive) decided = await decide(store, request, true);
    }
    return await publishStep(store, decided, change, call);
  } finally {
    await opened.close();
  }
}

function notPublished({ on, gates, result }: Decided, change: ChangeOptions, style: Style): CommandResult {
  const { plan, state, head } = on;
  const next = result.changed ? result.draft.states[plan.capability] : state;
  const document = documentOf(plan.capability, head.number, next ?? state, gates, {
    changed: result.changed,
    dryRun: change.dryRun,
    notes: result.notes,
  });
  if (!result.changed)
    return { document, lines: result.notes.map((note) => `nothing to do: ${sanitise(note)}`) };
  return {
    document,
    lines: [
      `would go: ${plan.capability} ${phaseText({ ...state, weight: state.weightBp / 100 })} → ${phaseText({ ...next!, weight: next!.weightBp / 100 })}`,
      ...gateLines(gates, style),
      style.dim('nothing was changed (--dry-run)'),
    ],
  };
}

async function publishStep(
  store: StateStore,
  { on, gates, result }: Decided,
  change: ChangeOptions,
  { terminal, signal }: Call,
): Promise<CommandResult> {
  if (!result.changed) return { lines: result.notes };
  const { capability } = on.plan;
  const { revision, edges } = await publish(
    store,
    { draft: result.draft, parent: on.head.number, transitions: result.transitions },
    { terminal, signal, waitMs: change.waitMs },
  );
  const state = revision.states[capability]!;
  const { style } = terminal;
  if (state.phase === 'shadow') await warnIfNotSeen(store, capability, terminal);
  return {
    document: documentOf(capability, revision.number, state, gates, {
      changed: true,
      dryRun: false,
      notes: result.notes,
      ...(edges === undefined ? {} : { edges: { live: edges.live, there: edges.there } }),
    }),
    lines: [
      `${style.green('✓')} ${style.bold(capability)}: ${phaseText({ ...on.state, weight: on.state.weightBp / 100 })} → ${style.bold(phaseText({ ...state, weight: state.weightBp / 100 }))}`,
      ...gateLines(gates, style),
      `  revision ${revision.number}: ${convergenceText(edges)}`,
    ],
  };
}

/** Entering shadow without a service is no mistake, but nothing will be compared. */
async function warnIfNotSeen(store: StateStore, capability: string, terminal: Terminal): Promise<void> {
  const edges = await store.edges();
  if (!edges.some((edge) => edge.live) || seenService(capability, edges).healthy > 0) return;
  terminal.note(
    `${terminal.noteStyle.yellow('warning')} no edge sees a healthy instance of the service yet: nothing is compared until it registers (strangler doctor)`,
  );
}

function gateLines(gates: readonly GateFinding[], style: Style): string[] {
  return gates.map(
    ({ met, rule, message }) =>
      `  ${met ? style.green('✓') : style.yellow('!')} ${sanitise(message)} ${style.dim(rule)}`,
  );
}

function documentOf(
  capability: string,
  revision: number,
  state: { phase: string; weightBp: number; owner: string; killed: boolean },
  gates: readonly GateFinding[],
  more: Record<string, unknown>,
): object {
  const { phase, weightBp, owner, killed } = state;
  return { capability, revision, phase, weight: weightBp / 100, owner, killed, gates, ...more };
}
