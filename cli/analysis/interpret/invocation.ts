import type { Access } from '../model.ts';
import type { Node } from '../syntax/ast.ts';
import { Env } from './env.ts';
import type { ModuleState } from './modules.ts';
import type { Func, Value } from './values.ts';

export interface Place {
  module: ModuleState;
  node: Node;
}

export interface TransactionScope {
  place: Place;
  kind: 'interactive' | 'batch';
}

export interface AccessRecord {
  model: string;
  operation: string;
  access: Access;
  place: Place;
  certain: boolean;
  inLoop: boolean;
  transaction: TransactionScope | undefined;
}

export interface RawRecord {
  sql: string;
  place: Place;
  transaction: TransactionScope | undefined;
}

export interface CallRecord {
  callee: Invocation;
  /** An authentication is what finds out who asks; it is told apart from what a route does. */
  kind: 'call' | 'callback' | 'event' | 'authentication';
  place: Place;
  inLoop: boolean;
  transaction: TransactionScope | undefined;
}

/**
 * One function (or one module's top level) evaluated for one combination of scope, `this` and arguments, with everything
 * it was seen to do. What a route touches is the sum over the invocations its handler reaches.
 */
export class Invocation {
  readonly func: Func | undefined;
  readonly module: ModuleState;
  readonly env: Env;
  readonly id: number;
  args: Value[] = [];
  self: Value | undefined;
  state: 'new' | 'running' | 'done' | 'stale' = 'new';
  result: Value | undefined;
  /** How often it was evaluated. */
  repeats = 0;
  /** Whether it runs while the application starts, as opposed to when a request or an event comes in. */
  boot = false;
  transaction: TransactionScope | undefined;
  calls = new Map<string, CallRecord>();
  accesses = new Map<string, AccessRecord>();
  raw: RawRecord[] = [];
  readonly callers = new Set<Invocation>();
  static #next = 1;

  constructor(func: Func | undefined, module: ModuleState, parent: Env | undefined) {
    this.func = func;
    this.module = module;
    this.id = Invocation.#next++;
    this.env = new Env(parent, this);
  }

  /** Forgets what was seen, before it is evaluated again. */
  reset(): void {
    this.calls.clear();
    this.accesses.clear();
    this.raw = [];
  }
}
