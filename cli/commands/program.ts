import { Command, CommanderError, Option } from 'commander';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { createStyle, type Style } from '../terminal/style.ts';
import { type CommandSpec, Options } from './command.ts';
import { renderExamples } from './help.ts';
import { inOrder } from './word-order.ts';

/** What the arguments came to: a command to run, or text to print (help, version). */
export type Parsed =
  | {
      kind: 'run';
      spec: CommandSpec;
      args: Record<string, string | undefined>;
      words: readonly string[];
      options: Options;
    }
  | { kind: 'text'; text: string };

export const GLOBAL_OPTIONS = [
  { flags: '--json', description: 'print one JSON document on standard output and nothing else' },
  {
    flags: '--config <file>',
    description: 'project file (default: strangler.yaml here or in a folder above)',
  },
  { flags: '--verbose', description: 'say more, such as which configuration was used' },
  { flags: '--quiet', description: 'no progress, only results and errors' },
  { flags: '--debug', description: 'show stack traces' },
] as const;

export const CHANGE_OPTIONS = [
  { flags: '--dry-run', description: 'say what would happen, change nothing' },
  { flags: '--yes', description: 'do not ask' },
  { flags: '--reason <text>', description: 'why, for the audit trail' },
] as const;

/** Groups of commands that are no command themselves. */
const GROUPS: Record<string, string> = { plan: 'check and explain plans' };

/**
 * Parses arguments with commander, built from the specifications. Wrong usage is thrown as `StranglerError` with exit code 2.
 */
export async function parseArguments(
  specs: readonly CommandSpec[],
  argv: readonly string[],
  version: string,
  style: Style = createStyle(false),
): Promise<Parsed> {
  let parsed: Parsed | undefined;
  let text = '';
  const writeOut = (out: string): void => {
    text += out;
  };
  const program = new Command('strangler')
    .description('Takes a working monolith apart into services while its users notice nothing.')
    .version(version, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'how a command is used');
  /** Groups, and commands that have further ones below them (`report`, `report accept`). */
  const parents = new Map<string, Command>();
  let aside = '';
  const writeErr = (out: string): void => {
    aside += out;
  };
  const settle = (command: Command): Command =>
    command
      .exitOverride()
      .configureOutput({ writeOut, writeErr })
      .configureHelp({
        showGlobalOptions: true,
        styleTitle: (title) => style.bold(title),
        subcommandTerm: (sub) => [sub.name(), ...sub.registeredArguments.map(argumentTerm)].join(' '),
      });
  settle(program);
  for (const { flags, description } of GLOBAL_OPTIONS) program.option(flags, description);
  program.addHelpText('before', renderExamples(INTRODUCTION, style));

  for (const spec of specs) {
    const [first = '', second] = spec.name.split(' ');
    let parent = program;
    if (second !== undefined) {
      parent = parents.get(first) ?? settle(program.command(first).description(GROUPS[first] ?? ''));
      parents.set(first, parent);
    }
    const command = settle(parent.command(second ?? first, { hidden: spec.hidden === true }));
    if (second === undefined) parents.set(first, command);
    command.summary(spec.summary).description([spec.summary, ...(spec.details ?? [])].join('\n\n'));
    command.addHelpText('before', renderExamples(spec.examples, style));
    for (const { name, description, required } of spec.arguments ?? []) {
      const term = spec.rest ? `${name}...` : name;
      command.argument(required ? `<${term}>` : `[${term}]`, description);
    }
    for (const option of [...(spec.options ?? []), ...(spec.changes ? CHANGE_OPTIONS : [])]) {
      const made = new Option(option.flags, describe(option));
      if ('choices' in option && option.choices) made.choices(option.choices);
      if ('repeatable' in option && option.repeatable)
        made.argParser<string[]>((value, before = []) => [...before, value]);
      command.addOption(made);
    }
    command.action(() => {
      const args: Record<string, string | undefined> = {};
      for (const [at, { name }] of (spec.arguments ?? []).entries()) args[name] = command.args[at];
      parsed = {
        kind: 'run',
        spec,
        args,
        words: command.args,
        options: new Options(command.optsWithGlobals()),
      };
    });
  }

  try {
    await program.parseAsync(inOrder(specs, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'text', text };
    // A group without one of its commands: commander writes the group's help where errors go.
    if (error.code === 'commander.help') return { kind: 'text', text: text || aside };
    throw usageError(error);
  }
  if (parsed === undefined) program.outputHelp();
  return parsed ?? { kind: 'text', text };
}

const INTRODUCTION = [
  {
    command: 'strangler init --monolith http://localhost:3000',
    does: 'start a project for a running monolith',
  },
  { command: 'strangler dev', does: 'start everything on this machine' },
  { command: 'strangler status', does: 'where every capability stands, and what blocks its next step' },
];

function argumentTerm(argument: { name(): string; required: boolean }): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

function describe(option: { description: string; default?: string }): string {
  return option.default === undefined
    ? option.description
    : `${option.description} (default: ${option.default})`;
}

/** `error: unknown command 'stauts'\n(Did you mean status?)` → message and remedy. */
function usageError(error: CommanderError): StranglerError {
  const [first = '', ...rest] = error.message.split('\n');
  const suggestion = /^\(Did you mean (.*)\?\)$/.exec(rest.join(' ').trim())?.[1];
  const code = `CLI_${error.code
    .replace(/^commander\./, '')
    .replace(/[A-Z]/g, (c) => `_${c}`)
    .toUpperCase()}`;
  return new StranglerError(code, first.replace(/^error: /, ''), {
    exitCode: EXIT.usage,
    remedy: suggestion === undefined ? 'strangler help shows every command' : `did you mean ${suggestion}?`,
  });
}
