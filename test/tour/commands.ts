import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './project.ts';

export const STRANGLER = join(ROOT, 'cli/bin/strangler.js');

export interface CommandOutcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the real command, as a person would type it, in the tour's folder. */
export async function strangler(folder: string, args: readonly string[]): Promise<CommandOutcome> {
  const child = spawn(process.execPath, [STRANGLER, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, stdout, stderr };
}

/** The file in which a running stack says where its parts are. */
export interface StackFile {
  urls: Record<string, string>;
  pids: Record<string, number>;
}

export function readStack(folder: string): StackFile {
  return JSON.parse(readFileSync(join(folder, '.strangler/run/stack.json'), 'utf8')) as StackFile;
}

/** `strangler dev`, running beside the tour. */
export class DevStack {
  readonly #child: ChildProcess;
  #lastLines: string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when everything runs. `onLine` gets what the command says. */
  static async start(
    folder: string,
    onLine: (event: { event: string; name?: string; ms?: number }) => void,
  ): Promise<DevStack> {
    const child = spawn(process.execPath, [STRANGLER, 'dev', '--json'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stack = new DevStack(child);
    const remember = (line: string): void => {
      stack.#lastLines = [...stack.#lastLines.slice(-30), line];
    };
    createInterface({ input: child.stderr! }).on('line', remember);
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        remember(line);
        const event = parseEvent(line);
        if (event === undefined) return;
        onLine(event);
        if (event.event === 'ready') resolve();
      });
      child.once('exit', () =>
        reject(new Error(`strangler dev ended before it was ready:\n${stack.#lastLines.join('\n')}`)),
      );
    });
    return stack;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }
}

function parseEvent(line: string): { event: string; name?: string; ms?: number } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'event' in value
      ? (value as { event: string })
      : undefined;
  } catch {
    return undefined;
  }
}
