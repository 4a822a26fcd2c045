import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export type Side = 'monolith' | 'service';

interface Instance {
  id: string;
  child: ChildProcess;
  /** Being asked to leave. */
  leaving: boolean;
}

/** Instances come and go between these. */
const LEAST = 1;
const MOST = 4;
/** A supervisor needs a moment to see that somebody has died. Milliseconds. */
const RESTART_MS = 500;

/** A side of the soak as a process of its own; resolves with its port once it listens. */
export async function startSide(
  side: Side,
  env: Record<string, string>,
): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(join(import.meta.dirname, 'side.ts'), { env: { ...process.env, ...env, SIDE: side } });
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the ${side} ended with ${code}`))),
  ])) as [{ port: number }];
  return { child, port: message.port };
}

/** The instances of the service: started, drained and killed as in the life of a fleet. */
export class Fleet {
  readonly #env: Record<string, string>;
  readonly #instances = new Set<Instance>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly counts = { started: 0, drained: 0, killed: 0 };
  #numbers = 0;
  #closed = false;

  constructor(env: Record<string, string>) {
    this.#env = env;
  }

  get size(): number {
    return this.#instances.size;
  }

  /** One more, under a name of its own unless it takes the place of one that died. */
  async start(id = `orders-${this.#numbers++}`): Promise<void> {
    if (this.#closed) return;
    const { child } = await startSide('service', { ...this.#env, INSTANCE_ID: id });
    const instance: Instance = { id, child, leaving: false };
    this.#instances.add(instance);
    this.counts.started += 1;
    child.once('exit', () => this.#instances.delete(instance));
    if (this.#closed) child.kill('SIGKILL');
  }

  /** One more or one less, by chance, within the bounds. */
  async change(draw: number): Promise<void> {
    const staying = [...this.#instances].filter(({ leaving }) => !leaving);
    if (staying.length <= LEAST || (staying.length < MOST && draw < 0.5)) return this.start();
    const instance = staying[0]!;
    instance.leaving = true;
    instance.child.kill('SIGTERM');
    this.counts.drained += 1;
  }

  /**
   * kill -9 for one of them; its supervisor starts it again under the same name. Resolves when it is gone: until then its sockets take
   * what nobody will read.
   */
  async kill(draw: number): Promise<void> {
    const staying = [...this.#instances].filter(({ leaving }) => !leaving);
    const instance = staying[Math.floor(draw * staying.length)];
    if (instance === undefined) return;
    instance.leaving = true;
    const gone = once(instance.child, 'exit');
    instance.child.kill('SIGKILL');
    this.counts.killed += 1;
    await gone;
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      void this.start(instance.id).catch(() => {});
    }, RESTART_MS);
    this.#restarts.add(timer);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    await Promise.all(
      [...this.#instances].map(async ({ child }) => {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
  }
}
