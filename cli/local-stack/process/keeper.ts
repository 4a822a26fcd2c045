import { type ChildProcess, spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { exists } from './identity.ts';

/**
 * Every process of the stack runs below a small shell that waits for its standard input to close. That happens when the process
 * that started it ends, however it ends (kill -9 too), because the system closes its side; the shell then ends what it keeps.
 * So programs that know nothing of the toolkit, such as the monolith, never outlive it.
 */
export interface KeptProcess {
  /** The shell. Its exit code is that of the program. */
  child: ChildProcess;
  /** The program's own process number. Undefined: it could not be started. */
  program: Promise<number | undefined>;
  /** Asks the program to end (SIGTERM to all of its processes), and ends it after `graceMs`. Resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  /** Ends all of its processes at once. */
  kill(): void;
}

export interface KeepOptions {
  command: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  /** Time between SIGTERM and SIGKILL when the starting process is gone, in seconds. */
  graceSeconds?: number;
}

/** `$1` seconds of grace, then the command. Signals go to the whole group, so that grandchildren (`npm start`) end too. */
const KEEP = `
exec 3<&0 </dev/null
trap : TERM INT HUP
grace=$1; shift
"$@" 3<&- 4>&- & child=$!
echo $child >&4
exec 4>&-
(
  trap '' TERM INT HUP
  read -r line <&3
  kill -TERM 0
  n=0
  while [ $n -lt $grace ] && kill -0 $child 2>/dev/null; do sleep 1; n=$((n + 1)); done
  kill -KILL 0
) >/dev/null 2>&1 & watcher=$!
exec 3<&-
while :; do
  wait $child; status=$?
  kill -0 $child 2>/dev/null || break
done
kill -KILL $watcher 2>/dev/null
exit $status
`;

/** Between SIGKILL and the end of a process lies only the system. Milliseconds. */
const GONE_LIMIT_MS = 5000;

/** Starts a program below a keeper, in a process group of its own: Ctrl-C in the terminal reaches only the one who started it. */
export function keep(options: KeepOptions): KeptProcess {
  const { command, args, cwd, env, graceSeconds = 10 } = options;
  const child = spawn('/bin/sh', ['-c', KEEP, 'strangler-keeper', String(graceSeconds), command, ...args], {
    cwd,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'pipe'],
  });
  // The pipe breaks when the keeper ends first.
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });

  function signalGroup(signal: NodeJS.Signals): void {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  const program = programOf(child);
  return {
    child,
    program,
    kill: () => signalGroup('SIGKILL'),
    async stop(graceMs) {
      if (child.exitCode === null && child.signalCode === null) signalGroup('SIGTERM');
      const timer = setTimeout(() => signalGroup('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
      // Nothing of the group may stay, such as a grandchild that ignored the signal.
      signalGroup('SIGKILL');
      const pid = await program;
      const end = performance.now() + GONE_LIMIT_MS;
      while (pid !== undefined && exists(pid) && performance.now() < end) await sleep(10);
      child.stdin?.destroy();
    },
  };
}

/** The keeper says it on its descriptor 4. */
async function programOf(child: ChildProcess): Promise<number | undefined> {
  const told = child.stdio[4];
  if (!(told instanceof Readable)) return undefined;
  let text = '';
  try {
    for await (const chunk of told) text += String(chunk);
  } catch {
    return undefined;
  }
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}
