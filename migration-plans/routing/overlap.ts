import { methodsInclude } from './radix.ts';
import { covers, intersect, parseTemplate, shapeOf, type Template } from './template.ts';

/** A claim or exception as it is checked for overlaps. */
export interface OverlapClaim {
  capability: string;
  methods: readonly string[];
  template: Template;
}

export interface Overlap<C extends OverlapClaim> {
  first: C;
  second: C;
  /** The requests that both claim, as a template to show: parameters without names. */
  template: string;
  /** Both claim exactly the same requests (of the methods that they share). */
  same: boolean;
}

/**
 * Finds every pair of claims that some request belongs to, up to a limit. Claims are put into a segment tree, and each is then looked up
 * along the branches that it can share, so that thousands of claims without overlaps cost about as much as reading them.
 */
export function findOverlaps<C extends OverlapClaim>(
  claims: readonly C[],
  relevant: (first: C, second: C) => boolean,
  limit: number,
): Overlap<C>[] {
  const root = new OverlapNode<C>();
  const found: Overlap<C>[] = [];
  for (const claim of claims) {
    for (const other of root.sharing(claim.template, 0)) {
      if (!relevant(other, claim) || !methodsOverlap(other.methods, claim.methods)) continue;
      const common = intersect(other.template, claim.template);
      if (common === undefined) continue;
      found.push({
        first: other,
        second: claim,
        template: shapeOf(common),
        same: shapeOf(other.template) === shapeOf(claim.template),
      });
      if (found.length >= limit) return found;
    }
    root.add(claim, 0);
  }
  return found;
}

/** Whether an exception takes all of a claim's requests under these methods out. */
export function excepts(exception: OverlapClaim, methods: readonly string[], template: Template): boolean {
  return (
    covers(exception.template, template) &&
    methods.every((method) => methodsInclude(exception.methods, method))
  );
}

export function methodsOverlap(a: readonly string[], b: readonly string[]): boolean {
  return a.some((method) => methodsInclude(b, method)) || b.some((method) => methodsInclude(a, method));
}

/** The methods that two claims share. */
export function commonMethods(a: readonly string[], b: readonly string[]): string[] {
  if (a.includes('*')) return [...b];
  if (b.includes('*')) return [...a];
  return [
    ...new Set([
      ...a.filter((each) => methodsInclude(b, each)),
      ...b.filter((each) => methodsInclude(a, each)),
    ]),
  ];
}

/** A template whose text is known to be valid. */
export function templateOf(text: string): Template | undefined {
  const parsed = parseTemplate(text);
  return 'template' in parsed ? parsed.template : undefined;
}

class OverlapNode<C extends OverlapClaim> {
  readonly #children = new Map<string | null, OverlapNode<C>>();
  readonly #ends: C[] = [];
  readonly #tails: C[] = [];

  add(claim: C, position: number): void {
    const { segments, tail } = claim.template;
    if (position === segments.length) {
      (tail ? this.#tails : this.#ends).push(claim);
      return;
    }
    const segment = segments[position]!;
    let child = this.#children.get(segment);
    if (child === undefined) {
      child = new OverlapNode<C>();
      this.#children.set(segment, child);
    }
    child.add(claim, position + 1);
  }

  /** Candidates: what `template` can share a request with, and perhaps a few more. */
  *sharing(template: Template, position: number): Generator<C> {
    if (position === template.segments.length) {
      if (template.tail) yield* this.#all();
      else yield* this.#ends;
      return;
    }
    yield* this.#tails;
    const segment = template.segments[position]!;
    for (const child of this.#compatible(segment)) yield* child.sharing(template, position + 1);
  }

  #compatible(segment: string | null): Iterable<OverlapNode<C>> {
    if (segment === null) return this.#children.values();
    return [this.#children.get(segment), this.#children.get(null)].filter((child) => child !== undefined);
  }

  *#all(): Generator<C> {
    yield* this.#ends;
    yield* this.#tails;
    for (const child of this.#children.values()) yield* child.#all();
  }
}
