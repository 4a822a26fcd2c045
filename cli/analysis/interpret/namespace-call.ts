/** How a namespace object is called. In a file of its own, because whoever calls and whoever makes namespaces need each other. */
import type { Site } from './host.ts';
import type { Machine } from './machine.ts';
import { UNKNOWN, type Value } from './values.ts';

type NamespaceCall = (vm: Machine, value: Value, args: Value[], site: Site) => Value;

let current: NamespaceCall = () => UNKNOWN;

export function setNamespaceCall(call: NamespaceCall): void {
  current = call;
}

export const callNamespace: NamespaceCall = (vm, value, args, site) => current(vm, value, args, site);
