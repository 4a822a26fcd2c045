import type { InstanceSummary } from '../../edge-proxy/discovery/instances.ts';
import type { Endpoint } from '../../edge-proxy/discovery/port.ts';
import type { DiscoveryClient, Timers } from '../../edge-proxy/discovery/watcher.ts';

/** Timers that stand still until they are moved. */
export class ManualTimers implements Timers {
  #now = 1_000_000;
  #next = 1;
  readonly #pending = new Map<number, { at: number; call: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const id = this.#next;
    this.#next += 1;
    this.#pending.set(id, { at: this.#now + ms, call });
    return () => this.#pending.delete(id);
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Moves on, calling what falls due in order; whatever that starts may finish in between. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settled();
    for (;;) {
      const due = [...this.#pending]
        .filter(([, timer]) => timer.at <= until)
        .sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#pending.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].call();
      await settled();
    }
    this.#now = until;
  }
}

/** Lets everything that is ready to run do so. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

export interface FakeCloudMap extends DiscoveryClient {
  instances: InstanceSummary[];
  revision: number;
  /** Thrown instead of any answer. */
  failure: Error | undefined;
  /** Questions are left without an answer. */
  silent: boolean;
  asked: ('list' | 'revision')[];
}

export function fakeCloudMap(instances: InstanceSummary[] = []): FakeCloudMap {
  const answer = <Result>(
    kind: 'list' | 'revision',
    signal: AbortSignal,
    result: () => Result,
  ): Promise<Result> => {
    fake.asked.push(kind);
    if (fake.silent) {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    }
    return fake.failure ? Promise.reject(fake.failure) : Promise.resolve(result());
  };
  const fake: FakeCloudMap = {
    instances,
    revision: 1,
    failure: undefined,
    silent: false,
    asked: [],
    discoverInstances: (_input, { abortSignal }) =>
      answer('list', abortSignal, () => ({ Instances: fake.instances, InstancesRevision: fake.revision })),
    discoverInstancesRevision: (_input, { abortSignal }) =>
      answer('revision', abortSignal, () => ({ InstancesRevision: fake.revision })),
  };
  return fake;
}

export function instance(
  id: string,
  attributes: Record<string, string> = {},
  health = 'HEALTHY',
): InstanceSummary {
  return {
    InstanceId: id,
    HealthStatus: health,
    Attributes: { AWS_INSTANCE_IPV4: '10.0.0.1', AWS_INSTANCE_PORT: '8080', ...attributes },
  };
}

export function notFound(name = 'ServiceNotFound'): Error {
  return Object.assign(new Error('No service found.'), { name });
}

export function endpoint(id: string, more: Partial<Endpoint> = {}): Endpoint {
  return { id, host: '10.0.0.1', port: 80, secure: false, version: undefined, healthy: true, ...more };
}

/** A repeatable source of chance (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
