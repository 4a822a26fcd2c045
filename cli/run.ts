import { EXIT, type ExitCode, StranglerError } from '../migration-plans/errors.ts';
import type { CommandSpec } from './commands/command.ts';
import { type Parsed, parseArguments } from './commands/program.ts';
import { COMMANDS } from './commands/registry.ts';
import { errorDocument, renderError } from './terminal/error-text.ts';
import { createStyle, wantsColour } from './terminal/style.ts';
import { createTerminal, type TerminalModes, type TerminalStreams } from './terminal/terminal.ts';
import { toolkitVersion } from './version.ts';

export interface RunContext {
  streams: TerminalStreams;
  cwd: string;
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  /** Told which command it is before it runs. */
  onCommand?(spec: CommandSpec): void;
}

/** Runs one command and returns its exit code. Never rejects: whatever is thrown is reported. */
export async function run(argv: readonly string[], context: RunContext): Promise<ExitCode> {
  const { streams, cwd, signal } = context;
  const { stdout, stderr, env } = streams;
  // Read before parsing, so that a wrong usage is reported in the form that was asked for.
  const words = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const modes: TerminalModes = {
    json: words.includes('--json'),
    verbose: words.includes('--verbose'),
    quiet: words.includes('--quiet'),
  };
  const terminal = createTerminal(streams, modes);
  try {
    const style = createStyle(wantsColour(stdout, env));
    const parsed: Parsed = await parseArguments(COMMANDS, argv, toolkitVersion(), style);
    if (parsed.kind === 'text') {
      stdout.write(parsed.text);
      return EXIT.done;
    }
    const { spec, args, words: rest, options } = parsed;
    context.onCommand?.(spec);
    const handler = await spec.load();
    const result = await handler({ args, words: rest, options, terminal, cwd, env, signal });
    terminal.progress(undefined);
    if (result?.document !== undefined) terminal.document(result.document);
    if (result?.lines !== undefined) terminal.print(...result.lines);
    return result?.exitCode ?? EXIT.done;
  } catch (error) {
    terminal.progress(undefined);
    if (signal.aborted && !(error instanceof StranglerError)) {
      stderr.write('interrupted\n');
      return EXIT.interrupted;
    }
    stderr.write(`${renderError(error, terminal.noteStyle, words.includes('--debug')).join('\n')}\n`);
    if (modes.json) stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
    return error instanceof StranglerError ? error.exitCode : EXIT.failed;
  }
}
