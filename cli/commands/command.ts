import type { ExitCode } from '../../migration-plans/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** A command as data: help, completion, reference and parsing are all derived from it. */
export interface CommandSpec {
  /** As typed, without `strangler`: `status`, `plan validate`. */
  name: string;
  summary: string;
  /** Paragraphs below the summary in the help. */
  details?: readonly string[];
  /** At least one; shown before everything else. */
  examples: readonly Example[];
  arguments?: readonly ArgumentSpec[];
  options?: readonly OptionSpec[];
  /** It changes something: `--dry-run`, `--yes` and `--reason` come with it. */
  changes?: boolean;
  /** With `--json` it prints one line per event, because it runs until it is stopped. */
  streams?: boolean;
  /** The last argument takes all remaining words. */
  rest?: boolean;
  /** Not listed. */
  hidden?: boolean;
  /** Imported only when the command runs, so that `--help` costs nothing. */
  load(): Promise<Handler>;
}

export interface Example {
  command: string;
  does: string;
}

export interface ArgumentSpec {
  name: string;
  description: string;
  required: boolean;
  /** What completion offers. */
  values?: 'capability' | 'folder' | readonly string[];
}

export interface OptionSpec {
  /** In commander's form: `--weight <percent>`. */
  flags: string;
  description: string;
  /** The only values allowed. */
  choices?: readonly string[];
  /** Said in the help; applied by the handler. */
  default?: string;
  /** May be given several times. */
  repeatable?: boolean;
}

export interface Call {
  args: Record<string, string | undefined>;
  /** All words behind the command's name. */
  words: readonly string[];
  options: Options;
  terminal: Terminal;
  cwd: string;
  env: Record<string, string | undefined>;
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal;
}

export interface CommandResult {
  /** Printed with `--json`. */
  document?: unknown;
  /** Printed otherwise. */
  lines?: readonly string[];
  exitCode?: ExitCode;
}

export type Handler = (call: Call) => Promise<CommandResult | undefined>;

/** Option values as parsed, read with their type. */
export class Options {
  readonly #values: Record<string, unknown>;

  constructor(values: Record<string, unknown>) {
    this.#values = values;
  }

  /** Of an option with a value; undefined if it was not given. Name in camel case: `dryRun`. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Of an option that may be given several times. */
  list(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** Of an option that turns something off: true if `--no-NAME` was given. */
  off(name: string): boolean {
    return this.#values[name] === false;
  }

  /** Of an option without a value. */
  flag(name: string): boolean {
    return this.#values[name] === true;
  }
}
