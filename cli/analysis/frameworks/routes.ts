/** What all frameworks have in common: paths, methods, handlers. */
import { functionsIn } from '../interpret/calls.ts';
import { type HostObject, host, native } from '../interpret/host.ts';
import type { Invocation, Place } from '../interpret/invocation.ts';
import type { Machine } from '../interpret/machine.ts';
import {
  type Cell,
  carriesBehaviour,
  cell,
  type Func,
  join,
  members,
  UNKNOWN,
  type Value,
} from '../interpret/values.ts';
import type { Node } from '../syntax/ast.ts';

/** A route as a framework registered it. */
export interface RouteRecord {
  method: string;
  path: PathText;
  handler: Value;
  /** Functions named on the route itself, before its handler. */
  own: Func[];
  /** Functions that hold for all routes of a router, application or scope. */
  inherited: Func[];
  place: Place;
  /** Every step that put it where it is: its registration, and the mounting of each router around it. */
  steps: Step[];
  /** The application or root instance that serves it. */
  app: Value | undefined;
  framework: string;
}

/** A call that registers or mounts something, and the evaluation in which it happened. */
export interface Step {
  place: Place;
  invocation: Invocation;
}

export interface PathText {
  text: string;
  certain: boolean;
}

export const METHODS = [
  'get',
  'post',
  'put',
  'patch',
  'delete',
  'head',
  'options',
  'trace',
  'connect',
  'copy',
  'lock',
  'mkcol',
  'move',
  'purge',
  'propfind',
  'proppatch',
  'search',
  'unlock',
  'report',
  'subscribe',
  'unsubscribe',
  'query',
];
const METHOD_SET = new Set(METHODS);

export function isMethod(name: string): boolean {
  return METHOD_SET.has(name.toLowerCase());
}

/** The paths that a value may be. What is not known is shown as `{expression}`. */
export function pathsOf(vm: Machine, value: Value, place: Place): PathText[] {
  const paths: PathText[] = [];
  const partly: PathText[] = [];
  let unknown = false;
  for (const member of members(value)) {
    if (member.kind === 'literal') {
      if (typeof member.value === 'string') paths.push({ text: member.value, certain: true });
    } else if (member.kind === 'template') partly.push({ text: member.text, certain: false });
    else if (member.kind === 'array') {
      for (const item of member.items) paths.push(...pathsOf(vm, item, place));
      unknown ||= member.open && member.items.length === 0;
    } else unknown = true;
  }
  if (paths.length === 0) {
    if (partly.length > 0) return partly;
    return unknown ? [{ text: `{${vm.text(place.module, place.node, 40)}}`, certain: false }] : [];
  }
  if (unknown || partly.length > 0) {
    const chosen = paths.map((path) => path.text || '/').join(', ');
    vm.unsettled(
      'configurable-path',
      place,
      `the path can be set from outside; the default ${chosen} is used: ${vm.text(place.module, place.node)}`,
    );
  }
  return paths;
}

/** Joins parts of a path to the form `/articles/:slug`. */
export function joinPath(...parts: PathText[]): PathText {
  const text = parts
    .map((part) => part.text)
    .filter((part) => part !== '' && part !== '/')
    .map((part) => (part.startsWith('/') ? part : `/${part}`))
    .join('')
    .replace(/\/{2,}/g, '/')
    .replace(/(:\w+)\((?:[^()]|\([^()]*\))*\)/g, '$1');
  const trimmed = text.length > 1 ? text.replace(/\/$/, '') : text;
  return { text: trimmed === '' ? '/' : trimmed, certain: parts.every((part) => part.certain) };
}

/** Lists handlers in order, lists within lists included. */
export function flatten(values: readonly Value[]): Value[] {
  return values.flatMap((value) => (value.kind === 'array' ? flatten(value.items) : [value]));
}

export function handlersIn(values: readonly Value[]): Func[] {
  return functionsIn(values, 1);
}

/** The function that people would call the handler: the innermost one that wrappers were put around. */
export function innermost(func: Func): Func {
  let inner = func;
  for (let step = 0; step < 8 && inner.wraps !== undefined; step += 1) inner = inner.wraps;
  return inner;
}

/**
 * Requests, replies and other objects that frameworks hand to handlers: they keep what middleware attaches to them, such
 * as `req.prisma = prisma`, and are unknown otherwise.
 */
export class Carrier implements HostObject {
  readonly type: string;
  readonly #fixed: ReadonlyMap<string, Value>;
  readonly #held = new Map<string, Cell>();
  constructor(type: string, fixed: Iterable<[string, Value]> = []) {
    this.type = type;
    this.#fixed = new Map(fixed);
  }

  get(vm: Machine, key: string, site: import('../interpret/host.ts').Site): Value {
    const fixed = this.#fixed.get(key);
    if (fixed !== undefined) return fixed;
    let held = this.#held.get(key);
    if (held === undefined) {
      held = cell();
      this.#held.set(key, held);
    }
    vm.read(held, site.frame);
    return held.value === undefined ? UNKNOWN : join(UNKNOWN, held.value);
  }

  set(vm: Machine, key: string, value: Value): void {
    if (!carriesBehaviour(value)) return;
    let held = this.#held.get(key);
    if (held === undefined) {
      held = cell();
      this.#held.set(key, held);
    }
    vm.grow(held, value);
  }
}

export const NEXT = native('next', () => UNKNOWN);

/** The three things that Express hands to a handler, shared by all routes of an analysis. */
export function expressArguments(vm: Machine, app: Value): Value[] {
  let args = vm.extras.get('express.arguments') as Value[] | undefined;
  if (args === undefined) {
    const locals = host(new Carrier('express.locals'));
    args = [
      host(new Carrier('express.request', [['app', app]])),
      host(
        new Carrier('express.response', [
          ['locals', locals],
          ['app', app],
        ]),
      ),
      NEXT,
    ];
    vm.extras.set('express.arguments', args);
  }
  return args;
}

export function nodeOfArgument(node: Node, at: number): Node {
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return node;
  return node.arguments[at] ?? node;
}
