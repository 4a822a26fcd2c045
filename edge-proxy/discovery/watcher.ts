import { type IgnoredReason, type InstanceSummary, parseInstances } from './instances.ts';
import { asksForList, isNews, nextDelay, type PollSettings, type PollState } from './poll-plan.ts';
import type { Endpoint, ServiceSnapshot } from './port.ts';

/** The two questions asked of Cloud Map; the SDK's `ServiceDiscovery` answers them. */
export interface DiscoveryClient {
  discoverInstances(
    input: { NamespaceName: string; ServiceName: string; HealthStatus: 'ALL'; MaxResults: number },
    options: { abortSignal: AbortSignal },
  ): Promise<{ Instances?: InstanceSummary[] | undefined; InstancesRevision?: number | undefined }>;
  discoverInstancesRevision(
    input: { NamespaceName: string; ServiceName: string },
    options: { abortSignal: AbortSignal },
  ): Promise<{ InstancesRevision?: number | undefined }>;
}

/** Timers that tests can turn by hand. */
export interface Timers {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back after `ms`, without keeping the process alive; returns the way to stop it. */
  after(ms: number, call: () => void): () => void;
}

export interface WatcherSettings extends PollSettings {
  /** The longest a question may take, in milliseconds. */
  timeoutMs: number;
  maxInstances: number;
}

export interface WatcherCounts {
  lists: number;
  revisions: number;
  failures: number;
  /** Instances of the last list that were ignored, by reason. */
  ignored: Readonly<Record<IgnoredReason, number>>;
}

const NOTHING_IGNORED = { id: 0, address: 0, port: 0, duplicate: 0, limit: 0 };

