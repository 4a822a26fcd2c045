import {
  beginInterval,
  eject,
  mayEject,
  newOutlierRecord,
  OUTLIER_DEFAULTS,
  type OutlierRecord,
  type OutlierSettings,
  observe,
  readmit,
  successRateOutliers,
} from './outlier.ts';
import type { EjectionReason, Endpoint, EndpointPool, Outcome, PoolStats } from './port.ts';

export interface PoolSettings {
  outlier: OutlierSettings;
  /**
   * Below this share of usable endpoints (healthy and not ejected) all are used: then health is more likely wrong, or the few left
   * would be overrun. Envoy's 50 % would send most requests of a fleet of three to its two dead instances; at 25 % the last one of
   * four still keeps its dead neighbours out.
   */
  panicPercent: number;
  /** How long an endpoint that joins takes to get its full share, in milliseconds. 0: it gets it at once. */
  slowStartMs: number;
}

export const POOL_DEFAULTS: PoolSettings = { outlier: OUTLIER_DEFAULTS, panicPercent: 25, slowStartMs: 0 };

/** The least share of its turns that an endpoint in slow start takes. */
const SLOW_START_FLOOR = 0.1;

interface Slot extends OutlierRecord {
  endpoint: Endpoint;
  outstanding: number;
  weight: number;
  /** In slow start. */
  warming: boolean;
  /** Since when; not a number until the first look at the clock after it joined. */
  warmFrom: number;
  /** Still in the list. */
  member: boolean;
}

/**
 * Power of two choices: of two endpoints drawn at random, the one with fewer requests outstanding. Nearly as even as asking all of
 * them, without herding, in constant time and without allocation (Mitzenmacher 2001).
 */
export function createEndpointPool(
  settings: Partial<PoolSettings> = {},
  random: () => number = Math.random,
): EndpointPool {
  return new Pool({ ...POOL_DEFAULTS, ...settings }, random);
}

