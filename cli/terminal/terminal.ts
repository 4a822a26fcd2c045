import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { sanitise } from './sanitise.ts';
import { createStyle, type Style, wantsColour } from './style.ts';

type Stream = Writable & { isTTY?: boolean };

export interface TerminalStreams {
  stdin: Readable & { isTTY?: boolean };
  stdout: Stream;
  stderr: Stream;
  env: Record<string, string | undefined>;
}

export interface TerminalModes {
  json: boolean;
  verbose: boolean;
  quiet: boolean;
}

/** All that commands say goes through here: data to standard output, everything else to standard error. */
export interface Terminal {
  readonly modes: TerminalModes;
  /** For standard output. */
  readonly style: Style;
  /** For standard error. */
  readonly noteStyle: Style;
  /** A person is there to answer a question. */
  readonly interactive: boolean;
  /** Lines of data for people; nothing with `--json`. */
  print(...lines: string[]): void;
  /** The one JSON document. Only with `--json`. */
  document(value: unknown): void;
  /** One JSON line of a stream of events. Only with `--json`, of commands that run until stopped. */
  event(value: Record<string, unknown>): void;
  /** Progress and diagnostics. Not with `--quiet`. */
  note(line: string): void;
  /** Only with `--verbose`. */
  detail(line: string): void;
  /** A line that replaces itself on a terminal; elsewhere it is printed now and then, when it has changed. `undefined` ends it. */
  progress(line: string | undefined): void;
  /** Asks yes or no. Only when `interactive`. */
  confirm(question: string): Promise<boolean>;
}

/** How often progress is told where lines stay, such as in the log of a CI run. Milliseconds. */
const PLAIN_PROGRESS_MS = 10_000;

export function createTerminal(streams: TerminalStreams, modes: TerminalModes): Terminal {
  const { stdin, stdout, stderr, env } = streams;
  const live = stderr.isTTY === true && env.TERM !== 'dumb' && !modes.json;
  let shown: string | undefined;
  let plainAt = 0;

  function clear(): void {
    if (live && shown !== undefined) stderr.write('\r\u001b[2K');
  }
  function toStderr(line: string): void {
    clear();
    stderr.write(`${line}\n`);
    if (live && shown !== undefined) stderr.write(shown);
  }

  return {
    modes,
    style: createStyle(wantsColour(stdout, env)),
    noteStyle: createStyle(wantsColour(stderr, env)),
    interactive: stdin.isTTY === true && stderr.isTTY === true && !modes.json && !env.CI,
    print(...lines) {
      if (modes.json) return;
      clear();
      for (const line of lines) stdout.write(`${line}\n`);
    },
    document(value) {
      if (modes.json) stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    event(value) {
      if (modes.json) stdout.write(`${JSON.stringify(value)}\n`);
    },
    note(line) {
      if (!modes.quiet) toStderr(line);
    },
    detail(line) {
      if (modes.verbose) toStderr(line);
    },
    progress(line) {
      if (modes.quiet) return;
      if (!live) {
        const now = performance.now();
        const due = shown === undefined || now - plainAt >= PLAIN_PROGRESS_MS;
        if (line === undefined) shown = undefined;
        else if (due && line !== shown) {
          stderr.write(`${line}\n`);
          shown = line;
          plainAt = now;
        }
        return;
      }
      clear();
      shown = line === undefined ? undefined : sanitise(line);
      if (shown !== undefined) stderr.write(shown);
    },
    async confirm(question) {
      clear();
      shown = undefined;
      const reader = createInterface({ input: stdin, output: stderr });
      try {
        return /^y(es)?$/i.test((await reader.question(`${question} [y/N] `)).trim());
      } finally {
        reader.close();
      }
    },
  };
}
