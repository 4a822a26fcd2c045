/** Map, Set and their weak kin. */
import { callValue } from '../calls.ts';
import { inLoop } from '../frame.ts';
import { type Call, type HostObject, host, native } from '../host.ts';
import type { Machine } from '../machine.ts';
import { array } from '../patterns.ts';
import {
  type ArrayValue,
  type Cell,
  cell,
  joinAll,
  literal,
  members,
  strings,
  UNKNOWN,
  type Value,
} from '../values.ts';

class Collection implements HostObject {
  readonly type: string;
  readonly #entries = new Map<string, Cell>();
  readonly #rest = cell();
  readonly #methods = new Map<string, Value>();
  readonly #keyed: boolean;

  constructor(type: string) {
    this.type = type;
    this.#keyed = type.endsWith('Map');
  }

  fill(vm: Machine, source: Value | undefined): void {
    for (const member of source === undefined ? [] : members(source)) {
      if (member.kind !== 'array') continue;
      for (const item of member.items) {
        if (!this.#keyed) vm.grow(this.#rest, item);
        else if (item.kind === 'array') this.#put(vm, item.items[0] ?? UNKNOWN, item.items[1] ?? UNKNOWN);
      }
    }
  }

  #put(vm: Machine, key: Value, value: Value): void {
    const known = strings(key);
    for (const name of known.values) {
      let held = this.#entries.get(name);
      if (held === undefined) {
        held = cell();
        this.#entries.set(name, held);
      }
      vm.grow(held, value);
    }
    if (!known.certain || known.values.length === 0) vm.grow(this.#rest, value);
  }

  #all(vm: Machine, call: Call): Value[] {
    const values: Value[] = [];
    for (const held of [...this.#entries.values(), this.#rest]) {
      vm.read(held, call.site.frame);
      if (held.value !== undefined) values.push(...members(held.value));
    }
    return values;
  }

  get(_vm: Machine, key: string): Value | undefined {
    let method = this.#methods.get(key);
    if (method === undefined) {
      method = this.#method(key);
      if (method !== undefined) this.#methods.set(key, method);
    }
    return method;
  }

  #method(key: string): Value | undefined {
    switch (key) {
      case 'set':
        return native('map.set', (vm, call) => {
          this.#put(vm, call.args[0] ?? UNKNOWN, call.args[1] ?? UNKNOWN);
          return call.self ?? UNKNOWN;
        });
      case 'add':
        return native('set.add', (vm, call) => {
          vm.grow(this.#rest, call.args[0] ?? UNKNOWN);
          return call.self ?? UNKNOWN;
        });
      case 'get':
        return native('map.get', (vm, call) => {
          const known = strings(call.args[0] ?? UNKNOWN);
          if (!known.certain || known.values.length === 0) return joinAll([UNKNOWN, ...this.#all(vm, call)]);
          const found = known.values.flatMap((name) => this.#entries.get(name)?.value ?? []);
          vm.read(this.#rest, call.site.frame);
          return joinAll([UNKNOWN, ...found, ...(this.#rest.value === undefined ? [] : [this.#rest.value])]);
        });
      case 'forEach':
        return native('map.forEach', (vm, call) =>
          inLoop(call.site.frame, () => {
            for (const value of this.#all(vm, call)) {
              callValue(vm, call.args[0] ?? UNKNOWN, undefined, [value, UNKNOWN], call.site);
            }
            return UNKNOWN;
          }),
        );
      case 'values':
      case 'keys':
      case 'entries':
      case '@iterate':
        return native(`map.${key}`, (vm, call) => this.#list(vm, call, key));
      default:
        return undefined;
    }
  }

  #list(vm: Machine, call: Call, key: string): Value {
    const { env } = call.site.frame;
    const made = env.site<ArrayValue>(call.site.node, () => array([], true), `${key} ${this.type}`);
    const pairs = key === 'entries' || (key === '@iterate' && this.#keyed);
    if (key === 'keys') made.items = [...this.#entries.keys()].map((name) => literal(name));
    else if (pairs) {
      made.items = [...this.#entries].map(([name, held]) =>
        env.site(call.site.node, () => array([literal(name), held.value ?? UNKNOWN], false), `pair ${name}`),
      );
    } else made.items = this.#all(vm, call);
    return made;
  }
}

function collectionClass(type: string): Value {
  return host({
    type: `class ${type}`,
    construct: (vm, call) => {
      const made = call.site.frame.env.site(call.site.node, () => host(new Collection(type)), type);
      if (made.kind === 'host' && made.host instanceof Collection) made.host.fill(vm, call.args[0]);
      return made;
    },
  });
}

export const COLLECTIONS: [name: string, value: Value][] = ['Map', 'Set', 'WeakMap', 'WeakSet'].map(
  (name) => [name, collectionClass(name)],
);
