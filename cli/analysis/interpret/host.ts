import type { Node } from '../syntax/ast.ts';
import type { Frame } from './frame.ts';
import type { Machine } from './machine.ts';
import { type Host, newId, type Value } from './values.ts';

/** Where something happens: the syntax node and the frame in which it is evaluated. */
export interface Site {
  node: Node;
  frame: Frame;
}

export interface Call {
  args: Value[];
  self: Value | undefined;
  site: Site;
}

/**
 * An object whose behaviour is modelled here instead of being read from the project: a framework's application or router,
 * a Prisma client, a built-in. Frameworks are added by implementing this, without touching the interpreter.
 */
export interface HostObject {
  /** Stable name such as `express.router`. */
  readonly type: string;
  get?(vm: Machine, key: string, site: Site): Value | undefined;
  set?(vm: Machine, key: string, value: Value, site: Site): void;
  call?(vm: Machine, call: Call): Value;
  construct?(vm: Machine, call: Call): Value;
  /** Reading under a name that is not known. */
  computed?(vm: Machine, site: Site): Value;
}

export function host(object: HostObject): Host {
  return { kind: 'host', id: newId(), host: object };
}

/** A built-in function. */
export function native(type: string, call: (vm: Machine, call: Call) => Value): Host {
  return host({ type, call, construct: call });
}
