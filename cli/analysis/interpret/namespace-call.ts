/** Calls of a module's namespace, which `imports.ts` needs and `calls.ts` provides; each of them imports the other. */
import type { Site } from './host.ts';
import type { Machine } from './machine.ts';
import type { Value } from './values.ts';

type NamespaceCall = (vm: Machine, value: Value, args: Value[], site: Site) => Value;

export const namespaceCall: { run: NamespaceCall | undefined } = { run: undefined };
