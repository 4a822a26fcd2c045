import { resolve } from 'node:path';
import { StranglerError } from '../../migration-plans/errors.ts';
import { type CarvePlan, dryRunCarve } from '../carve/carve.ts';
import type { Handler } from '../commands/command.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Style } from '../terminal/style.ts';
import { progressOf } from './analyze.ts';

/** What carving a capability would do. */
export const carve: Handler = async ({ args, options, terminal, cwd }) => {
  if (!options.flag('dryRun'))
    throw new StranglerError('CARVE_DRY_RUN_ONLY', 'this version plans a carve and does not write one yet', {
      remedy: 'add --dry-run to see the plan',
    });
  const decisions = options.text('decisions');
  const plan = await dryRunCarve({
    capability: args.capability ?? '',
    dir: resolve(cwd, options.text('from') ?? '.'),
    capabilities: options.list('capability'),
    ...(decisions === undefined ? {} : { decisions: resolve(cwd, decisions) }),
    onProgress: progressOf(terminal),
  });
  terminal.progress(undefined);
  return { document: plan, lines: planLines(cleaned(plan), terminal.style) };
};

function planLines(plan: CarvePlan, style: Style): string[] {
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
    `stays: ${plan.stays.length} symbols`,
    ...(plan.refusals.length === 0 ? [] : [style.red(`refused until decided (${plan.refusals.length})`)]),
    ...plan.refusals.map(
      ({ file, line, reason, decision }) => `  ${file}:${line}  ${reason}  ${style.cyan('→')} ${decision}`,
    ),
  ];
}

/** Names and reasons come from the source of somebody's project. */
function cleaned(plan: CarvePlan): CarvePlan {
  const text = JSON.stringify(plan);
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' ? sanitise(value) : value,
  ) as CarvePlan;
}
