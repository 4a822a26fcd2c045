import { join, relative } from 'node:path';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { findProject, loadProject } from '../../migration-plans/project/load.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import { type CarveOutcome, carveService, checkService, readDecisions } from '../carve/carve-service.ts';
import { decisionPlaces } from '../carve/decisions.ts';
import { draftDecisions } from '../carve/draft.ts';
import { hasDrift } from '../carve/drift.ts';
import { expandRecipes, parseRecipes } from '../carve/gates/sign-in/recipe.ts';
import { askedIn, type TryOptions, tryOut } from '../carve/gates/try-out.ts';
import { applyPatch, type PatchOutcome, reversePatch } from '../carve/patch.ts';
import { type Places, placesOf } from '../carve/places.ts';
import { portsFolder } from '../carve/ports/digest.ts';
import { PATCH_FILE, type ProduceOptions, type Production } from '../carve/produce.ts';
import { produceInThread } from '../carve/produce-thread.ts';
import type { Call, CommandResult, Handler } from '../commands/command.ts';
import { configFile } from '../controller/project.ts';
import { readText, writeFileAtomically } from '../local-stack/folder/files.ts';
import { sanitise } from '../terminal/sanitise.ts';
import { progressOf } from './analyze.ts';
import { checkLines, gateLines, outcomeLines, planLines, refusalLines } from './carve-text.ts';

export type Producer = (options: ProduceOptions) => Promise<Production>;

/** Extracts a capability as a service, or says what that would do, or whether it still fits the monolith. */
export const carve: Handler = (call) => carveWith(call, produceInThread);

export async function carveWith(call: Call, producer: Producer): Promise<CommandResult> {
  const { args, options, cwd } = call;
  const capability = args.capability ?? '';
  refuseTogether(call);
  refuseName(capability);
  const project = await projectIfAny(call);
  const places = placesOf(
    { from: options.text('from'), out: options.text('out'), decisions: options.text('decisions') },
    capability,
    cwd,
    project,
  );
  const produce = async (
    decisions: ProduceOptions['decisions'],
    capabilities: readonly string[] = options.list('capability'),
  ): Promise<Production> => {
    try {
      return await producer({
        capability,
        dir: places.from,
        capabilities,
        decisions,
        onProgress: progressOf(call.terminal),
      });
    } finally {
      call.terminal.progress(undefined);
    }
  };
  if (options.flag('draftDecisions')) return draft(call, capability, places, produce);
  if (options.flag('reversePatch')) return takeBack(call, capability, places);
  if (options.flag('check')) return check(call, capability, places, produce);
  return write(call, capability, places, produce);
}

/** One at a time: each of them means another thing. */
function refuseTogether({ options }: Call): void {
  const exclusive = ['check', 'draftDecisions', 'dryRun', 'reversePatch'];
  // A dry run with it says what would be.
  if (options.flag('reversePatch')) exclusive.push('withPatch');
  const given = exclusive.filter((name) => options.flag(name));
  if (given.length < 2) return;
  const flags = given.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  throw new StranglerError('CARVE_OPTIONS', `${flags.join(' and ')} can’t be given together`, {
    exitCode: EXIT.usage,
    remedy: 'Give one of them.',
  });
}

/** It becomes a folder, a file and the name of a service. */
function refuseName(capability: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/i.test(capability) && !capability.includes('..')) return;
  throw new StranglerError('CARVE_BAD_NAME', `${JSON.stringify(capability)} can’t be the name of a service`, {
    exitCode: EXIT.usage,
    remedy: 'Use letters, digits, dots, dashes and underscores, at most 63.',
  });
}

async function projectIfAny(call: Call): Promise<Project | undefined> {
  const named = call.options.text('config') ?? call.env.STRANGLER_CONFIG ?? '';
  if (named === '' && (await findProject(call.cwd)) === undefined) return undefined;
  return loadProject((await configFile(call)).file, call.env);
}

type Produce = (
  decisions: ProduceOptions['decisions'],
  capabilities?: readonly string[],
) => Promise<Production>;

