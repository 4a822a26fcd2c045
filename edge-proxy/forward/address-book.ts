import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

export interface Address {
  address: string;
  family: number;
}

export interface AddressBookOptions {
  /** Names are resolved again after that. The system's resolver does not tell how long an answer holds. */
  ttlMs?: number;
  now?: () => number;
  resolve?: (host: string, callback: (error: Error | null, addresses: Address[]) => void) => void;
}

interface Entry {
  addresses: Address[];
  resolvedAt: number;
  asking: boolean;
  waiting: ((error: Error | null) => void)[];
}

/** Names that are remembered: instances come and go, and each may have a name of its own. */
const MOST_NAMES = 1024;

/**
 * Addresses of host names, resolved again and again while they are used. Keep-alive connections would otherwise stay with an address
 * that the name has long left. A name that cannot be resolved any more keeps its last good addresses.
 */
export class AddressBook {
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #resolve: NonNullable<AddressBookOptions['resolve']>;
  readonly #entries = new Map<string, Entry>();

  constructor(options: AddressBookOptions = {}) {
    this.#ttlMs = options.ttlMs ?? 10_000;
    this.#now = options.now ?? (() => performance.now());
    this.#resolve =
      options.resolve ?? ((host, callback) => systemLookup(host, { all: true, order: 'verbatim' }, callback));
  }

  /** For `net.connect`. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    const entry = this.#entry(host);
    const answer = (error: Error | null): void => {
      const { family } = options;
      const wanted = family === 4 || family === 6 ? family : 0;
      const fitting = entry.addresses.filter((address) => wanted === 0 || address.family === wanted);
      const [first] = fitting;
      if (first === undefined) callback(error ?? new Error(`no address of ${host}`), '');
      else if (options.all === true) callback(null, fitting);
      else callback(null, first.address, first.family);
    };
    if (entry.addresses.length > 0) {
      this.#refresh(host, entry);
      // As the system's resolver, never within the call.
      queueMicrotask(() => answer(null));
      return;
    }
    entry.waiting.push(answer);
    this.#refresh(host, entry);
  };

  /** Whether a kept connection to this address still goes where the name points. Asks anew in the background when it is time. */
  isCurrent(host: string, address: string | undefined): boolean {
    if (address === undefined || isIP(host) !== 0) return true;
    const entry = this.#entry(host);
    this.#refresh(host, entry);
    const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
    return entry.addresses.length === 0 || entry.addresses.some((known) => known.address === plain);
  }

  #entry(host: string): Entry {
    let entry = this.#entries.get(host);
    if (entry === undefined) {
      const oldest = this.#entries.size >= MOST_NAMES ? this.#entries.keys().next().value : undefined;
      // Who waits for it still gets an answer.
      if (oldest !== undefined) this.#entries.delete(oldest);
      entry = { addresses: [], resolvedAt: Number.NEGATIVE_INFINITY, asking: false, waiting: [] };
      this.#entries.set(host, entry);
    }
    return entry;
  }

  #refresh(host: string, entry: Entry): void {
    if (entry.asking) return;
    if (entry.addresses.length > 0 && this.#now() - entry.resolvedAt < this.#ttlMs) return;
    entry.asking = true;
    this.#resolve(host, (error, addresses) => {
      entry.asking = false;
      // Also after a failure: the next attempt is one period away, not one request.
      entry.resolvedAt = this.#now();
      if (error === null && addresses.length > 0) entry.addresses = addresses;
      for (const answer of entry.waiting.splice(0)) answer(error);
    });
  }
}
