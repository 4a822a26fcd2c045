import { setTimeout as sleep } from 'node:timers/promises';
import { StranglerError } from '../../../migration-plans/errors.ts';
import { type KeptProcess, keep } from '../process/keeper.ts';
import { BACKOFF, type BackoffPolicy, crashesInARow, pauseAfter } from './backoff.ts';
import { PartLog } from './part-log.ts';
import { waitUntilReady } from './readiness.ts';

export interface PartSpec {
  name: string;
  command: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  /** Answers 2xx once the part can serve; undefined: ready when started. */
  readyUrl: string | undefined;
  /** Longest wait for that, in milliseconds. */
  readyLimitMs: number;
  /** What it gets to end when whoever started it is gone, in seconds. */
  graceSeconds?: number;
  log: string;
}

export type PartEvent =
  | { event: 'started'; name: string; pid: number }
  | { event: 'ready'; name: string; ms: number }
  | { event: 'crashed'; name: string; how: string; restartInMs: number; lastLines: string[] }
  | { event: 'output'; name: string; line: string };

/** One supervised process of the stack: started, watched, started again with growing pauses when it crashes, stopped. */
export class Part {
  readonly spec: PartSpec;
  readonly #onEvent: (event: PartEvent) => void;
  readonly #policy: BackoffPolicy;
  readonly #log: PartLog;
  readonly #stopping = new AbortController();
  #process: KeptProcess | undefined;
  #pid: number | undefined;
  #crashes = 0;
  #startedAt = 0;

  constructor(spec: PartSpec, onEvent: (event: PartEvent) => void, policy: BackoffPolicy = BACKOFF) {
    this.spec = spec;
    this.#onEvent = onEvent;
    this.#policy = policy;
    this.#log = new PartLog(spec.log, (line) => onEvent({ event: 'output', name: spec.name, line }));
  }

  /** The program's own process; undefined: between two starts. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /**
   * Starts the part and waits until it serves. From then on it is supervised.
   * @throws StranglerError DEV_PART_FAILED with the last lines of its output; then it is not running.
   */
  async start(): Promise<void> {
    const begin = performance.now();
    const ended = this.#launch();
    const problem = await this.#ready(ended);
    if (problem !== undefined) {
      await this.stop(2000);
      throw this.#failure(problem);
    }
    this.#onEvent({ event: 'ready', name: this.spec.name, ms: performance.now() - begin });
    void this.#supervise(ended);
  }

  /** Ends the part for good: politely first, after `graceMs` at once. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#process?.stop(graceMs);
    this.#process = undefined;
    this.#log.close();
  }

  kill(): void {
    this.#stopping.abort();
    this.#process?.kill();
  }

  #launch(): Promise<string> {
    const { command, cwd, env, name, graceSeconds } = this.spec;
    const [program = '', ...args] = command;
    const kept = keep({
      command: program,
      args,
      cwd,
      env,
      ...(graceSeconds === undefined ? {} : { graceSeconds }),
    });
    this.#process = kept;
    this.#startedAt = performance.now();
    kept.child.stdout?.on('data', (chunk: Buffer) => this.#log.write(chunk));
    kept.child.stderr?.on('data', (chunk: Buffer) => this.#log.write(chunk));
    void kept.program.then((pid) => {
      if (pid === undefined || this.#process !== kept) return;
      this.#pid = pid;
      this.#onEvent({ event: 'started', name, pid });
    });
    return new Promise((done) => {
      kept.child.once('error', (error) => done(error.message));
      kept.child.once('exit', (code, signal) => {
        this.#pid = undefined;
        kept.child.stdin?.destroy();
        // Whatever is left of its group must not stand in the way of the next start, such as when only the keeper was killed.
        kept.kill();
        // Output that is still in the pipe belongs to the last lines.
        setTimeout(() => done(howItEnded(code, signal)), 50);
      });
    });
  }

  /** Undefined once the part serves; otherwise what is wrong. */
  async #ready(ended: Promise<string>): Promise<string | undefined> {
    const { readyUrl, readyLimitMs } = this.spec;
    if (readyUrl === undefined) return undefined;
    const giveUp = new AbortController();
    const signal = AbortSignal.any([giveUp.signal, this.#stopping.signal]);
    const died = ended.then((how) => `it ended ${how}`);
    const answer = waitUntilReady(readyUrl, readyLimitMs, signal).then((last) =>
      last === undefined ? undefined : `${readyUrl} was not ready after ${readyLimitMs / 1000} s (${last})`,
    );
    try {
      return await Promise.race([died, answer]);
    } finally {
      giveUp.abort();
    }
  }

  async #supervise(ended: Promise<string>): Promise<void> {
    let how = await ended;
    while (!this.#stopping.signal.aborted) {
      this.#crashes = crashesInARow(this.#crashes, performance.now() - this.#startedAt, this.#policy);
      const restartInMs = pauseAfter(this.#crashes, this.#policy);
      const lastLines = this.#log.lastLines(8);
      this.#onEvent({ event: 'crashed', name: this.spec.name, how, restartInMs, lastLines });
      const goOn = await sleep(restartInMs, true, { signal: this.#stopping.signal }).catch(() => false);
      if (!goOn) return;
      const begin = performance.now();
      const next = this.#launch();
      const problem = await this.#ready(next);
      if (problem === undefined)
        this.#onEvent({ event: 'ready', name: this.spec.name, ms: performance.now() - begin });
      else this.#process?.kill();
      how = problem === undefined ? await next : problem;
      if (problem !== undefined) await next;
    }
  }

  #failure(problem: string): StranglerError {
    const { name, command } = this.spec;
    const lines = this.#log.lastLines(12).map((line) => `    ${line}`);
    const output = lines.length === 0 ? '' : `; its last output:\n${lines.join('\n')}`;
    return new StranglerError('DEV_PART_FAILED', `${name} did not start: ${problem}${output}`, {
      remedy: `its whole output is in ${this.#log.path}; it was started as: ${command.join(' ')}`,
    });
  }
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `by ${signal}`;
  // A shell tells a signal as 128 + its number.
  return code !== null && code > 128 ? `by signal ${code - 128}` : `with code ${code}`;
}