/** Keeps the list of one service: asks, keeps the last good answer, asks again. One question at a time. */
export class ServiceWatcher {
  readonly #service: string;
  readonly #client: DiscoveryClient;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #settings: WatcherSettings;
  readonly #changed: (snapshot: ServiceSnapshot) => void;
  readonly #counts: { lists: number; revisions: number; failures: number } = {
    lists: 0,
    revisions: 0,
    failures: 0,
  };
  #ignored: WatcherCounts['ignored'] = NOTHING_IGNORED;
  #poll: PollState = { revision: undefined, listedAt: undefined, failures: 0 };
  #snapshot: ServiceSnapshot;
  #hasList: boolean;
  #waiting: { resolve(): void; reject(error: Error): void }[] = [];
  #stopTimer: (() => void) | undefined;
  #question: AbortController | undefined;
  #stopped = false;

  constructor(init: {
    service: string;
    client: DiscoveryClient;
    timers: Timers;
    random: () => number;
    settings: WatcherSettings;
    cached: readonly Endpoint[] | undefined;
    changed: (snapshot: ServiceSnapshot) => void;
  }) {
    this.#service = init.service;
    this.#client = init.client;
    this.#timers = init.timers;
    this.#random = init.random;
    this.#settings = init.settings;
    this.#changed = init.changed;
    this.#hasList = init.cached !== undefined;
    this.#snapshot = {
      service: init.service,
      endpoints: init.cached ?? [],
      stale: true,
      lastRefresh: undefined,
      error: undefined,
    };
    void this.#ask();
  }

  get snapshot(): ServiceSnapshot {
    return this.#snapshot;
  }

  /** Whether there is a list worth keeping for the next start. */
  get hasList(): boolean {
    return this.#hasList;
  }

  get counts(): WatcherCounts {
    return { ...this.#counts, ignored: this.#ignored };
  }

  ready(): Promise<void> {
    if (this.#hasList) return Promise.resolve();
    if (this.#stopped) return Promise.reject(notWatched(this.#service));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer?.();
    this.#question?.abort();
    for (const { reject } of this.#waiting.splice(0)) reject(notWatched(this.#service));
  }

  async #ask(): Promise<void> {
    const question = new AbortController();
    this.#question = question;
    const stopTimeout = this.#timers.after(this.#settings.timeoutMs, () =>
      question.abort(new Error(`no answer within ${this.#settings.timeoutMs} ms`)),
    );
    try {
      await this.#refresh(question.signal);
      this.#poll = { ...this.#poll, failures: 0 };
    } catch (error) {
      if (this.#stopped) return;
      this.#fail(question.signal.aborted ? question.signal.reason : error);
    } finally {
      stopTimeout();
    }
    if (this.#stopped) return;
    const delay = nextDelay(this.#poll, this.#settings, this.#random());
    this.#stopTimer = this.#timers.after(delay, () => void this.#ask());
  }

  async #refresh(abortSignal: AbortSignal): Promise<void> {
    const [NamespaceName = '', ServiceName = ''] = splitService(this.#service);
    const name = { NamespaceName, ServiceName };
    if (!asksForList(this.#poll, this.#timers.now(), this.#settings)) {
      this.#counts.revisions += 1;
      const { InstancesRevision } = await this.#client.discoverInstancesRevision(name, { abortSignal });
      if (this.#stopped) return;
      if (!isNews(this.#poll, InstancesRevision)) return this.#publish({ stale: false, error: undefined });
    }
    this.#counts.lists += 1;
    const { Instances = [], InstancesRevision } = await this.#client.discoverInstances(
      { ...name, HealthStatus: 'ALL', MaxResults: 1000 },
      { abortSignal },
    );
    if (this.#stopped) return;
    const { endpoints, ignored } = parseInstances(Instances, this.#settings.maxInstances);
    const now = this.#timers.now();
    this.#ignored = ignored;
    this.#poll = { ...this.#poll, revision: InstancesRevision, listedAt: now };
    this.#publish({ endpoints, stale: false, error: undefined, lastRefresh: now });
    this.#gotList();
  }

  /** The last good list stays. Only where there never was one does "not found" mean that nobody has registered yet. */
  #fail(error: unknown): void {
    this.#counts.failures += 1;
    const missing = isNotFound(error) && !this.#hasList;
    this.#poll = {
      revision: undefined,
      listedAt: undefined,
      failures: missing ? 0 : this.#poll.failures + 1,
    };
    this.#publish({ stale: !missing, error: describe(error) });
    if (isNotFound(error)) {
      for (const { resolve } of this.#waiting.splice(0)) resolve();
    }
  }

  #gotList(): void {
    this.#hasList = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** One new value a change; equal lists stay the same array, so that nobody downstream rebuilds anything for them. */
  #publish(change: Partial<ServiceSnapshot>): void {
    const before = this.#snapshot;
    const same = change.endpoints === undefined || sameEndpoints(before.endpoints, change.endpoints);
    this.#snapshot = { ...before, ...change, ...(same ? { endpoints: before.endpoints } : {}) };
    if (same && before.stale === this.#snapshot.stale && before.error === this.#snapshot.error) return;
    this.#changed(this.#snapshot);
  }
}

/** Namespaces may contain a slash, service names may not. */
export function splitService(service: string): [namespace: string, name: string] {
  const at = service.lastIndexOf('/');
  return [service.slice(0, Math.max(0, at)), service.slice(at + 1)];
}

export function notWatched(service: string): Error {
  return new Error(`The service ${service} is not watched.`);
}

function isNotFound(error: unknown): boolean {
  const { name } = error as { name?: unknown };
  return name === 'ServiceNotFound' || name === 'NamespaceNotFound';
}

/** One bounded line: what Cloud Map or the network says goes into status pages and logs. */
function describe(error: unknown): string {
  const { name, message, code } = error as { name?: unknown; message?: unknown; code?: unknown };
  const what = [code ?? name, message].filter((part) => typeof part === 'string' && part !== '').join(': ');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return (what || String(error)).replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 300);
}

function sameEndpoints(one: readonly Endpoint[], other: readonly Endpoint[]): boolean {
  return one.length === other.length && one.every((endpoint, index) => sameEndpoint(endpoint, other[index]!));
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.id === b.id &&
    a.host === b.host &&
    a.port === b.port &&
    a.secure === b.secure &&
    a.healthy === b.healthy &&
    a.version === b.version &&
    a.weight === b.weight
  );
}
