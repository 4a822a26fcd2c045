/** What people read of a carve. */
import { relative } from 'node:path';
import type { CarveOutcome } from '../carve/carve-service.ts';
import { decisionLine } from '../carve/draft.ts';
import { type Drift, hasDrift } from '../carve/drift.ts';
import type { GateReport } from '../carve/gates/report.ts';
import type { CarvePlan } from '../carve/model.ts';
import type { PatchOutcome } from '../carve/patch.ts';
import type { Style } from '../terminal/style.ts';

export function planLines(plan: CarvePlan, style: Style): string[] {
  const symbols = (title: string, list: CarvePlan['moved']): string[] =>
    list.length === 0
      ? []
      : [
          style.bold(`${title} (${list.length})`),
          ...list.map(({ name, file, line, why }) => `  ${name}  ${style.dim(`${file}:${line}`)}  ${why}`),
        ];
  return [
    `${style.bold(plan.capability)}: ${plan.routes.length} routes`,
    ...symbols('moves', plan.moved),
    ...symbols('is copied', plan.copied),
    ...(plan.remote.length === 0 ? [] : [style.bold(`becomes a remote call (${plan.remote.length})`)]),
    ...plan.remote.map(
      ({ name, file, line, direction, batch, why }) =>
        `  ${name}  ${style.dim(`${file}:${line}`)}  ${direction}${batch ? ', in a loop' : ''}: ${why}`,
    ),
    ...(plan.tables.length === 0 ? [] : [style.bold(`tables (${plan.tables.length})`)]),
    ...plan.tables.map(
      ({ table, foreignKeysCut }) =>
        `  ${table}${foreignKeysCut.length === 0 ? '' : `  cuts ${foreignKeysCut.map((key) => `${key.from}.${key.field} → ${key.to}`).join(', ')}`}`,
    ),
    ...(plan.resolved.length === 0 ? [] : [style.bold(`decided (${plan.resolved.length})`)]),
    ...plan.resolved.map(
      ({ file, line, reason, chosen, because }) =>
        `  ${style.dim(`${file}:${line}`)}  ${reason}  ${style.green(chosen)}: ${because}`,
    ),
    `stays: ${plan.stays.length} symbols`,
  ];
}

/** Every refusal with its place, why, and a line that decides it. */
export function refusalLines(plan: CarvePlan, draftCommand: string, style: Style): string[] {
  if (plan.refusals.length === 0) return [];
  return [
    style.red(`refused until decided (${plan.refusals.length})`),
    ...plan.refusals.flatMap(({ file, line, reason, key, options }) => [
      `  ${style.bold(`${file}:${line}`)}  ${reason}`,
      `    one of: ${options.join(', ')}`,
      `    ${style.cyan(decisionLine(key, options[0] ?? '', 'say why'))}`,
    ]),
    `  ${style.cyan('→')} draft the decisions: ${draftCommand}`,
  ];
}

interface Told {
  capability: string;
  dryRun: boolean;
  out: string;
  cwd: string;
  patch: PatchOutcome | undefined;
}

export function outcomeLines(outcome: CarveOutcome, told: Told, style: Style): string[] {
  const { actions, unchanged, written, gates, production } = outcome;
  if (production.service === undefined) return [];
  if (unchanged)
    return [`${told.out}: nothing to do`, ...keptLines(outcome, style), ...patchLines(outcome, told, style)];
  if (!written && !told.dryRun)
    return [
      `${style.red('refused')}: ${gates.find(({ status }) => status === 'failed')?.summary ?? 'a gate failed'}; nothing was written`,
    ];
  const counts = (kind: string): number => actions.filter((action) => action.kind === kind).length;
  const parts = (
    [
      ['add', 'added'],
      ['update', 'updated'],
      ['merge', 'merged with the team’s changes'],
      ['remove', 'removed'],
      ['keep', 'kept as the team has them'],
      ['same', 'unchanged'],
    ] as const
  ).flatMap(([kind, word]) => (counts(kind) === 0 ? [] : [`${counts(kind)} ${word}`]));
  return [
    `${told.dryRun ? 'would write' : 'wrote'} ${style.bold(told.out)}: ${parts.join(', ')}`,
    ...(told.dryRun
      ? actions.filter(({ kind }) => kind !== 'same').map(({ kind, path }) => `  ${kind}  ${path}`)
      : []),
    ...keptLines(outcome, style),
    ...planFileLines(outcome, told),
    ...patchLines(outcome, told, style),
  ];
}

