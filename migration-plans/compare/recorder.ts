import type { Comparison, Difference, DifferenceKind, FieldTrait, FieldValue } from './answer.ts';
import { joinFormats, templateOf } from './format.ts';
import type { GeneratedValues } from './generated.ts';
import { clockTrait, sizeTrait } from './traits.ts';

export interface RecorderLimits {
  /** Differences listed in a comparison. */
  differences: number;
  /** Differences listed that are the same in path, kind and shape. */
  alike: number;
  /** Characters of a value shown in a difference. */
  text: number;
}

export const DEFAULT_LIMITS: RecorderLimits = { differences: 200, alike: 3, text: 200 };

/** Traits and values kept of one comparison. */
const MAX_TRAITS = 200;
const MAX_NOTICES = 20;

/** A value that differs, kept until the end of the comparison so that it can be related to the others of its answer. */
export interface DifferingText {
  path: string;
  left: string;
  right: string;
}

/** Clocks of the two answers in milliseconds since the epoch; what a time is measured against. */
export interface Clocks {
  left: number | undefined;
  right: number | undefined;
}

/** Where a difference is; texts are only built when there is one. */
export interface Where {
  /** Index-free. */
  path(): string;
  /** Exact. */
  at(): string;
}

/** Collects what a comparison finds, within limits that never turn a difference into none. */
export class Recorder {
  readonly clocks: Clocks;
  readonly texts: DifferingText[] = [];
  private readonly limits: RecorderLimits;
  private readonly differences: Difference[] = [];
  private readonly alike = new Map<string, number>();
  private readonly hiddenBy: Record<string, number> = {};
  private readonly noticed = new Set<string>();
  private readonly traits = new Map<string, FieldTrait>();
  private readonly values = new Map<string, FieldValue>();
  /** Undefined: nothing is taken for made up; see `GeneratedValues`. */
  private readonly generated: GeneratedValues | undefined;
  private omitted = 0;

  constructor(limits: RecorderLimits, clocks: Clocks, generated?: GeneratedValues) {
    this.limits = limits;
    this.clocks = clocks;
    this.generated = generated;
  }

  add(
    kind: DifferenceKind,
    where: Where,
    shape: string,
    left: string | undefined,
    right: string | undefined,
  ): void {
    const path = where.path();
    const key = `${kind}\n${path}\n${shape}`;
    const count = (this.alike.get(key) ?? 0) + 1;
    // A new cluster may not be lost behind many differences of another one; only their number of kinds is bounded.
    if (count > this.limits.alike || (count === 1 && this.alike.size >= this.limits.differences)) {
      this.omitted++;
      return;
    }
    this.alike.set(key, count);
    this.differences.push({
      kind,
      path,
      at: where.at(),
      shape,
      left: this.shorten(left),
      right: this.shorten(right),
    });
  }

  /** Two texts that differ: `format` or `value`, with what relates them to the clock. */
  text(where: Where, left: string, right: string, kind: 'value' | 'header-value' = 'value'): void {
    const formats = joinFormats(left, right);
    const clock = clockTrait(left, right, this.clocks);
    if (formats.shared && this.explained(where, left, right, clock)) return;
    if (formats.shared) {
      const same = formats.left === 'text' && templateOf(left) === templateOf(right);
      this.add(kind, where, same ? 'text≈text' : `${formats.left}→${formats.right}`, left, right);
    } else {
      this.add('format', where, `${formats.left}→${formats.right}`, left, right);
    }
    this.relate(where.path(), left, right, clock);
  }

  number(where: Where, left: number, right: number, leftText: string, rightText: string): void {
    const clock = clockTrait(left, right, this.clocks);
    if (this.explained(where, leftText, rightText, clock)) return;
    const shape = `${Number.isInteger(left) ? 'integer' : 'decimal'}→${Number.isInteger(right) ? 'integer' : 'decimal'}`;
    this.add('value', where, shape, leftText, rightText);
    const path = where.path();
    this.trait(path, clock ?? sizeTrait(left, right));
    this.value(path, rightText);
  }

  /** Each side made this value up by itself, as it may; one that never changes is a difference of its own. */
  private explained(where: Where, left: string, right: string, clock: string | undefined): boolean {
    const how = this.generated?.explain(where.path(), left, right, clock === 'clock in step');
    if (how === 'constant') this.add('relation', where, 'constant', left, right);
    return how !== undefined;
  }

  /** Keeps what a differing value has to do with the clock and with earlier values, whether or not it is a difference. */
  relate(path: string, left: string, right: string, clock = clockTrait(left, right, this.clocks)): void {
    this.trait(path, clock);
    this.value(path, right);
    if (this.texts.length < MAX_TRAITS) this.texts.push({ path, left, right });
  }

  trait(path: string, shape: string | undefined): void {
    if (shape === undefined || this.traits.size >= MAX_TRAITS) return;
    this.traits.set(`${path}\n${shape}`, { path, shape });
  }

  hide(rule: string): void {
    this.hiddenBy[rule] = (this.hiddenBy[rule] ?? 0) + 1;
  }

  notice(text: string): void {
    if (this.noticed.size < MAX_NOTICES) this.noticed.add(text);
  }

  result(): Comparison {
    return {
      equal: this.differences.length === 0 && this.omitted === 0,
      differences: this.differences,
      omitted: this.omitted,
      hidden: this.hiddenBy,
      notices: [...this.noticed],
      traits: [...this.traits.values()],
      values: [...this.values.values()],
    };
  }

  private value(path: string, right: string): void {
    if (this.values.size >= MAX_TRAITS || this.values.has(path)) return;
    this.values.set(path, { path, digest: digestOf(right) });
  }

  private shorten(text: string | undefined): string | undefined {
    if (text === undefined || text.length <= this.limits.text) return text;
    return `${text.slice(0, this.limits.text)}…`;
  }
}

/** A place whose index-free and exact texts are known. */
export function at(path: string, exact: string = path): Where {
  return { path: () => path, at: () => exact };
}

/** FNV-1a over the whole text: digests are all that is left of a value, so no part of it may be skipped. */
function digestOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
