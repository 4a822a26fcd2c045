/** Event emitters: who listens to what, so that an `emit` leads to its listeners. */
import { functionsIn, listen } from '../calls.ts';
import { type HostObject, host, native } from '../host.ts';
import type { Invocation } from '../invocation.ts';
import type { Machine } from '../machine.ts';
import { type Func, strings, UNKNOWN, type Value } from '../values.ts';

const LISTEN = new Set(['on', 'once', 'addListener', 'prependListener', 'onAny', 'many']);
const EMIT = new Set(['emit', 'emitAsync']);
const CHAIN = new Set(['off', 'removeListener', 'removeAllListeners', 'setMaxListeners']);
/** Stands for an event whose name is known only at run time. */
const ANY = '*';

export class Emitter implements HostObject {
  readonly type = 'events.emitter';
  readonly #listeners: { event: string; func: Func }[] = [];
  readonly #methods = new Map<string, Value>();
  /** Evaluations that emitted: they are repeated once somebody else listens. */
  readonly #emitting = new Set<Invocation>();

  get(_vm: Machine, key: string): Value | undefined {
    let method = this.#methods.get(key);
    if (method !== undefined) return method;
    if (LISTEN.has(key)) {
      method = native(`emitter.${key}`, (vm, call) => {
        const events = strings(call.args[0] ?? UNKNOWN).values;
        for (const func of functionsIn(call.args, 0)) {
          for (const event of events.length === 0 ? [ANY] : events) this.add(vm, event, func);
          listen(vm, func, 'event', `${events.join(', ') || 'any event'}`, call.site);
        }
        return call.self ?? UNKNOWN;
      });
    } else if (EMIT.has(key)) {
      method = native(`emitter.${key}`, (vm, call) => {
        const [event, ...given] = call.args;
        const names = strings(event ?? UNKNOWN);
        this.#emitting.add(call.site.frame.invocation);
        for (const item of this.#listeners) {
          const meant = names.values.length === 0 || names.values.some((name) => fits(item.event, name));
          if (!meant) continue;
          const further = item.func.node.params.slice(given.length).map(() => UNKNOWN);
          vm.invoke(item.func, UNKNOWN, [...given, ...further], call.site, 'event');
        }
        return UNKNOWN;
      });
    } else if (CHAIN.has(key)) {
      method = native(`emitter.${key}`, (_vm, call) => call.self ?? UNKNOWN);
    }
    if (method !== undefined) this.#methods.set(key, method);
    return method;
  }

  /** Makes a function listen to an event; `*` in its name stands for any part, as in `order.*`. */
  add(vm: Machine, event: string, func: Func): void {
    if (this.#listeners.some((item) => item.event === event && item.func === func)) return;
    this.#listeners.push({ event, func });
    vm.touched(this.#emitting);
  }
}

function fits(pattern: string, event: string): boolean {
  if (pattern === event || pattern === ANY || pattern === '**') return true;
  if (!pattern.includes('*')) return false;
  const parts = pattern.split('.');
  const names = event.split('.');
  return (
    parts.every((part, at) => part === '**' || part === '*' || part === names[at]) &&
    (parts.length === names.length || parts.at(-1) === '**')
  );
}

/** The one emitter that containers hand out, such as Nest's `EventEmitter2`. */
export function sharedEmitter(vm: Machine): { value: Value; emitter: Emitter } {
  let known = vm.extras.get('events.shared') as { value: Value; emitter: Emitter } | undefined;
  if (known === undefined) {
    const emitter = new Emitter();
    known = { value: host(emitter), emitter };
    vm.extras.set('events.shared', known);
  }
  return known;
}

export const EMITTER_CLASS: Value = host({
  type: 'class EventEmitter',
  get: (_vm, key) =>
    key === 'EventEmitter' || key === 'default' || key === 'EventEmitter2' ? EMITTER_CLASS : undefined,
  construct: (_vm, call) =>
    call.site.frame.env.site(call.site.node, () => host(new Emitter()), `emitter ${call.self?.id ?? ''}`),
});

/** Nest's package: its emitter, and decorators that are read where they are written. */
export const EMITTER_PACKAGE: Value = host({
  type: 'nest.events',
  get: (_vm, key) => (key === 'EventEmitter2' ? EMITTER_CLASS : undefined),
});
