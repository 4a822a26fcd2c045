import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';

export interface Ran {
  code: number | null;
  /** It took too long and was ended. */
  timedOut: boolean;
  /** The last of standard output and standard error, as they came. */
  said: string;
}

export interface RunOptions {
  cwd: string;
  env: Record<string, string>;
  limitMs: number;
  signal?: AbortSignal | undefined;
}

const KEPT_CHARACTERS = 64 * 1024;

/**
 * The environment of what runs in a gate folder: of ours only what finds programs. Nothing that names a database, an account or a key
 * gets to code that is tried out.
 */
export function gateEnvironment(folder: string, own: Record<string, string> = {}): Record<string, string> {
  const kept = ['HOME', 'TMPDIR', 'LANG', 'TZ', 'SystemRoot'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const path = [join(folder, 'node_modules/.bin'), dirname(process.execPath), process.env.PATH ?? ''];
  return { ...Object.fromEntries(kept), PATH: path.join(':'), ...own };
}

/** How this machine reaches a registry: proxies and certificates. For npm alone, not for what is tried. */
export function networkEnvironment(): Record<string, string> {
  const ways =
    /^(?:(?:https?|all|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR)|npm_config_(?:registry|cafile|ca|cache|userconfig|globalconfig|proxy|https_proxy|noproxy|strict_ssl))$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      ways.test(name) && value !== undefined ? [[name, value] as const] : [],
    ),
  );
}

/** Runs a command line to its end, its process group with it. Never rejects. */
export async function runCommand(command: string, options: RunOptions): Promise<Ran> {
  const started = startCommand(command, options);
  const timer = setTimeout(() => started.end('SIGKILL'), options.limitMs);
  const code = await started.ended;
  clearTimeout(timer);
  return { code, timedOut: started.killed(), said: started.said() };
}

export interface Started {
  child: ChildProcess;
  ended: Promise<number | null>;
  said(): string;
  killed(): boolean;
  /** Ends it with everything that it has started. */
  end(signal?: NodeJS.Signals): void;
}

export function startCommand(command: string, { cwd, env, signal }: Omit<RunOptions, 'limitMs'>): Started {
  const child = spawn('/bin/sh', ['-c', command], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let killed = false;
  const hear = (chunk: string): void => {
    said = (said + chunk).slice(-KEPT_CHARACTERS);
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  const end = (by: NodeJS.Signals = 'SIGTERM'): void => {
    if (by === 'SIGKILL') killed = true;
    try {
      if (child.pid !== undefined) process.kill(-child.pid, by);
    } catch {
      // It has ended by itself.
    }
  };
  // Whatever ends us must not leave somebody's application running.
  const last = (): void => end('SIGKILL');
  process.once('exit', last);
  signal?.addEventListener('abort', last, { once: true });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      hear(error.message);
      resolve(null);
    });
    child.once('close', (code) => resolve(code));
  }).finally(() => {
    process.off('exit', last);
    signal?.removeEventListener('abort', last);
  });
  return { child, ended, said: () => said, killed: () => killed, end };
}

/** Why a program ended, as lines to show: the end of what it said, and before it the error, where a long stack hides it. */
export function lastWords(said: string, count: number): string[] {
  const all = lastLines(said, 500);
  const last = all.slice(-count);
  const error = all.slice(0, -count).findLast((line) => /^\s*(?:\w*Error\b|Error:)/.test(line));
  return error === undefined || last.some((line) => /^\s*\w*Error\b.*:/.test(line)) ? last : [error, ...last];
}

/** The end of what a program said, as lines to show. */
export function lastLines(said: string, count: number): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of terminals are what is removed
  const plain = said.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').trimEnd();
  return plain === '' ? [] : plain.split('\n').slice(-count);
}
