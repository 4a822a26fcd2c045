import type { OnStackEvent, StackEvent } from '../local-stack/dev/events.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { durationText } from '../terminal/units.ts';

/** Tells people, or with `--json` scripts, what happens to the stack. */
export function stackReporter(terminal: Terminal): OnStackEvent {
  const pending = new Set<string>();
  return (event) => {
    if (terminal.modes.json) {
      if (event.event !== 'output' || terminal.modes.verbose) terminal.event(event);
      return;
    }
    if (event.event === 'starting') pending.add(event.name);
    if (event.event === 'started') pending.delete(event.name);
    if (event.event === 'ready' || event.event === 'stopping') pending.clear();
    if (event.event === 'output') {
      if (terminal.modes.verbose)
        terminal.note(`${terminal.noteStyle.dim(event.name.padEnd(12))} ${sanitise(event.line)}`);
    } else if (event.event === 'ready') showReady(terminal, event);
    else {
      const line = lineOf(terminal, event);
      if (line !== undefined) terminal.note(line);
    }
    if (process.stderr.isTTY)
      terminal.progress(pending.size === 0 ? undefined : `  … ${[...pending].join(', ')}`);
  };
}

function lineOf(terminal: Terminal, event: StackEvent): string | undefined {
  const style = terminal.noteStyle;
  switch (event.event) {
    case 'started':
      return `${style.green('✓')} ${event.name.padEnd(12)} ${(event.url ?? event.detail ?? '').padEnd(28)} ${style.dim(durationText(event.ms))}`;
    case 'notice':
      return `${style.yellow('!')} ${event.name.padEnd(12)} ${sanitise(event.message)}`;
    case 'crashed':
      return [
        `${style.red('✗')} ${event.name.padEnd(12)} ended ${event.how}; starting it again in ${durationText(event.restartInMs)}`,
        ...event.lastLines.map((line) => style.dim(`    ${sanitise(line)}`)),
      ].join('\n');
    case 'restarted':
      return `${style.green('✓')} ${event.name.padEnd(12)} is back`;
    case 'stopping':
      return `${style.dim('stopping')} ${event.name}`;
    case 'stopped':
      return `${style.dim('everything is stopped')} ${style.dim(`(${durationText(event.ms)})`)}`;
    default:
      return undefined;
  }
}

function showReady(terminal: Terminal, event: Extract<StackEvent, { event: 'ready' }>): void {
  const { style } = terminal;
  const { edge, admin, monolith, ...others } = event.urls;
  const row = (name: string, url: string | undefined, what: string) =>
    `  ${name.padEnd(12)} ${style.cyan((url ?? '').padEnd(28))} ${style.dim(what)}`;
  terminal.progress(undefined);
  terminal.print(
    '',
    style.bold(`Ready in ${durationText(event.ms)}.`),
    row('edge', edge, 'the shop as its users see it: open this'),
    row('admin', admin, 'health and metrics of the edge: /readyz, /metrics'),
    row('monolith', monolith, 'straight to the monolith'),
    ...Object.entries(others).map(([name, url]) => row(name, url, OTHERS[name] ?? 'straight to the service')),
    '',
    'Ctrl-C stops everything. In another terminal: strangler status',
    '',
  );
}

const OTHERS: Record<string, string> = {
  'cloud-map': 'service discovery; the AWS command line works with it',
};