async function write(
  call: Call,
  capability: string,
  places: Places,
  produce: Produce,
): Promise<CommandResult> {
  const { options, terminal, cwd } = call;
  const dryRun = options.flag('dryRun');
  const skip = options.flag('skipGates');
  // A slip in it is told before the analysis takes its time.
  const signIn = signInOf(call, places, skip || dryRun);
  askedIn(tryOptions(call, places));
  const outcome = await carveService({
    capability,
    places,
    dryRun,
    produce,
    tryOut: skip
      ? undefined
      : (service, view) => tryOut(service, view, { ...tryOptions(call, places), signIn }),
  });
  terminal.progress(undefined);
  noteUnread(call, outcome.production, places);
  const { plan, service } = outcome.production;
  if (!dryRun && service === undefined && plan.refusals.length === 0) {
    throw new StranglerError('CARVE_DRY_RUN_ONLY', 'this version plans a carve and does not write one yet', {
      remedy: 'Add --dry-run to see the plan.',
    });
  }
  const patch = patched(call, outcome);
  const document = {
    ...plan,
    out: shown(cwd, places.out),
    written: outcome.written,
    unchanged: outcome.unchanged,
    files: outcome.actions.map(({ kind, path }) => ({ path, action: kind })),
    gates: outcome.gates,
    planFile:
      outcome.plan === undefined ? null : { file: shown(cwd, outcome.plan.file), done: outcome.plan.done },
    patch: patch ?? null,
    unresolved: outcome.production.unresolved,
  };
  const style = terminal.style;
  const text = cleaned(plan);
  const draftCommand = draftCommandOf(call, places);
  if (plan.refusals.length > 0) {
    return {
      document,
      lines: dryRun
        ? [...planLines(text, style), ...refusalLines(text, draftCommand, style)]
        : [
            `${style.red('refused')}: ${capability} is not carved before ${text.refusals.length === 1 ? 'this is' : 'these are'} decided; nothing was written`,
            ...refusalLines(text, draftCommand, style),
          ],
      exitCode: dryRun ? EXIT.done : EXIT.gateRefused,
    };
  }
  const failed = outcome.gates.some(({ status }) => status === 'failed' || status === 'not-run');
  return {
    document,
    lines: [
      ...(dryRun ? planLines(text, style) : []),
      ...outcomeLines(outcome, { capability, dryRun, out: shown(cwd, places.out), cwd, patch }, style),
      ...gateLines(outcome.gates, style),
    ].map((line) => sanitise(line)),
    exitCode: failed ? EXIT.gateRefused : EXIT.done,
  };
}

/** Only when asked for, and only once the service stands. */
function patched(call: Call, { production, written }: CarveOutcome): PatchOutcome | undefined {
  const { service } = production;
  if (!written || !call.options.flag('withPatch') || service?.monolithPatch === undefined) return undefined;
  return applyPatch(service.spec.layout.base, service.monolithPatch, portsFolder(service.spec));
}

/** Needs no carve: the service may be gone. */
function takeBack(call: Call, capability: string, places: Places): CommandResult {
  const kept = readText(join(places.out, PATCH_FILE));
  const patch = reversePatch(places.from, portsFolder({ capability }), kept);
  const from = shown(call.cwd, places.from);
  return {
    document: { capability, from, patch },
    lines: [
      sanitise(
        `the patch of ${capability} ${patch === 'reversed' ? 'was taken back' : 'is not there'} in ${from}`,
      ),
    ],
  };
}

/** @param only whether it is read for its mistakes only: then no secret is asked for */
function signInOf(call: Call, places: Places, only: boolean): TryOptions['signIn'] {
  const source = readDecisions(places);
  const recipes = source === undefined ? undefined : parseRecipes(source.text, source.file);
  if (source === undefined || recipes === undefined || only) return undefined;
  return expandRecipes(recipes, call.env, source.file);
}

function tryOptions(call: Call, places: Places): Omit<TryOptions, 'signIn'> {
  const { options, terminal, signal, cwd } = call;
  return {
    monolith: places.from,
    install: options.flag('install'),
    cwd,
    seed: options.text('seed'),
    requests: options.text('requests'),
    monolithCommand: options.text('monolithCommand'),
    monolithUrl: options.text('monolithUrl'),
    onProgress: (line) => terminal.progress(line),
    signal,
  };
}

