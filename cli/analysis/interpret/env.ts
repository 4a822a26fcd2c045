import type { Node } from '../syntax/ast.ts';
import { type Cell, cell, type Value } from './values.ts';

/**
 * A scope at run time. Scopes and the objects allocated in them are kept per site and found again when code is evaluated
 * a second time, which keeps identity stable while the analysis approaches its fixpoint.
 */
export class Env {
  readonly parent: Env | undefined;
  readonly id: number;
  /** The invocation that runs in this scope; scopes of blocks share it with their function's. */
  readonly owner: object;
  readonly #cells = new Map<string, Cell>();
  #children: Map<Node, Env[]> | undefined;
  #sites: Map<Node, Map<string, Value>> | undefined;
  static #next = 1;

  constructor(parent: Env | undefined, owner: object) {
    this.parent = parent;
    this.owner = owner;
    this.id = Env.#next++;
  }

  /** The scope of a block, or of one round of a loop. */
  child(node: Node, round = 0): Env {
    this.#children ??= new Map();
    let rounds = this.#children.get(node);
    if (rounds === undefined) {
      rounds = [];
      this.#children.set(node, rounds);
    }
    let env = rounds[round];
    if (env === undefined) {
      env = new Env(this, this.owner);
      rounds[round] = env;
    }
    return env;
  }

  /** What was allocated at `node` before, or else what `make` gives now. */
  site<T extends Value>(node: Node, make: () => T, tag = ''): T {
    this.#sites ??= new Map();
    let tags = this.#sites.get(node);
    if (tags === undefined) {
      tags = new Map();
      this.#sites.set(node, tags);
    }
    const known = tags.get(tag);
    if (known !== undefined) return known as T;
    const made = make();
    tags.set(tag, made);
    return made;
  }

  declare(name: string): Cell {
    let found = this.#cells.get(name);
    if (found === undefined) {
      found = cell();
      this.#cells.set(name, found);
    }
    return found;
  }

  own(name: string): Cell | undefined {
    return this.#cells.get(name);
  }

  names(): IterableIterator<string> {
    return this.#cells.keys();
  }

  lookup(name: string): { cell: Cell; env: Env } | undefined {
    for (let env: Env | undefined = this; env !== undefined; env = env.parent) {
      const found = env.#cells.get(name);
      if (found !== undefined) return { cell: found, env };
    }
    return undefined;
  }
}
