import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { run } from '../../cli/run.ts';

const COMMAND = join(import.meta.dirname, '../../cli/bin/strangler.js');

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Of `--json`; throws if standard output is not exactly one document. */
  json<T = Record<string, unknown>>(): T;
}

export interface RunOptions {
  cwd: string;
  env?: Record<string, string | undefined>;
}

/** Starts the real command as a process of its own, without a terminal. */
export function startCommand(argv: readonly string[], { cwd, env }: RunOptions): ChildProcess {
  return spawn(process.execPath, [COMMAND, ...argv], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, STRANGLER_ACTOR: 'tester', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function strangler(argv: readonly string[], options: RunOptions): Promise<Ran> {
  const child = startCommand(argv, options);
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk));
  child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, ...output, json: <T>() => JSON.parse(output.stdout) as T };
}

/** The same in this process, which saves starting one: for what does not depend on processes. */
export async function stranglerHere(argv: readonly string[], { cwd, env }: RunOptions): Promise<Ran> {
  const output = { stdout: '', stderr: '' };
  const into = (name: keyof typeof output) =>
    new Writable({
      write(chunk, _encoding, done) {
        output[name] += chunk;
        done();
      },
    });
  const streams = {
    stdin: Readable.from([]),
    stdout: into('stdout'),
    stderr: into('stderr'),
    env: { STRANGLER_ACTOR: 'tester', ...env },
  };
  const code = await run(argv, { streams, cwd, signal: new AbortController().signal });
  return { code, ...output, json: <T>() => JSON.parse(output.stdout) as T };
}

/** A project folder with the given files. Without `keep`, gone with its test. */
export function projectWith(files: Record<string, string>, keep = false): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'strangler-cli-'));
  // PostgreSQL's user passes through it when the tests run as root.
  chmodSync(folder, 0o755);
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  if (!keep) onTestFinished(remove);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return { folder, remove };
}

export const PROJECT = `version: 1
monolith:
  url: http://127.0.0.1:9
`;

export const REVIEWS = `apiVersion: strangler/v1
capability: reviews
routes:
  - GET /products/:slug/reviews
  - POST /products/:slug/reviews
`;
