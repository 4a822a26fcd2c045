import { type CachedLists, readCache, writeCache } from './cache.ts';
import { POLL_DEFAULTS } from './poll-plan.ts';
import type { Endpoint, ServiceDirectory, ServiceSnapshot } from './port.ts';
import {
  type DiscoveryClient,
  notWatched,
  ServiceWatcher,
  type Timers,
  type WatcherCounts,
  type WatcherSettings,
} from './watcher.ts';

export type { Endpoint, ServiceDirectory, ServiceSnapshot } from './port.ts';

export interface DirectoryOptions {
  client: DiscoveryClient;
  settings?: Partial<WatcherSettings>;
  /** File that keeps the last good lists for a start without Cloud Map. None: not kept. */
  cacheFile?: string;
  /** Told what an operator should know and nobody can be answered with. */
  warn?: (message: string) => void;
  timers?: Timers;
  random?: () => number;
}

export interface MeteredDirectory extends ServiceDirectory {
  /** By watched service, for metrics. */
  counts(): ReadonlyMap<string, WatcherCounts>;
}

export const WATCHER_DEFAULTS: WatcherSettings = { ...POLL_DEFAULTS, timeoutMs: 5000, maxInstances: 1000 };

/** How long changes are gathered before the cache file is written. */
const CACHE_DELAY_MS = 500;

export const SYSTEM_TIMERS: Timers = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** A directory that knows what the cache file knows, and watches nothing yet. */
export async function openServiceDirectory(options: DirectoryOptions): Promise<MeteredDirectory> {
  const warn = options.warn ?? (() => undefined);
  const cached = options.cacheFile === undefined ? new Map() : await readCache(options.cacheFile, warn);
  return new Directory(options, cached, warn);
}

class Directory implements MeteredDirectory {
  readonly #client: DiscoveryClient;
  readonly #settings: WatcherSettings;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #cacheFile: string | undefined;
  readonly #cached: CachedLists;
  readonly #warn: (message: string) => void;
  readonly #watchers = new Map<string, ServiceWatcher>();
  readonly #listeners = new Set<(snapshot: ServiceSnapshot) => void>();
  #stopCacheTimer: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: DirectoryOptions, cached: CachedLists, warn: (message: string) => void) {
    this.#client = options.client;
    this.#settings = { ...WATCHER_DEFAULTS, ...options.settings };
    this.#timers = options.timers ?? SYSTEM_TIMERS;
    this.#random = options.random ?? Math.random;
    this.#cacheFile = options.cacheFile;
    this.#cached = cached;
    this.#warn = warn;
  }

  snapshot(service: string): ServiceSnapshot {
    const watched = this.#watchers.get(service);
    if (watched) return watched.snapshot;
    return { service, endpoints: [], stale: true, lastRefresh: undefined, error: undefined };
  }

  watch(services: Iterable<string>): void {
    if (this.#closed) return;
    const wanted = new Set(services);
    for (const [service, watcher] of this.#watchers) {
      if (wanted.has(service)) continue;
      watcher.stop();
      this.#watchers.delete(service);
    }
    for (const service of wanted) {
      if (!this.#watchers.has(service)) this.#watchers.set(service, this.#watcherOf(service));
    }
  }

  onChange(listener: (snapshot: ServiceSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  ready(service: string): Promise<void> {
    return this.#watchers.get(service)?.ready() ?? Promise.reject(notWatched(service));
  }

  counts(): ReadonlyMap<string, WatcherCounts> {
    return new Map([...this.#watchers].map(([service, watcher]) => [service, watcher.counts]));
  }

  async close(): Promise<void> {
    if (this.#closed) return this.#writing;
    this.#closed = true;
    for (const watcher of this.#watchers.values()) watcher.stop();
    if (this.#stopCacheTimer) {
      this.#stopCacheTimer();
      this.#save();
    }
    await this.#writing;
  }

  #watcherOf(service: string): ServiceWatcher {
    return new ServiceWatcher({
      service,
      client: this.#client,
      timers: this.#timers,
      random: this.#random,
      settings: this.#settings,
      cached: this.#cached.get(service),
      changed: (snapshot) => this.#changed(snapshot),
    });
  }

  #changed(snapshot: ServiceSnapshot): void {
    if (!snapshot.stale) this.#saveSoon();
    for (const listener of this.#listeners) {
      try {
        listener(snapshot);
      } catch (error) {
        // a listener's defect must not end the watching
        this.#warn(`A listener failed on a change of ${snapshot.service}: ${String(error)}`);
      }
    }
  }

  #saveSoon(): void {
    if (this.#cacheFile === undefined || this.#stopCacheTimer) return;
    this.#stopCacheTimer = this.#timers.after(CACHE_DELAY_MS, () => this.#save());
  }

  #save(): void {
    this.#stopCacheTimer = undefined;
    const file = this.#cacheFile;
    if (file === undefined) return;
    this.#writing = this.#writing
      .then(() => writeCache(file, this.#lists()))
      .catch((error: unknown) => this.#warn(`The endpoint cache ${file} can't be written: ${String(error)}`));
  }

  #lists(): CachedLists {
    const lists = new Map<string, readonly Endpoint[]>();
    for (const [service, watcher] of this.#watchers) {
      if (watcher.hasList) lists.set(service, watcher.snapshot.endpoints);
    }
    return lists;
  }
}
