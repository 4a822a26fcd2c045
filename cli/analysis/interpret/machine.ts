import type { Unresolved } from '../model.ts';
import type { ModuleResolver } from '../project/resolve.ts';
import type { DataModel } from '../schema/read.ts';
import { type Callable, lineAt, type Node } from '../syntax/ast.ts';
import type { SourceFile } from '../syntax/parse.ts';
import { Env } from './env.ts';
import type { Frame } from './frame.ts';
import { functionInfo } from './functions.ts';
import type { Site } from './host.ts';
import { type CallRecord, Invocation, type TransactionScope } from './invocation.ts';
import { indexModule, type ModuleState } from './modules.ts';
import { bindParameters } from './patterns.ts';
import { runBody, runModule } from './statements.ts';
import type { ExternalType } from './types.ts';
import {
  type Cell,
  type ClassValue,
  carriesBehaviour,
  type Func,
  holdsFunction,
  join,
  joinAll,
  members,
  UNDEFINED,
  UNKNOWN,
  type Value,
} from './values.ts';

/** A function that something outside the project calls: a job, a listener, a worker. */
export interface ListenerRecord {
  func: Func;
  kind: string;
  label: string;
  site: { module: ModuleState; node: Node };
}

/** Contexts of one function, by how much of its arguments still tells them apart. */
const LITERAL_CONTEXTS = 24;
/** Times that a variable may grow before what it holds of plain data is given up. */
const MAX_GROWTH = 12;
const LEAF_CONTEXTS = 2000;
const DATA_CONTEXTS = 64;
const MAX_CONTEXTS = 4000;
/**
 * A caller with more contexts than this hands on closures of each of them. A callee that has many contexts already no
 * longer tells those apart: otherwise contexts multiply along every chain of callbacks.
 */
const CROWDED_CALLER = 16;
const CROWDED_CONTEXTS = 24;
/** So many contexts of a function, called from a crowded one, show all that it does: a further call is like one of them. */
const ENOUGH_CONTEXTS = 256;
/** The same two bounds after a fifth of a stage's budget: better everything roughly than the last routes not at all. */
const PRESSED_CALLER = 4;
const PRESSED_CONTEXTS = 16;
/** Evaluations of one function for the same arguments, as what it reads grows. */
const MAX_REPEATS = 24;
/** Times that entry points are looked for again, because evaluating them showed further ones. */
const MAX_ROUNDS = 16;
/** Nested calls evaluated at once; deeper ones are queued, which bounds the host's stack. */
const MAX_DEPTH = 96;

/**
 * The abstract machine: evaluates modules and functions, remembers each evaluation, and repeats those whose inputs grew
 * until nothing changes any more (or a bound is reached, which is reported).
 */
export class Machine {
  readonly resolver: ModuleResolver;
  readonly data: DataModel;
  readonly modules = new Map<string, ModuleState>();
  readonly globals: Env;
  readonly listeners = new Map<string, ListenerRecord>();
  readonly classes: ClassValue[] = [];
  readonly unresolved = new Map<string, Unresolved>();
  /** Names and hosts that frameworks keep on the machine, by framework. */
  readonly extras = new Map<string, unknown>();
  readonly externals = new Map<string, (request: string) => Value>();
  /** Models of whole families of packages, by how their names look. */
  readonly externalPatterns: { pattern: RegExp; make: (request: string) => Value }[] = [];
  /** What types from outside the project mean; frameworks add theirs. */
  readonly externalTypes: ExternalType[] = [];
  readonly #contexts = new Map<Callable, Map<string, Invocation>>();
  /** Functions that were only seen to compute, such as one that builds a path: cheap to tell apart by their text. */
  readonly #leaves = new Map<Callable, boolean>();
  readonly #dirty = new Set<Invocation>();
  readonly #queue: Invocation[] = [];
  trail: Map<Cell, Value | undefined> | undefined;
  phase: 'boot' | 'serve' = 'boot';
  #depth = 0;
  evaluations = 0;
  /** Where `evaluations` may get in this stage. */
  #budget = 0;
  readonly #share: number;
  /** Calls that this stage left out because its budget was used up. */
  #left = 0;