class Pool implements EndpointPool {
  readonly #settings: PoolSettings;
  readonly #random: () => number;
  #members: readonly Slot[] = [];
  /** What requests are balanced over: the usable ones, or all in panic. Made anew when eligibility changes, not per request. */
  #eligible: readonly Slot[] = [];
  /** Running sums of the weights of `#eligible`; empty when all weigh the same. */
  #cumulative: readonly number[] = [];
  #panic = false;
  #ejected = 0;
  #outstanding = 0;
  #nextEvent = Number.NEGATIVE_INFINITY;
  #intervalEnd = Number.NaN;
  #joining = false;
  /** In-flight requests hold the endpoint object of an older list: each of them leads to its slot. */
  readonly #slots = new WeakMap<Endpoint, Slot>();
  readonly #ejections: Record<EjectionReason, number> = {
    'consecutive-server-errors': 0,
    'consecutive-gateway-errors': 0,
    'consecutive-connect-errors': 0,
    'success-rate': 0,
  };

  constructor(settings: PoolSettings, random: () => number) {
    this.#settings = settings;
    this.#random = random;
  }

  pick(now: number, avoid?: Endpoint): Endpoint | undefined {
    if (now >= this.#nextEvent) this.#onTime(now);
    const count = this.#eligible.length;
    if (count === 0) return undefined;
    if (count === 1) return this.#eligible[0]!.endpoint;
    const first = this.#draw(now);
    let second = this.#draw(now);
    if (second === first) second = (first + 1) % count;
    const one = this.#eligible[first]!;
    const other = this.#eligible[second]!;
    if (avoid !== undefined) {
      const avoided = this.#slots.get(avoid);
      if (avoided === one) return other.endpoint;
      if (avoided === other) return one.endpoint;
    }
    // cross-multiplied load per weight, so that nothing is divided
    const lighter = (other.outstanding + 1) * one.weight < (one.outstanding + 1) * other.weight;
    return (lighter ? other : one).endpoint;
  }

  started(endpoint: Endpoint): void {
    const slot = this.#slots.get(endpoint);
    if (!slot) return;
    slot.outstanding += 1;
    this.#outstanding += 1;
  }

  finished(endpoint: Endpoint, outcome: Outcome, _latencyMs: number, now: number): void {
    const slot = this.#slots.get(endpoint);
    if (!slot) return;
    if (slot.outstanding > 0) {
      slot.outstanding -= 1;
      this.#outstanding -= 1;
    }
    // an endpoint that is out has been judged: what was still under way when it went adds nothing
    if (!slot.member || slot.ejectedUntil !== 0) return;
    const reason = observe(slot, outcome, this.#settings.outlier);
    if (reason) this.#eject(slot, reason, now);
  }

  update(endpoints: readonly Endpoint[]): void {
    const known = new Map(this.#members.map((slot) => [keyOf(slot.endpoint), slot]));
    const first = this.#members.length === 0;
    const members = new Map<string, Slot>();
    for (const endpoint of endpoints) {
      const key = keyOf(endpoint);
      const slot =
        known.get(key) ?? members.get(key) ?? this.#returning(endpoint, key) ?? this.#join(endpoint, first);
      slot.endpoint = endpoint;
      slot.weight = endpoint.weight ?? 1;
      this.#slots.set(endpoint, slot);
      members.set(key, slot);
    }
    for (const [key, slot] of known) if (!members.has(key)) slot.member = false;
    this.#members = [...members.values()];
    this.#ejected = this.#members.filter((slot) => slot.ejectedUntil !== 0).length;
    this.#refresh();
  }

  stats(now: number): PoolStats {
    if (now >= this.#nextEvent) this.#onTime(now);
    return {
      endpoints: this.#members.map((slot) => ({
        id: slot.endpoint.id,
        outstanding: slot.outstanding,
        ejected: slot.ejectedUntil !== 0,
        healthy: slot.endpoint.healthy,
      })),
      outstanding: this.#outstanding,
      ejected: this.#ejected,
      ejections: { ...this.#ejections },
      panic: this.#panic,
    };
  }

  /** The very object that was in an earlier list: requests on it may still be under way, so its counts go on. */
  #returning(endpoint: Endpoint, key: string): Slot | undefined {
    const slot = this.#slots.get(endpoint);
    if (!slot || keyOf(slot.endpoint) !== key) return undefined;
    slot.member = true;
    return slot;
  }

  /** An endpoint that joins others warms up; the first list has nobody to take over from. */
  #join(endpoint: Endpoint, first: boolean): Slot {
    const warming = this.#settings.slowStartMs > 0 && !first;
    if (warming) this.#joining = true;
    return {
      ...newOutlierRecord(),
      endpoint,
      outstanding: 0,
      weight: 1,
      warming,
      warmFrom: Number.NaN,
      member: true,
    };
  }

  /** Index of an eligible endpoint, drawn in proportion to the weights. */
  #draw(now: number): number {
    const index = this.#drawByWeight();
    const slot = this.#eligible[index]!;
    if (!slot.warming) return index;
    const warmth = (now - slot.warmFrom) / this.#settings.slowStartMs;
    if (warmth >= 1) {
      slot.warming = false;
      return index;
    }
    // its turn goes to whoever is drawn instead
    return this.#random() < Math.max(SLOW_START_FLOOR, warmth) ? index : this.#drawByWeight();
  }

  #drawByWeight(): number {
    const sums = this.#cumulative;
    const count = this.#eligible.length;
    if (sums.length === 0) return Math.min(count - 1, Math.floor(this.#random() * count));
    const mark = this.#random() * sums[count - 1]!;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! > mark) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #eject(slot: Slot, reason: EjectionReason, now: number): void {
    if (!mayEject(reason, this.#ejected, this.#members.length, this.#settings.outlier)) return;
    eject(slot, now, this.#settings.outlier);
    this.#ejected += 1;
    this.#ejections[reason] += 1;
    this.#nextEvent = Math.min(this.#nextEvent, slot.ejectedUntil);
    this.#refresh();
  }

  /** Ends of ejections and of the interval. Called when one of them has come, so its cost doesn't grow with the requests. */
  #onTime(now: number): void {
    if (this.#joining) this.#startWarming(now);
    for (const slot of this.#members) {
      if (slot.ejectedUntil !== 0 && slot.ejectedUntil <= now) {
        readmit(slot);
        this.#ejected -= 1;
      }
    }
    if (Number.isNaN(this.#intervalEnd)) this.#intervalEnd = now + this.#settings.outlier.intervalMs;
    if (now >= this.#intervalEnd) {
      for (const slot of successRateOutliers(this.#members, this.#settings.outlier)) {
        this.#eject(slot, 'success-rate', now);
      }
      for (const slot of this.#members) beginInterval(slot);
      this.#intervalEnd = now + this.#settings.outlier.intervalMs;
    }
    this.#nextEvent = this.#members.reduce(
      (soonest, slot) => (slot.ejectedUntil === 0 ? soonest : Math.min(soonest, slot.ejectedUntil)),
      this.#intervalEnd,
    );
    this.#refresh();
  }

  #startWarming(now: number): void {
    this.#joining = false;
    for (const slot of this.#members) if (slot.warming && Number.isNaN(slot.warmFrom)) slot.warmFrom = now;
  }

  #refresh(): void {
    const usable = this.#members.filter((slot) => slot.endpoint.healthy && slot.ejectedUntil === 0);
    this.#panic =
      usable.length < this.#members.length &&
      usable.length * 100 < this.#members.length * this.#settings.panicPercent;
    this.#eligible = this.#panic ? this.#members : usable;
    const weight = this.#eligible[0]?.weight;
    this.#cumulative = this.#eligible.every((slot) => slot.weight === weight)
      ? []
      : runningSums(this.#eligible);
    if (this.#joining) this.#nextEvent = Number.NEGATIVE_INFINITY;
  }
}

function runningSums(slots: readonly Slot[]): number[] {
  let sum = 0;
  return slots.map((slot) => {
    sum += slot.weight;
    return sum;
  });
}

/** An instance that registers again at another address is another endpoint: nothing is known of it. */
function keyOf(endpoint: Endpoint): string {
  return `${endpoint.id} ${endpoint.host} ${endpoint.port} ${endpoint.secure}`;
}
