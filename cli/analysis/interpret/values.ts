/**
 * The values of the abstract interpretation. A value stands for everything an expression may be at run time; what is not
 * known is `UNKNOWN`. Values are interned or kept per allocation site, so that identity (`id`) means sameness, which
 * makes both joining and memoising calls cheap, and evaluation finite.
 */
import type { Callable, Class, Node } from '../syntax/ast.ts';
import type { Env } from './env.ts';
import type { HostObject } from './host.ts';
import type { Invocation } from './invocation.ts';
import type { ModuleState } from './modules.ts';

export type Primitive = string | number | boolean | bigint | null | undefined;

export interface Unknown {
  kind: 'unknown';
  id: number;
}
export interface Literal {
  kind: 'literal';
  id: number;
  value: Primitive;
}
/** A string of which some parts are known; `null` marks an unknown part, `text` shows it as `{expression}`. */
export interface Template {
  kind: 'template';
  id: number;
  parts: (string | null)[];
  text: string;
}
export interface Func {
  kind: 'function';
  id: number;
  node: Callable;
  env: Env;
  module: ModuleState;
  /** What `this` is inside: fixed for arrow functions and methods taken from an object. */
  self: Value | undefined;
  /** The class whose parent `super` means. */
  home: ClassValue | undefined;
  name: string;
  /** The function that this one was made to wrap, as by `asyncHandler(fn)`. */
  wraps: Func | undefined;
}
export interface ClassValue {
  kind: 'class';
  id: number;
  node: Class;
  env: Env;
  module: ModuleState;
  name: string;
  statics: Map<string, Cell>;
  parent: Value | undefined;
  methods: Map<string, { node: Callable; kind: 'method' | 'get' | 'set'; isStatic: boolean }>;
  instances: Instance[];
  /** Objects by the `new` that makes them. */
  sites: Map<Node, Map<string, Instance>>;
  bound: Map<Callable, Map<number, Func>>;
}
export interface Instance {
  kind: 'instance';
  id: number;
  cls: ClassValue;
  fields: Map<string, Cell>;
  /** The object of a foreign base class, such as a Prisma client. */
  base: Value | undefined;
  rest: Cell;
}
export interface ObjectValue {
  kind: 'object';
  id: number;
  props: Map<string, Cell>;
  /** Whether properties may exist that are not listed. */
  open: boolean;
  /** Joins what was stored under computed names. */
  rest: Cell;
  bound: Map<Callable, Func>;
}
export interface ArrayValue {
  kind: 'array';
  id: number;
  items: Value[];
  /** Whether there may be further, unknown items. */
  open: boolean;
  /** Whether some of the items may be missing, such as those added in a branch. */
  perhaps?: boolean;
  readers: Set<Invocation> | undefined;
  /** The call that derived it from another list. */
  origin?: Node;
}
export interface Host {
  kind: 'host';
  id: number;
  host: HostObject;
}
export interface Union {
  kind: 'union';
  id: number;
  members: readonly Single[];
}
export type Single =
  | Unknown
  | Literal
  | Template
  | Func
  | ClassValue
  | Instance
  | ObjectValue
  | ArrayValue
  | Host;
export type Value = Single | Union;

/** A place that holds a value. Whoever read it from elsewhere is evaluated again once it grows. */
export interface Cell {
  value: Value | undefined;
  readers: Set<Invocation> | undefined;
  /** Where the value was written, for evidence. */
  node: Node | undefined;
  /** How often it grew. */
  grown: number;
}

let nextId = 1;
export const newId = (): number => nextId++;

export const UNKNOWN: Unknown = { kind: 'unknown', id: 0 };

const literals = new Map<Primitive, Literal>();

export function literal(value: Primitive): Literal {
  let found = literals.get(value);
  if (found === undefined) {
    found = { kind: 'literal', id: newId(), value };
    literals.set(value, found);
  }
  return found;
}

export const UNDEFINED = literal(undefined);
export const NULL = literal(null);

const templates = new Map<string, Template>();

export function template(parts: (string | null)[], text: string): Value {
  if (parts.every((part) => part !== null)) return literal(parts.join(''));
  let found = templates.get(text);
  if (found === undefined) {
    found = { kind: 'template', id: newId(), parts, text };
    templates.set(text, found);
  }
  return found;
}

/** Forgets everything interned, so that one analysis leaves no memory behind for the next. */
export function resetInterning(): void {
  templates.clear();
  unions.clear();
  for (const key of literals.keys()) {
    if (key !== undefined && key !== null) literals.delete(key);
  }
}

export function cell(value?: Value, node?: Node): Cell {
  return { value, readers: undefined, node, grown: 0 };
}

const unions = new Map<string, Union>();
/** More plain data than this behind one name is no longer told apart. */
const MAX_LITERALS = 24;
const MAX_MEMBERS = 96;

export function members(value: Value): readonly Single[] {
  return value.kind === 'union' ? value.members : [value];
}

