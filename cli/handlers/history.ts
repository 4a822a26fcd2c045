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
    const { style, modes } = call.terminal;
    return { document: { transitions }, lines: historyLines(transitions, style, modes.verbose) };
  } finally {
    await opened.close();
  }
};

export function historyLines(transitions: readonly Transition[], style: Style, verbose: boolean): string[] {
  if (transitions.length === 0)
    return ['nothing has happened yet: strangler apply publishes the first revision'];
  return transitions.flatMap((transition) => [
    headline(transition, style),
    ...details(transition, style, verbose),
  ]);
}

function headline(transition: Transition, style: Style): string {
  const { at, revision, capability, command, outcome, actor, from, to } = transition;
  const mark = outcome === 'done' ? style.green('✓') : style.red('✗');
  const time = at.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
  const what = `${style.bold(sanitise(capability))} ${command}${outcome === 'refused' ? style.red(' refused') : ''}`;
  return `${mark} ${style.dim(time)}  ${what}  ${where(from)} → ${where(to)}  ${style.dim(`revision ${revision}, ${sanitise(actor)}`)}`;
}

function details({ reason, evidence }: Transition, style: Style, verbose: boolean): string[] {
  const lines = reason === '' ? [] : [`    ${sanitise(reason)}`];
  const met = evidence.filter((finding) => finding.met).length;
  for (const finding of evidence)
    if (verbose || !finding.met)
      lines.push(
        `    ${finding.met ? style.green('✓') : style.red('✗')} ${sanitise(finding.message)} ${style.dim(finding.rule)}`,
      );
  if (met > 0 && !verbose)
    lines.push(style.dim(`    ${met} of ${evidence.length} gates met (--verbose lists them)`));
  return lines;
}

function where(state: Transition['from']): string {
  if (state === null) return '—';
  return state.phase === 'canary' ? `canary ${percentText(state.weightBp)}` : state.phase;
}
