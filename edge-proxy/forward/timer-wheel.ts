/** Not in the wheel. */
const OUT = -1;
/** Taken out of its slot by the tick that is running. */
const IN_HAND = -2;

/** Something that may run out of time. Links and slot belong to the wheel. */
export abstract class Timed {
  /** Milliseconds of the wheel's clock at which `expired` is due. Read it; set it only through the wheel. */
  deadline = 0;
  wheelNext: Timed | undefined = undefined;
  wheelPrevious: Timed | undefined = undefined;
  wheelSlot = OUT;
  /** The deadline has passed. The entry is no longer in the wheel. */
  abstract expired(now: number): void;
}

export interface WheelClock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Calls back every `ms` until the returned function is called; must not keep the process alive. */
  every(ms: number, tick: () => void): () => void;
}

export const SYSTEM_WHEEL_CLOCK: WheelClock = {
  now: () => performance.now(),
  every(ms, tick) {
    const timer = setInterval(tick, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/**
 * One interval for all time limits of all exchanges (hashed timing wheel, Varghese and Lauck 1987). Moving a deadline later, which is
 * what every piece of a body does, is one assignment: the entry is looked at when its old slot comes round and linked anew only then.
 * A deadline is noticed at most one tick late and never early.
 */
export class TimerWheel {
  readonly #clock: WheelClock;
  readonly #tickMs: number;
  readonly #slots: (Timed | undefined)[];
  #cursor: number;
  #size = 0;
  #stop: (() => void) | undefined;
  /** The clock at the last tick: good to a tick, and free. */
  coarseNow: number;

  constructor(clock: WheelClock = SYSTEM_WHEEL_CLOCK, tickMs = 50, slots = 512) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#slots = new Array<Timed | undefined>(slots).fill(undefined);
    this.coarseNow = clock.now();
    this.#cursor = Math.floor(this.coarseNow / tickMs);
  }

  get size(): number {
    return this.#size;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Sets or moves the deadline of an entry. */
  schedule(entry: Timed, deadline: number): void {
    const earlier = deadline < entry.deadline;
    entry.deadline = deadline;
    if (entry.wheelSlot === OUT) {
      if (this.#stop === undefined) this.#start();
      this.#size += 1;
      this.#link(entry);
    } else if (earlier && entry.wheelSlot !== IN_HAND) {
      this.#unlink(entry);
      this.#link(entry);
    }
  }

  cancel(entry: Timed): void {
    if (entry.wheelSlot === OUT) return;
    if (entry.wheelSlot === IN_HAND) entry.wheelSlot = OUT;
    else this.#unlink(entry);
    this.#size -= 1;
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #start(): void {
    this.coarseNow = this.#clock.now();
    this.#cursor = Math.floor(this.coarseNow / this.#tickMs);
    this.#stop = this.#clock.every(this.#tickMs, () => this.#tick());
  }

  #tick(): void {
    const now = this.#clock.now();
    this.coarseNow = now;
    const until = Math.floor(now / this.#tickMs);
    // After a long pause of the process every slot is due once, not once for every tick that was missed.
    const first = Math.max(this.#cursor, until - this.#slots.length + 1);
    for (let tick = first; tick <= until; tick += 1) {
      // Entries that are linked anew while a slot is swept go behind it, never into a slot that this round has passed.
      this.#cursor = tick;
      this.#sweep(tick % this.#slots.length, now);
    }
    if (this.#size === 0) this.close();
  }

  #sweep(slot: number, now: number): void {
    const inHand: Timed[] = [];
    for (let entry = this.#slots[slot]; entry !== undefined; entry = entry.wheelNext) inHand.push(entry);
    this.#slots[slot] = undefined;
    for (const entry of inHand) {
      entry.wheelSlot = IN_HAND;
      entry.wheelNext = undefined;
      entry.wheelPrevious = undefined;
    }
    for (const entry of inHand) {
      // One that ran out may have cancelled others of this list.
      if (entry.wheelSlot !== IN_HAND) continue;
      if (entry.deadline > now) {
        this.#link(entry);
        continue;
      }
      entry.wheelSlot = OUT;
      this.#size -= 1;
      entry.expired(now);
    }
  }

  #link(entry: Timed): void {
    const { deadline } = entry;
    const last = this.#cursor + this.#slots.length - 1;
    const tick = Math.min(Math.max(Math.ceil(deadline / this.#tickMs), this.#cursor + 1), last);
    const slot = tick % this.#slots.length;
    const head = this.#slots[slot];
    entry.wheelSlot = slot;
    entry.wheelPrevious = undefined;
    entry.wheelNext = head;
    if (head !== undefined) head.wheelPrevious = entry;
    this.#slots[slot] = entry;
  }

  #unlink(entry: Timed): void {
    const { wheelNext: next, wheelPrevious: previous } = entry;
    if (previous === undefined) this.#slots[entry.wheelSlot] = next;
    else previous.wheelNext = next;
    if (next !== undefined) next.wheelPrevious = previous;
    entry.wheelSlot = OUT;
    entry.wheelNext = undefined;
    entry.wheelPrevious = undefined;
  }
}