function keptLines({ actions }: CarveOutcome, style: Style): string[] {
  return actions.flatMap((action) =>
    action.kind === 'keep' ? [`  ${style.dim('kept')}  ${action.path}: ${action.why}`] : [],
  );
}

function planFileLines({ plan }: CarveOutcome, { cwd }: Told): string[] {
  if (plan === undefined) return [];
  const file = relative(cwd, plan.file);
  return [plan.done === 'written' ? `wrote the plan ${file}` : `the plan ${file} stays as it is`];
}

function patchLines({ production }: CarveOutcome, { patch }: Told, style: Style): string[] {
  if (patch === 'applied')
    return [`the monolith’s patch ${patch}: MONOLITH_PORTS_TOKEN switches it on, the same in both`];
  if (patch !== undefined) return [`the monolith’s patch ${patch}`];
  if (production.service?.monolithPatch === undefined || production.service.patchStands) return [];
  return [
    `${style.yellow('!')} the service calls the monolith, which needs a patch for that: read it, then add --with-patch (--reverse-patch takes it back)`,
  ];
}

const TITLES: Record<GateReport['gate'], string> = {
  types: 'type-checks',
  boots: 'boots',
  answers: 'answers as the monolith does',
};

const MOST_DETAILS = 40;

export function gateLines(gates: readonly GateReport[], style: Style): string[] {
  return gates.flatMap(({ gate, status, summary, details, remedy }) => {
    const mark = {
      passed: style.green('✓'),
      failed: style.red('✗'),
      'not-run': style.yellow('? not run:'),
      skipped: style.dim('- skipped:'),
    }[status];
    return [
      `${mark} ${TITLES[gate]}: ${summary}`,
      ...details.slice(0, MOST_DETAILS).map((line) => `    ${line}`),
      ...(details.length > MOST_DETAILS ? [`    and ${details.length - MOST_DETAILS} more`] : []),
      ...(remedy === undefined ? [] : [`    ${style.cyan('→')} ${remedy}`]),
    ];
  });
}

export function checkLines(
  capability: string,
  drift: Drift,
  changedByTeam: readonly string[],
  draftCommand: string,
  style: Style,
): string[] {
  const team =
    changedByTeam.length === 0
      ? []
      : [style.dim(`the team has changed ${changedByTeam.length} of its files since; that is no drift`)];
  if (!hasDrift(drift))
    return [`${style.green('✓')} ${capability} is as a carve would write it today`, ...team];
  const listed = (title: string, lines: string[]): string[] =>
    lines.length === 0 ? [] : [style.bold(`${title} (${lines.length})`), ...lines.map((line) => `  ${line}`)];
  return [
    style.yellow(`${capability} has drifted from the monolith`),
    ...listed(
      'source that changed',
      drift.symbols.map(({ file, name, as, change }) => `${change}  ${file}  ${name}  ${style.dim(as)}`),
    ),
    ...listed(
      'files that would be written otherwise',
      drift.files.map(({ path, change }) => `${change}  ${path}`),
    ),
    ...listed(
      'new refusals',
      drift.refusals.map(({ file, line, reason }) => `${file}:${line}  ${reason}`),
    ),
    ...(drift.refusals.length === 0
      ? [`${style.cyan('→')} carve again: changes of the team are kept or merged`]
      : [`${style.cyan('→')} draft the decisions: ${draftCommand}`]),
    ...team,
  ];
}
