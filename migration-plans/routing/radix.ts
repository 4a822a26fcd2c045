import {
  AMBIGUOUS,
  canonicalPath,
  decodedSegment,
  NEEDS_CANONICAL_FORM,
  pathStart,
  splitPath,
} from './path.ts';
import type { Template } from './template.ts';

/**
 * Segment tree over path templates. Precedence, segment by segment from the left: static text, then parameter, then tail; a branch
 * that has nothing for the method is left again (backtracking), so a claim of another method hides nothing.
 *
 * Cost of a match: one pass over the path, then one visit per segment and branch. It depends on the path and on how many
 * templates run in parallel along it (`/a/:x` beside `/:y/b`), not on the number of templates.
 */
export class PathTree<T extends object> {
  readonly #root = new TreeNode<T>();
  #starts = new Int32Array(4);

  /**
   * Claims `template` for `methods` (`*`: every method that nothing else at this template claims; `GET` also answers for `HEAD`).
   * The first claim wins where two are the same. Claims of one `owner` share its exceptions.
   */
  claim(template: Template, methods: readonly string[], value: T, owner: string): void {
    const terminal = this.#terminal(template);
    for (const method of methods) terminal.add({ method, value, owner });
  }

  /** Takes these requests out of all claims of `owner`. The template must be at least as narrow as the claims it is meant for. */
  except(template: Template, methods: readonly string[], owner: string): void {
    this.#terminal(template).exceptions.push({ methods, owner });
  }

  /** The claim for a request target; undefined if there is none or its path is ambiguous. Never throws. */
  match(method: string, url: string): T | undefined {
    const start = url.charCodeAt(0) === 0x2f ? 0 : pathStart(url);
    if (start === -1) return undefined;
    const count = splitPath(url, start, this.#starts, false);
    if (count >= 0) return this.#search(method, url, count, false);
    return count === NEEDS_CANONICAL_FORM ? this.#matchEncoded(method, url, start) : undefined;
  }

  #matchEncoded(method: string, url: string, start: number): T | undefined {
    const path = canonicalPath(url, start);
    if (path === undefined) return undefined;
    const count = splitPath(path, 0, this.#starts, true);
    return count === AMBIGUOUS ? undefined : this.#search(method, path, count, true);
  }

  #search(method: string, path: string, count: number, encoded: boolean): T | undefined {
    const search = new Search<T>(method, path, this.#starts, count, encoded);
    const found = search.walk(this.#root, 0);
    return search.ambiguous ? undefined : found;
  }

  #terminal(template: Template): Terminal<T> {
    if (template.segments.length + 2 > this.#starts.length)
      this.#starts = new Int32Array(template.segments.length + 2);
    let node = this.#root;
    for (const segment of template.segments) {
      if (segment === null) {
        node.parameter ??= new TreeNode<T>();
        node = node.parameter;
      } else node = node.addChild(segment);
    }
    if (template.tail) {
      node.tail ??= new Terminal<T>();
      return node.tail;
    }
    node.end ??= new Terminal<T>();
    return node.end;
  }
}

interface Claim<T> {
  readonly method: string;
  readonly value: T;
  readonly owner: string;
}

class Terminal<T> {
  /** In the order in which they are tried: HEAD itself before the GET that answers for it, `*` last. */
  readonly claims: Claim<T>[] = [];
  readonly exceptions: { methods: readonly string[]; owner: string }[] = [];

  add(claim: Claim<T>): void {
    if (this.claims.some(({ method, owner }) => method === claim.method && owner === claim.owner)) return;
    this.claims.push(claim);
    this.claims.sort((a, b) => methodRank(a.method) - methodRank(b.method));
  }
}

function methodRank(method: string): number {
  if (method === 'HEAD') return 0;
  return method === '*' ? 2 : 1;
}

class TreeNode<T> {
  /** Up to a few children are compared in place, which needs no slice of the path and no hash. */
  readonly few: { readonly text: string; readonly node: TreeNode<T> }[] = [];
  many: Map<string, TreeNode<T>> | undefined;
  parameter: TreeNode<T> | undefined;
  tail: Terminal<T> | undefined;
  end: Terminal<T> | undefined;

  addChild(text: string): TreeNode<T> {
    const known = this.child(text);
    if (known !== undefined) return known;
    const node = new TreeNode<T>();
    this.few.push({ text, node });
    if (this.few.length > COMPARED_IN_PLACE) {
      this.many ??= new Map(this.few.map((child) => [child.text, child.node]));
      this.many.set(text, node);
    }
    return node;
  }

  child(text: string): TreeNode<T> | undefined {
    return this.many === undefined
      ? this.few.find((child) => child.text === text)?.node
      : this.many.get(text);
  }

  childAt(path: string, from: number, to: number): TreeNode<T> | undefined {
    if (this.many !== undefined) return this.many.get(path.slice(from, to));
    for (const { text, node } of this.few)
      if (text.length === to - from && path.startsWith(text, from)) return node;
    return undefined;
  }
}

const COMPARED_IN_PLACE = 4;

class Search<T> {
  ambiguous = false;
  readonly #method: string;
  readonly #path: string;
  readonly #starts: Int32Array;
  readonly #count: number;
  readonly #encoded: boolean;
  #excepted: string[] | undefined;

  constructor(method: string, path: string, starts: Int32Array, count: number, encoded: boolean) {
    this.#method = method;
    this.#path = path;
    this.#starts = starts;
    this.#count = count;
    this.#encoded = encoded;
  }

  walk(node: TreeNode<T>, position: number): T | undefined {
    if (position === this.#count) return node.end === undefined ? undefined : this.#pick(node.end);
    // Below the deepest template only tails are left, and the segment's bounds may not have been recorded.
    if (node.few.length !== 0 || node.parameter !== undefined) {
      const from = this.#starts[position]!;
      const to = this.#starts[position + 1]! - 1;
      const child = node.childAt(this.#path, from, to);
      if (child !== undefined) {
        const found = this.walk(child, position + 1);
        if (found !== undefined || this.ambiguous) return found;
      } else if (this.#encoded && this.#decodesToChild(node, from, to)) {
        this.ambiguous = true;
        return undefined;
      }
      if (node.parameter !== undefined && to > from) {
        const found = this.walk(node.parameter, position + 1);
        if (found !== undefined || this.ambiguous) return found;
      }
    }
    return node.tail === undefined ? undefined : this.#pick(node.tail);
  }

  /** `/users/%40me` beside a template `/users/@me`: servers disagree whether they are the same. */
  #decodesToChild(node: TreeNode<T>, from: number, to: number): boolean {
    const segment = this.#path.slice(from, to);
    if (!segment.includes('%')) return false;
    const decoded = decodedSegment(segment);
    return decoded !== segment && node.child(decoded) !== undefined;
  }

  #pick(terminal: Terminal<T>): T | undefined {
    const method = this.#method;
    for (const { methods, owner } of terminal.exceptions) {
      if (methodsInclude(methods, method)) {
        this.#excepted ??= [];
        this.#excepted.push(owner);
      }
    }
    for (const claim of terminal.claims) {
      if (
        (claim.method === method || claim.method === '*' || (method === 'HEAD' && claim.method === 'GET')) &&
        !this.#excepted?.includes(claim.owner)
      )
        return claim.value;
    }
    return undefined;
  }
}

/** Whether a list of methods as plans write it takes a request's method. */
export function methodsInclude(methods: readonly string[], method: string): boolean {
  return methods.includes(method) || methods.includes('*') || (method === 'HEAD' && methods.includes('GET'));
}