/** The value that may be either. */
export function join(a: Value | undefined, b: Value | undefined): Value {
  if (a === undefined) return b ?? UNDEFINED;
  if (b === undefined || a === b) return a;
  return joinAll([...members(a), ...members(b)]);
}

export function joinAll(values: readonly Value[]): Value {
  const first = values[0];
  if (first === undefined) return UNDEFINED;
  if (values.every((value) => value === first)) return first;
  const byId = new Map<number, Single>();
  for (const value of values) for (const member of members(value)) byId.set(member.id, member);
  let list = [...byId.values()].sort((a, b) => a.id - b.id);
  if (list.length === 1) return list[0] ?? UNKNOWN;
  const data = list.filter((item) => item.kind === 'literal' || item.kind === 'template');
  if (data.length > MAX_LITERALS) {
    list = [
      UNKNOWN,
      ...list.filter(
        (item) => item.kind !== 'unknown' && item.kind !== 'literal' && item.kind !== 'template',
      ),
    ];
  }
  if (list.length > MAX_MEMBERS) {
    list = [UNKNOWN, ...list.filter((item) => item.kind !== 'unknown').slice(0, MAX_MEMBERS)];
  }
  if (list.length === 1) return list[0] ?? UNKNOWN;
  const key = list.map((item) => item.id).join();
  let union = unions.get(key);
  if (union === undefined) {
    union = { kind: 'union', id: newId(), members: list };
    unions.set(key, union);
  }
  return union;
}

/** The strings a value may be; `certain` is false where others are possible. */
export function strings(value: Value): { values: string[]; certain: boolean } {
  const values: string[] = [];
  let certain = true;
  for (const member of members(value)) {
    if (member.kind === 'literal' && typeof member.value === 'string') values.push(member.value);
    else if (member.kind === 'literal' && typeof member.value === 'number') values.push(String(member.value));
    else if (member.kind === 'literal' && (member.value === undefined || member.value === null)) continue;
    else certain = false;
  }
  return { values, certain };
}

/** Whether nothing but the origin of a value is known, such as what a foreign function returned. */
export function isOpaque(value: Value): boolean {
  return value.kind === 'host' && value.host.type === 'external.result';
}

/** True or false where the value settles it, otherwise undefined. */
export function truth(value: Value): boolean | undefined {
  let seen: boolean | undefined;
  for (const member of members(value)) {
    let one: boolean | undefined;
    if (member.kind === 'literal') one = Boolean(member.value);
    else if (member.kind === 'unknown' || isOpaque(member)) one = undefined;
    else if (member.kind === 'template')
      one = member.parts.some((part) => part !== null && part !== '') ? true : undefined;
    else one = true;
    if (one === undefined || (seen !== undefined && seen !== one)) return undefined;
    seen = one;
  }
  return seen;
}

/** How deep below a value functions and other behaviour are looked for. */
const DEPTH = 2;

/** Counts what was stored in objects and lists, so that answers about what they hold are known to be fresh. */
let stores = 1;
export function stored(): void {
  stores += 1;
}

interface Answers {
  /** Containers that held some; what they hold only grows. */
  readonly yes: WeakSet<Single>;
  /** Containers that held none, and `stores` at that time. */
  readonly no: WeakMap<Single, number>;
}
const behaviour: Answers = { yes: new WeakSet(), no: new WeakMap() };
const functions: Answers = { yes: new WeakSet(), no: new WeakMap() };

/** Whether a value carries behaviour, so that calls with it are told apart from calls with other data. */
export function carriesBehaviour(value: Value): boolean {
  return holds(value, DEPTH, behaves, behaviour);
}

/** Whether a value is, or holds, a function of the project. */
export function holdsFunction(value: Value): boolean {
  return holds(value, DEPTH, (item) => item.kind === 'function', functions);
}

function behaves(item: Single): boolean {
  return (
    item.kind === 'function' ||
    item.kind === 'class' ||
    item.kind === 'instance' ||
    (item.kind === 'host' && !isOpaque(item))
  );
}

function holds(value: Value, depth: number, wanted: (item: Single) => boolean, known: Answers): boolean {
  for (const item of members(value)) {
    if (wanted(item)) return true;
    if (
      depth > 0 &&
      (item.kind === 'object' || item.kind === 'array') &&
      holdsInside(item, depth, wanted, known)
    )
      return true;
  }
  return false;
}

function holdsInside(
  item: ObjectValue | ArrayValue,
  depth: number,
  wanted: (item: Single) => boolean,
  known: Answers,
): boolean {
  // Answers are kept for one depth only: deeper inside fewer levels count.
  const top = depth === DEPTH;
  if (top && known.yes.has(item)) return true;
  if (top && known.no.get(item) === stores) return false;
  let found = false;
  if (item.kind === 'array') found = item.items.some((held) => holds(held, depth - 1, wanted, known));
  else {
    for (const { value: held } of item.props.values()) {
      if (held === undefined || !holds(held, depth - 1, wanted, known)) continue;
      found = true;
      break;
    }
  }
  if (top && found) known.yes.add(item);
  else if (top) known.no.set(item, stores);
  return found;
}
