import type { TransitionResult } from '../../migration-plans/phases/transitions.ts';
import { diffPlans } from '../../migration-plans/plan/diff.ts';
import { requirePlans } from '../../migration-plans/plan/load.ts';
import type { Handler } from '../commands/command.ts';
import { actorOf } from '../controller/actor.ts';
import { decidePlans } from '../controller/apply-plans.ts';
import { openProjectStore } from '../controller/embedded-store.ts';
import { projectOf } from '../controller/project.ts';
import { convergenceText, publish } from '../controller/publish.ts';
import { sanitise } from '../terminal/sanitise.ts';
import { changeOptions, confirm } from './change.ts';
import { changeLines } from './plan-diff.ts';

/** Publishes the plan files as the next revision. Phases stay as they are. */
export const apply: Handler = async (call) => {
  const { terminal, signal, env } = call;
  const { style } = terminal;
  const change = changeOptions(call);
  const project = await projectOf(call);
  const plans = await requirePlans(project.plansDir, ({ message, place }) =>
    terminal.note(
      `${terminal.noteStyle.yellow('warning')} ${sanitise(place?.file ?? '')}: ${sanitise(message)}`,
    ),
  );
  const opened = await openProjectStore(project, signal);
  try {
    const { store } = opened;
    const who = { actor: actorOf(env), reason: change.reason };
    const { head, result } = await decidePlans(store, plans, who, !change.dryRun);
    const changes = diffPlans(head?.plans ?? {}, plans);
    const document = {
      revision: head?.number ?? null,
      changed: result.changed,
      dryRun: change.dryRun,
      changes,
    };
    if (!result.changed)
      return { document, lines: result.notes.map((note) => `nothing to do: ${sanitise(note)}`) };
    const lines = changeLines(changes, style);
    if (change.dryRun) return { document, lines: [...lines, style.dim('nothing was changed (--dry-run)')] };
    const gone = removedOf(result);
    if (gone.length > 0) await confirm(call, `The plans of ${gone.join(', ')} are removed. Go on?`, true);
    const publication = {
      draft: result.draft,
      parent: head?.number ?? null,
      transitions: result.transitions,
    };
    const { revision, edges } = await publish(store, publication, {
      terminal,
      signal,
      waitMs: change.waitMs,
    });
    return {
      document: {
        ...document,
        revision: revision.number,
        ...(edges === undefined ? {} : { edges: { live: edges.live, there: edges.there } }),
      },
      lines: [
        ...lines,
        `${style.green('✓')} revision ${style.bold(String(revision.number))}: ${convergenceText(edges)}`,
      ],
    };
  } finally {
    await opened.close();
  }
};

function removedOf(result: Extract<TransitionResult, { ok: true; changed: true }>): string[] {
  return result.transitions.filter(({ to }) => to === null).map(({ capability }) => capability);
}
