import { EXIT, StranglerError } from '../migration-plans/errors.ts';
import { parseArguments } from './commands/program.ts';
import { COMMANDS } from './commands/registry.ts';
import { errorDocument, renderError } from './terminal/error-text.ts';
import { createStyle, wantsColour } from './terminal/style.ts';
import { createTerminal, type TerminalModes } from './terminal/terminal.ts';
import { toolkitVersion } from './version.ts';

/** Runs one command and leaves its exit code in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  tolerateClosedPipes();
  // Read before parsing, so that a wrong usage is reported in the form that was asked for.
  const asked = (flag: string) => beforeSeparator(argv).includes(flag);
  const modes: TerminalModes = {
    json: asked('--json'),
    verbose: asked('--verbose'),
    quiet: asked('--quiet'),
  };
  const terminal = createTerminal(process, modes);
  const stop = interruption();
  try {
    const style = createStyle(wantsColour(process.stdout, process.env));
    const parsed = await parseArguments(COMMANDS, argv, toolkitVersion(), style);
    if (parsed.kind === 'text') {
      process.stdout.write(parsed.text);
      return;
    }
    const handler = await parsed.spec.load();
    const result = await handler({
      args: parsed.args,
      words: parsed.words,
      options: parsed.options,
      terminal,
      cwd: process.cwd(),
      env: process.env,
      signal: stop.signal,
    });
    terminal.progress(undefined);
    if (result?.document !== undefined) terminal.document(result.document);
    if (result?.lines !== undefined) terminal.print(...result.lines);
    process.exitCode = result?.exitCode ?? EXIT.done;
  } catch (error) {
    terminal.progress(undefined);
    const interrupted = stop.signal.aborted && !(error instanceof StranglerError);
    process.exitCode = interrupted
      ? EXIT.interrupted
      : error instanceof StranglerError
        ? error.exitCode
        : EXIT.failed;
    if (interrupted) process.stderr.write('interrupted\n');
    else report(error, terminal.noteStyle, asked('--debug'), modes.json);
  } finally {
    stop.release();
  }
}

function report(error: unknown, style: ReturnType<typeof createStyle>, debug: boolean, json: boolean): void {
  process.stderr.write(`${renderError(error, style, debug).join('\n')}\n`);
  if (json) process.stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
}

function beforeSeparator(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf('--');
  return at === -1 ? argv : argv.slice(0, at);
}

/** The first signal asks the command to end in order, the second ends the process at once. */
function interruption(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort(new Interrupted());
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  return {
    signal: controller.signal,
    release: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal),
  };
}

class Interrupted extends Error {
  override readonly name = 'AbortError';
}

/** `strangler history | head -1`: a reader that has seen enough is no error. */
function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.done);
      throw error;
    });
}
