import type { Transition } from '../../migration-plans/revision/revision.ts';
import type { Handler } from '../commands/command.ts';
import { openProjectStore } from '../controller/embedded-store.ts';
import { projectOf } from '../controller/project.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Style } from '../terminal/style.ts';
import { unknownCapability } from '../terminal/suggest.ts';
import { parseCount, percentText } from '../terminal/units.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;

/** The audit trail, newest first: every step that was taken or refused, with who, why and the figures. */
export const history: Handler = async (call) => {
  const { capability } = call.args;
  const limitText = call.options.text('limit');
  const limit = limitText === undefined ? DEFAULT_LIMIT : parseCount(limitText, '--limit', 1, MAX_LIMIT);
  const project = await projectOf(call);
  const opened = await openProjectStore(project, call.signal);
  try {
    const { store } = opened;
    const transitions = await store.history({ limit, ...(capability === undefined ? {} : { capability }) });
    if (transitions.length === 0 && capability !== undefined) {
      const head = await store.head();
      const known = Object.keys(head?.plans ?? {});
      if (!known.includes(capability)) throw unknownCapability(capability, known);
    }
    return { document: { transitions }, lines: historyLines(transitions, call.terminal.style) };
  } finally {
    await opened.close();
  }
};

export function historyLines(transitions: readonly Transition[], style: Style): string[] {
  if (transitions.length === 0)
    return ['nothing has happened yet: strangler apply publishes the first revision'];
  return transitions.flatMap((transition) => [headline(transition, style), ...details(transition, style)]);
}

function headline(transition: Transition, style: Style): string {
  const { at, revision, capability, command, outcome, actor, from, to } = transition;
  const mark = outcome === 'done' ? style.green('✓') : style.red('✗');
  const time = at.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
  const what = `${style.bold(sanitise(capability))} ${command}${outcome === 'refused' ? style.red(' refused') : ''}`;
  return `${mark} ${style.dim(time)}  ${what}  ${where(from)} → ${where(to)}  ${style.dim(`revision ${revision}, ${sanitise(actor)}`)}`;
}

function details({ reason, evidence, outcome }: Transition, style: Style): string[] {
  const lines = reason === '' ? [] : [`    ${sanitise(reason)}`];
  for (const finding of evidence)
    if (outcome === 'done' || !finding.met)
      lines.push(
        `    ${finding.met ? style.green('✓') : style.red('✗')} ${style.dim(finding.rule)} ${sanitise(finding.message)}`,
      );
  return lines;
}

function where(state: Transition['from']): string {
  if (state === null) return '—';
  return state.phase === 'canary' ? `canary ${percentText(state.weightBp)}` : state.phase;
}