  /** @param share evaluations of one stage; what is left then is reported as not settled */
  constructor(resolver: ModuleResolver, data: DataModel, share: number) {
    this.#share = share;
    this.resolver = resolver;
    this.data = data;
    this.globals = new Env(undefined, this);
  }

  add(source: SourceFile): void {
    this.modules.set(source.path, indexModule(source));
  }

  line(module: ModuleState, node: Node): number {
    return lineAt(module.source.lines, node.start);
  }

  text(module: ModuleState, node: Node, limit = 60): string {
    const text = module.source.text.slice(node.start, node.end).replace(/\s+/g, ' ');
    return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  }

  /** Lists something that could not be settled; the same finding at the same place counts once. */
  unsettled(kind: string, site: { module: ModuleState; node: Node }, reason: string): void {
    const file = site.module.source.name;
    const line = this.line(site.module, site.node);
    const key = `${kind}\0${file}\0${line}\0${reason}`;
    if (!this.unresolved.has(key)) this.unresolved.set(key, { kind, file, line, reason });
  }

  /** Evaluates a module's top level, once. */
  evaluateModule(state: ModuleState): Invocation {
    if (state.invocation === undefined) {
      state.invocation = new Invocation(undefined, state, this.globals);
      state.invocation.boot = true;
    }
    const { invocation } = state;
    if (invocation.state === 'new' || invocation.state === 'stale') {
      invocation.state = 'running';
      invocation.reset();
      invocation.repeats += 1;
      const trail = this.trail;
      this.trail = undefined;
      this.#depth += 1;
      runModule(this, this.frame(invocation));
      this.#depth -= 1;
      this.trail = trail;
      invocation.state = 'done';
    }
    return invocation;
  }

  frame(invocation: Invocation): Frame {
    return {
      invocation,
      module: invocation.module,
      env: invocation.env,
      self: invocation.self,
      home: invocation.func?.home,
      returned: undefined,
      loops: 0,
      batch: undefined,
    };
  }

  /** Calls a function of the project and records that the current invocation does so. */
  invoke(
    func: Func,
    self: Value | undefined,
    args: readonly Value[],
    site: Site,
    kind: CallRecord['kind'] = 'call',
    transaction?: TransactionScope,
  ): Value {
    const invocation = this.prepare(func, self, args, site.frame.invocation);
    if (transaction !== undefined) invocation.transaction = transaction;
    const { frame, node } = site;
    const caller = frame.invocation;
    const key = `${invocation.id}:${node.start}:${kind}`;
    const known = caller.calls.get(key);
    const scope = frame.batch ?? caller.transaction;
    if (known === undefined) {
      caller.calls.set(key, {
        callee: invocation,
        kind,
        place: { module: frame.module, node },
        inLoop: frame.loops > 0,
        transaction: scope,
      });
    }
    invocation.callers.add(caller);
    return this.run(invocation);
  }

