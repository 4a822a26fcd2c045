import { diffPlans, type PlanChange } from '../../migration-plans/plan/diff.ts';
import { requirePlans } from '../../migration-plans/plan/load.ts';
import type { Handler } from '../commands/command.ts';
import { openProjectStore } from '../controller/embedded-store.ts';
import { projectOf } from '../controller/project.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Style } from '../terminal/style.ts';

/** What apply would change: the plan files against the newest revision. */
export const planDiff: Handler = async (call) => {
  const project = await projectOf(call);
  const plans = await requirePlans(project.plansDir);
  const opened = await openProjectStore(project, call.signal);
  try {
    const head = await opened.store.head();
    const changes = diffPlans(head?.plans ?? {}, plans);
    return {
      document: { revision: head?.number ?? null, changes },
      lines:
        changes.length === 0
          ? [`no change: the plans are those of revision ${head?.number ?? '—'}`]
          : changeLines(changes, call.terminal.style),
    };
  } finally {
    await opened.close();
  }
};

export function changeLines(changes: readonly PlanChange[], style: Style): string[] {
  return changes.map(({ capability, kind, message, affectsTraffic }) => {
    const mark =
      kind === 'added' ? style.green('+') : kind === 'removed' ? style.red('-') : style.yellow('~');
    const traffic = affectsTraffic ? style.dim(' (traffic)') : '';
    return `${mark} ${style.bold(sanitise(capability))} ${sanitise(message)}${traffic}`;
  });
}
