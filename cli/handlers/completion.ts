import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import type { CommandResult, Handler } from '../commands/command.ts';
import { completionScript, completions } from '../commands/completion.ts';
import { COMMANDS } from '../commands/registry.ts';
import { projectOf } from '../controller/project.ts';

export const completion: Handler = async ({ args, terminal }) => {
  const { shell } = args;
  if (shell !== 'bash' && shell !== 'zsh' && shell !== 'fish')
    throw new StranglerError('CLI_UNKNOWN_SHELL', `there is no completion for "${shell}"`, {
      exitCode: EXIT.usage,
      remedy: 'there is: bash, zsh, fish',
    });
  const script = completionScript(shell);
  return terminal.modes.json ? { document: { shell, script } } : { lines: [script.trimEnd()] };
};

export const complete: Handler = async (call): Promise<CommandResult> => {
  const words = call.words.length === 0 ? [''] : call.words;
  return { lines: completions(COMMANDS, words, await planNames(call)) };
};

/** Names of plan files, which are those of capabilities. Whatever is wrong with the project, completion stays silent about it. */
async function planNames(call: Parameters<Handler>[0]): Promise<string[]> {
  try {
    const { plansDir } = await projectOf(call);
    return globSync('*.{yaml,yml}', { cwd: plansDir }).map((file) => basename(file).replace(/\.ya?ml$/, ''));
  } catch {
    return [];
  }
}
