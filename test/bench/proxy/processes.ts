import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server that is being measured, or the origin behind it. */
export interface Running {
  name: string;
  port: number;
  /** The process that does the work. */
  pid: number;
  stop(): Promise<void>;
}

/** User and system time of a process so far, in microseconds. */
export function cpuMicros(pid: number): number {
  // proc(5): fields 14 and 15 in clock ticks; the name in field 2 may hold anything, so count after its bracket.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * (1_000_000 / TICKS_PER_SECOND);
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const match = /VmRSS:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(match?.[1] ?? 0) * 1024;
}

export function installed(program: string): string | undefined {
  return ['/usr/sbin', '/usr/bin', '/usr/local/bin'].map((folder) => join(folder, program)).find(existsSync);
}

/** A script of the benchmarks as a process of its own, which can be asked things (`candidate.ts`). */
export interface RunningNode extends Running {
  ask<T>(name: string, value?: unknown): Promise<T>;
}

/** `file`: a module beside this one. What it writes to stdout goes to a file, as a log would, and is thrown away at the end. */
export async function startNode(
  name: string,
  file: string,
  env: Record<string, string>,
  execArgv: string[] = [],
): Promise<RunningNode> {
  const log = join(tmpdir(), `bench-log-${process.pid}-${logs++}`);
  const out = openSync(log, 'w');
  unlinkSync(log);
  const child = fork(join(import.meta.dirname, file), [], {
    env: { ...process.env, ...env },
    execArgv,
    stdio: ['ignore', out, 'inherit', 'ipc'],
  });
  closeSync(out);
  const message = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`${name} ended with ${code}`));
      child.once('exit', ended);
      child.once('message', (told) => {
        child.removeListener('exit', ended);
        resolve(told);
      });
    });
  const { port } = (await message()) as { port: number };
  return {
    name,
    port,
    pid: child.pid as number,
    async ask<T>(name: string, value?: unknown) {
      if (!child.connected) throw new Error(`${name} cannot be asked: the process has ended`);
      child.send({ ask: name, value });
      return ((await message()) as { answer: T }).answer;
    },
    stop: () => stopped(child, () => child.disconnect()),
  };
}

let logs = 0;

/** nginx with one worker and this configuration of its `http` block, in which PORT and FOLDER stand for its port and its files. */
export async function startNginx(
  name: string,
  http: string,
  files: Readonly<Record<string, Buffer>> = {},
): Promise<Running> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bench-nginx-'));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  const config = `user root; daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
${http.replaceAll('PORT', String(port)).replaceAll('FOLDER', folder)} }`;
  writeFileSync(join(folder, 'nginx.conf'), config);
  const child = spawn(installed('nginx') as string, ['-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  await waitForPort(port);
  const worker = execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')[0];
  return {
    name,
    port,
    pid: Number(worker),
    async stop() {
      await stopped(child, () => child.kill('SIGTERM'));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function startHaproxy(originPort: number): Promise<Running> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bench-haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  option forwardfor
  http-reuse safe
listen proxy
  bind 127.0.0.1:${port}
  server origin 127.0.0.1:${originPort}
`,
  );
  const child = spawn(installed('haproxy') as string, ['-db', '-f', file], { stdio: 'ignore' });
  await waitForPort(port);
  return {
    name: 'haproxy',
    port,
    pid: child.pid as number,
    async stop() {
      await stopped(child, () => child.kill('SIGTERM'));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function stopped(child: ChildProcess, stop: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  stop();
  await exited;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function waitForPort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}