  /** The invocation for these inputs, evaluated or not. */
  prepare(func: Func, self: Value | undefined, args: readonly Value[], caller?: Invocation): Invocation {
    const info = functionInfo(func.node);
    let contexts = this.#contexts.get(func.node);
    if (contexts === undefined) {
      contexts = new Map();
      this.#contexts.set(func.node, contexts);
    }
    const pressed = this.evaluations > this.#budget - this.#share * 0.8;
    const crowded =
      caller?.func !== undefined &&
      (this.#contexts.get(caller.func.node)?.size ?? 0) > (pressed ? PRESSED_CALLER : CROWDED_CALLER);
    const receiver = func.self ?? (info.usesThis ? self : undefined);
    const count =
      info.hasRest || info.usesArguments
        ? Math.max(args.length, func.node.params.length)
        : func.node.params.length;
    const values: Value[] = [];
    for (let at = 0; at < count; at += 1) {
      const parameter = func.node.params[at];
      const given = args[at];
      if (given === undefined) {
        values.push(UNDEFINED);
        continue;
      }
      const used = parameter === undefined || info.used[at] !== false;
      if (used && crowded && contexts.size >= CROWDED_CONTEXTS) {
        values.push(settle(withoutClosures(given), contexts.size, this.#leaves.get(func.node) === true));
        continue;
      }
      values.push(used ? settle(given, contexts.size, this.#leaves.get(func.node) === true) : UNKNOWN);
    }
    const key = `${func.env.id}/${receiver?.id ?? ''}/${values.map((value) => value.id).join()}`;
    let invocation = contexts.get(key);
    if (
      invocation === undefined &&
      crowded &&
      contexts.size >= (pressed ? PRESSED_CONTEXTS : ENOUGH_CONTEXTS)
    )
      invocation = likeliest(contexts.values(), receiver);
    if (invocation === undefined) {
      invocation = new Invocation(func, func.module, func.env);
      invocation.self = receiver;
      invocation.args = values;
      invocation.boot = this.phase === 'boot';
      contexts.set(key, invocation);
    }
    return invocation;
  }

  /** Evaluates an invocation unless its result is known; a call that recurs into itself sees what is known so far. */
  run(invocation: Invocation): Value {
    if (invocation.state === 'done' || invocation.state === 'running') return invocation.result ?? UNKNOWN;
    if (this.evaluations >= this.#budget) {
      this.#left += 1;
      return invocation.result ?? UNKNOWN;
    }
    if (this.#depth >= MAX_DEPTH) {
      this.#queue.push(invocation);
      return invocation.result ?? UNKNOWN;
    }
    const { func } = invocation;
    if (func === undefined) {
      this.evaluateModule(invocation.module);
      return UNDEFINED;
    }
    invocation.state = 'running';
    invocation.reset();
    invocation.repeats += 1;
    this.evaluations += 1;
    const trail = this.trail;
    this.trail = undefined;
    this.#depth += 1;
    const frame = this.frame(invocation);
    bindParameters(this, frame, func.node, invocation.args);
    const result = runBody(this, frame, func.node);
    this.#depth -= 1;
    this.trail = trail;
    const before = invocation.result;
    invocation.result = before === undefined ? result : join(before, result);
    invocation.state = 'done';
    if (before !== undefined && invocation.result !== before) this.touched(invocation.callers);
    const leaf = invocation.calls.size === 0 && invocation.accesses.size === 0;
    if (!leaf || !this.#leaves.has(func.node)) this.#leaves.set(func.node, leaf);
    return invocation.result;
  }

  /** Whether a function was ever called with anything. */
  wasCalled(node: Callable): boolean {
    return (this.#contexts.get(node)?.size ?? 0) > 0;
  }

  invocations(): Invocation[] {
    const all: Invocation[] = [];
    for (const module of this.modules.values())
      if (module.invocation !== undefined) all.push(module.invocation);
    for (const contexts of this.#contexts.values()) all.push(...contexts.values());
    return all;
  }

  /** Sets a variable of the current evaluation, with the old value kept for the other branch. */
  assign(target: Cell, value: Value, node?: Node): void {
    const old = target.value;
    if (old === value) return;
    if (target.readers !== undefined && old !== undefined) {
      // Somebody else has seen the old value: from then on the variable may hold either, which also lets it come to rest.
      this.grow(target, value, node);
      return;
    }
    // A variable without any value yet was declared inside the branch: no other branch can see it.
    if (this.trail !== undefined && old !== undefined && !this.trail.has(target)) this.trail.set(target, old);
    target.value = value;
    if (node !== undefined) target.node = node;
    this.#changed(target);
  }

  /** Puts a value in the place of another, for good. */
  replace(target: Cell, value: Value): void {
    if (target.value === value) return;
    target.value = value;
    this.#changed(target);
  }

  /** Adds a possible value to a place that outlives the current evaluation. */
  grow(target: Cell, value: Value, node?: Node): void {
    let joined = target.value === undefined ? value : join(target.value, value);
    if (joined === target.value) return;
    target.grown += 1;
    if (target.grown > MAX_GROWTH) {
      // Text that is added to round after round never comes to rest as text.
      joined = joinAll([
        UNKNOWN,
        ...members(joined).filter((item) => item.kind !== 'literal' && item.kind !== 'template'),
      ]);
      if (joined === target.value) return;
    }
    target.value = joined;
    target.node ??= node;
    this.#changed(target);
  }

  #changed(target: Cell): void {
    this.touched(target.readers);
  }

  read(target: Cell, frame: Frame): void {
    target.readers ??= new Set();
    target.readers.add(frame.invocation);
  }

  /** What saw something that has grown since has to be evaluated again. */
  touched(readers: Iterable<Invocation> | undefined): void {
    if (readers === undefined) return;
    for (const reader of readers) {
      if (reader.state !== 'done') continue;
      if (reader.repeats < MAX_REPEATS) this.#dirty.add(reader);
      else this.#giveUp(reader);
    }
  }

  /** What it saw grows without an end: it stays as it was when last evaluated, which is listed. */
  #giveUp(invocation: Invocation): void {
    const { func, module } = invocation;
    const place = { module, node: func?.node ?? module.source.program };
    const name = func === undefined ? 'the module' : func.name === '' ? 'a function' : func.name;
    const reason = `what ${name} reads grew ${MAX_REPEATS} times and was then left as it was; it may do more`;
    this.unsettled('limit', place, reason);
  }

  /**
   * Evaluates again what read a value that has grown since, and whoever called it where its result grew with that, until
   * nothing grows.
   *
   * @param roots evaluates all entry points; those that are still valid return at once
   * @returns whether it came to rest within its budget
   */
  fixpoint(roots: () => void): boolean {
    this.#budget = this.evaluations + this.#share;
    this.#left = 0;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      roots();
      this.#drain();
      if (this.#dirty.size === 0) return this.#left === 0;
      while (this.#dirty.size > 0 && this.evaluations < this.#budget) {
        const batch = [...this.#dirty];
        this.#dirty.clear();
        for (const invocation of batch) if (invocation.state === 'done') invocation.state = 'stale';
        for (const invocation of batch) this.run(invocation);
        this.#drain();
      }
    }
    return false;
  }

  /** Evaluates the calls that were nested too deeply to be evaluated where they stand. */
  #drain(): void {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      if (next.state === 'done' || next.state === 'running') continue;
      this.run(next);
      this.touched(next.callers);
    }
  }
}

/** Of the evaluations of a function one on the same object, else the latest. */
function likeliest(known: Iterable<Invocation>, self: Value | undefined): Invocation | undefined {
  let last: Invocation | undefined;
  for (const invocation of known) {
    if (self !== undefined && invocation.self === self) return invocation;
    last = invocation;
  }
  return last;
}

/** A value without what each context of a caller makes anew: functions, and objects and lists that hold some. */
function withoutClosures(value: Value): Value {
  const kept = members(value).filter((item) => !holdsFunction(item));
  return kept.length === members(value).length ? value : joinAll([UNKNOWN, ...kept]);
}

/** Coarsens an argument once a function has been called in too many ways. */
function settle(value: Value, contexts: number, leaf: boolean): Value {
  if (contexts < (leaf ? LEAF_CONTEXTS : LITERAL_CONTEXTS) || value === UNKNOWN) return value;
  if (contexts >= MAX_CONTEXTS) return UNKNOWN;
  const plain = members(value).every((member) => member.kind === 'literal' || member.kind === 'template');
  if (plain) return value === UNDEFINED ? value : UNKNOWN;
  return contexts < DATA_CONTEXTS || carriesBehaviour(value) ? value : UNKNOWN;
}