async function check(
  call: Call,
  capability: string,
  places: Places,
  produce: Produce,
): Promise<CommandResult> {
  const outcome = await checkService({ capability, places, produce });
  const warnings = noteUnread(call, outcome.production, places);
  const { drift, changedByTeam, production } = outcome;
  const drifted = hasDrift(drift);
  return {
    document: {
      capability,
      out: shown(call.cwd, places.out),
      drifted,
      ...drift,
      changedByTeam,
      warnings,
      unresolved: production.unresolved,
    },
    lines: checkLines(
      capability,
      drift,
      changedByTeam,
      draftCommandOf(call, places),
      call.terminal.style,
    ).map((line) => sanitise(line)),
    exitCode: drifted ? EXIT.failed : EXIT.done,
  };
}

async function draft(
  call: Call,
  capability: string,
  places: Places,
  produce: Produce,
): Promise<CommandResult> {
  const existing = readText(places.decisions);
  const decisions = existing === undefined ? undefined : readDecisions(places);
  const { plan } = await produce(decisions);
  const { text, added } = draftDecisions(existing, capability, plan.refusals);
  const file = shown(call.cwd, places.decisions);
  const open = plan.refusals.length;
  if (existing === undefined && open === 0)
    return {
      document: { file: null, added, open },
      lines: ['nothing is refused, so there is nothing to decide'],
    };
  if (text !== existing) writeFileAtomically(places.decisions, text);
  const stale = plan.staleDecisions.map((key) => sanitise(`nothing asks for ${key} any more: take it out`));
  return {
    document: { file, added, open, stale: plan.staleDecisions },
    lines: [
      added.length === 0
        ? `${file} has an entry for everything that is refused; ${open} of them ${open === 1 ? 'is' : 'are'} undecided`
        : `wrote ${added.length === 1 ? '1 entry' : `${added.length} entries`} into ${file}: choose for each, and say why`,
      ...stale,
    ],
  };
}

function draftCommandOf({ args, options, cwd }: Call, places: Places): string {
  const quoted = (text: string): string =>
    /^[\w./:=,@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const words = ['strangler', 'carve', args.capability ?? ''];
  for (const name of ['from', 'out', 'decisions']) {
    const value = options.text(name);
    if (value !== undefined) words.push(`--${name}`, value);
  }
  for (const value of options.list('capability')) words.push('--capability', value);
  return `${[...words, '--draft-decisions'].map(quoted).join(' ')}    (writes ${shown(cwd, places.decisions)})`;
}

/** Files that could not be read are no part of what follows: said before it. */
function noteUnread(
  { terminal, cwd }: Call,
  { unresolved, plan }: Production,
  places: Places,
): { file: string; line: number; message: string }[] {
  const unread = unresolved.filter(({ kind }) =>
    ['syntax-error', 'link-out-of-tree', 'broken-link', 'limit'].includes(kind),
  );
  for (const { file, line, reason } of unread.slice(0, 20))
    terminal.note(sanitise(`! ${file}:${line}: ${reason}`));
  if (unread.length > 20) terminal.note(`! and ${unread.length - 20} more`);
  const lines = decisionPlaces(readText(places.decisions) ?? '');
  const warnings = plan.staleDecisions.map((key) => ({
    file: shown(cwd, places.decisions),
    line: lines.get(key) ?? 1,
    message: `nothing asks for the decision ${key} any more: take it out`,
  }));
  for (const { file, line, message } of warnings) terminal.note(sanitise(`! ${file}:${line}: ${message}`));
  return warnings;
}

function shown(cwd: string, path: string): string {
  const short = relative(cwd, path);
  return short === '' ? '.' : short.startsWith('../../..') ? path : short;
}

/** Names and reasons come from the source of somebody's project. */
function cleaned<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, item: unknown) =>
    typeof item === 'string' ? sanitise(item) : item,
  ) as T;
}
