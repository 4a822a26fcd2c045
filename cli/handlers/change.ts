import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import type { Call } from '../commands/command.ts';
import { parseDuration } from '../terminal/units.ts';

const EDGE_LIMIT_MS = 30_000;

/** What the options of every changing command come to. */
export interface ChangeOptions {
  dryRun: boolean;
  reason: string;
  /** Longest wait for the edges; undefined: none. Milliseconds. */
  waitMs: number | undefined;
}

export function changeOptions({ options }: Pick<Call, 'options'>): ChangeOptions {
  const timeout = options.text('timeout');
  const waitMs = timeout === undefined ? EDGE_LIMIT_MS : parseDuration(timeout, '--timeout');
  return {
    dryRun: options.flag('dryRun'),
    reason: options.text('reason')?.trim() ?? '',
    waitMs: options.off('wait') ? undefined : waitMs,
  };
}

/**
 * Asks before something that deserves a second thought: on a terminal, unless `--yes` was given. What cannot be undone is never
 * done without either.
 * @throws StranglerError CLI_DECLINED, or CLI_NEEDS_YES where nobody can be asked.
 */
export async function confirm(
  { options, terminal }: Pick<Call, 'options' | 'terminal'>,
  question: string,
  undoable: boolean,
): Promise<void> {
  if (options.flag('yes')) return;
  if (!terminal.interactive) {
    if (undoable) return;
    throw new StranglerError(
      'CLI_NEEDS_YES',
      `${question} This cannot be undone, and there is no terminal to ask on.`,
      {
        exitCode: EXIT.usage,
        remedy: 'add --yes if it is meant',
      },
    );
  }
  if (await terminal.confirm(question)) return;
  throw new StranglerError('CLI_DECLINED', 'nothing was changed', { exitCode: EXIT.failed });
}
