/** The names that Node gives every program. */

import { setProperty } from '../access.ts';
import { callBack, functionsIn, listen } from '../calls.ts';
import { copyProperties } from '../expressions.ts';
import { inLoop } from '../frame.ts';
import { type Call, host, native } from '../host.ts';
import type { Machine } from '../machine.ts';
import { array, object } from '../patterns.ts';
import { iterate } from '../statements.ts';
import {
  type ArrayValue,
  joinAll,
  literal,
  members,
  type ObjectValue,
  strings,
  UNDEFINED,
  UNKNOWN,
  type Value,
} from '../values.ts';
import { COLLECTIONS } from './collections.ts';
import { EMITTER_CLASS, EMITTER_PACKAGE, sharedEmitter } from './emitter.ts';
import { installPaths, URL_CLASS } from './paths.ts';

export function installGlobals(vm: Machine, root: string): void {
  const set = (name: string, value: Value): void => {
    vm.globals.declare(name).value = value;
  };
  const shared = object(true);
  set('globalThis', shared);
  set('global', shared);
  set('undefined', UNDEFINED);
  set('NaN', UNKNOWN);
  set('console', host({ type: 'console', get: () => SILENT }));
  set('process', processObject());
  set('Object', objectClass());
  set('Array', arrayClass());
  set('Promise', promiseClass());
  set('JSON', host({ type: 'JSON', get: () => SILENT }));
  set('Math', host({ type: 'Math', get: () => SILENT }));
  set(
    'String',
    native('String', (_vm, { args }) => {
      const known = strings(args[0] ?? UNKNOWN);
      return known.certain && known.values.length === 1 ? literal(known.values[0]) : UNKNOWN;
    }),
  );
  for (const name of [
    'Number',
    'Boolean',
    'Date',
    'Symbol',
    'RegExp',
    'Error',
    'Buffer',
    'parseInt',
    'parseFloat',
    'encodeURIComponent',
    'decodeURIComponent',
    'structuredClone',
    'BigInt',
    'fetch',
    'isNaN',
    'clearInterval',
    'clearTimeout',
  ]) {
    set(name, host({ type: name, get: () => SILENT, call: () => UNKNOWN, construct: () => UNKNOWN }));
  }
  set('URL', URL_CLASS);
  set('setInterval', timer('setInterval'));
  for (const name of ['setTimeout', 'setImmediate', 'queueMicrotask']) set(name, deferred(name));
  for (const [name, value] of COLLECTIONS) set(name, value);
  installPaths(vm, root);
  for (const name of ['events', 'eventemitter2', 'eventemitter3', 'emittery'])
    vm.externals.set(name, () => EMITTER_CLASS);
  vm.externals.set('@nestjs/event-emitter', () => EMITTER_PACKAGE);
  vm.externalTypes.push((request, name) =>
    /^(?:@nestjs\/event-emitter|events|eventemitter[23])$/.test(request) && /^EventEmitter2?$/.test(name)
      ? sharedEmitter(vm).value
      : undefined,
  );
  const utilities = host({
    type: 'node.util',
    get: (_vm, key) =>
      key === 'default' ? utilities : key === 'promisify' || key === 'callbackify' ? IDENTITY : SILENT,
  });
  vm.externals.set('util', () => utilities);
}

const SILENT = native('silent', () => UNKNOWN);
const IDENTITY = native('identity', (_vm, { args }) => args[0] ?? UNKNOWN);

/** `setInterval` runs its function over and over: a job, wherever it was started. */
function timer(name: string): Value {
  return native(name, (vm, { args, site }) => {
    for (const func of functionsIn(args.slice(0, 1), 0)) listen(vm, func, 'interval', name, site);
    return UNKNOWN;
  });
}

function deferred(name: string): Value {
  return native(name, (vm, { args, site }) => {
    const functions = functionsIn(args.slice(0, 1), 0);
    if (site.frame.invocation.boot) for (const func of functions) listen(vm, func, 'timer', name, site);
    else callBack(vm, functions, site, 'callback');
    return UNKNOWN;
  });
}

function processObject(): Value {
  return host({
    type: 'process',
    get: (_vm, key) => {
      if (key === 'cwd') return SILENT;
      if (key !== 'on' && key !== 'once') return UNKNOWN;
      return native('process.on', (vm, { args, site, self }) => {
        for (const func of functionsIn(args.slice(1), 0)) {
          listen(vm, func, 'process', `process ${strings(args[0] ?? UNKNOWN).values.join()}`, site);
        }
        return self ?? UNKNOWN;
      });
    },
  });
}

function objectClass(): Value {
  const listed = (call: Call, what: 'keys' | 'values' | 'entries'): Value => {
    const { env } = call.site.frame;
    const made = env.site<ArrayValue>(
      call.site.node,
      () => array([], false),
      `${what} ${call.args[0]?.id ?? ''}`,
    );
    made.items = [];
    for (const from of members(call.args[0] ?? UNKNOWN)) {
      const cells = from.kind === 'object' ? from.props : from.kind === 'instance' ? from.fields : undefined;
      if (cells === undefined || (from.kind === 'object' && from.open)) made.open = true;
      if (from.kind === 'object' && from.rest.value !== undefined) {
        made.open = true;
        if (what === 'values') made.items.push(from.rest.value);
      }
      for (const [key, held] of cells ?? []) {
        if (held.value === undefined) continue;
        const { value } = held;
        if (what === 'keys') made.items.push(literal(key));
        else if (what === 'values') made.items.push(value);
        else
          made.items.push(
            env.site(call.site.node, () => array([literal(key), value], false), `entry ${from.id} ${key}`),
          );
      }
    }
    return made;
  };
  const methods: Record<string, Value> = {
    keys: native('Object.keys', (_vm, call) => listed(call, 'keys')),
    values: native('Object.values', (_vm, call) => listed(call, 'values')),
    entries: native('Object.entries', (_vm, call) => listed(call, 'entries')),
    freeze: IDENTITY,
    seal: IDENTITY,
    assign: native('Object.assign', (vm, { args, site }) => {
      const [target, ...sources] = args;
      for (const into of members(target ?? UNKNOWN)) {
        for (const source of sources.flatMap((item) => [...members(item)])) {
          if (into.kind === 'object') copyProperties(vm, site.frame, into, source, site.node);
          else if (source.kind === 'object') {
            for (const [key, held] of source.props)
              if (held.value !== undefined) setProperty(vm, into, key, held.value, site);
          }
        }
      }
      return target ?? UNKNOWN;
    }),
    defineProperty: native('Object.defineProperty', (vm, { args, site }) => {
      const [target, name, descriptor] = args;
      for (const key of strings(name ?? UNKNOWN).values) {
        if (descriptor?.kind !== 'object') continue;
        const held = descriptor.props.get('value')?.value;
        const getter = descriptor.props.get('get')?.value;
        const value = held ?? (getter?.kind === 'function' ? vm.invoke(getter, target, [], site) : UNKNOWN);
        setProperty(vm, target ?? UNKNOWN, key, value, site);
      }
      return target ?? UNKNOWN;
    }),
    fromEntries: native('Object.fromEntries', (vm, { args, site }) => {
      const made = site.frame.env.site<ObjectValue>(site.node, () => object(false));
      const list = args[0];
      if (list?.kind !== 'array') return UNKNOWN;
      made.open = list.open;
      for (const item of list.items) {
        if (item.kind !== 'array') continue;
        for (const key of strings(item.items[0] ?? UNKNOWN).values)
          setProperty(vm, made, key, item.items[1] ?? UNKNOWN, site);
      }
      return made;
    }),
    create: native('Object.create', (_vm, { args }) => args[0] ?? UNKNOWN),
  };
  return host({
    type: 'Object',
    get: (_vm, key) => (Object.hasOwn(methods, key) ? methods[key] : SILENT),
    call: (_vm, { args }) => args[0] ?? UNKNOWN,
    construct: () => UNKNOWN,
  });
}

function arrayClass(): Value {
  const from = native('Array.from', (vm, { args, site }) => {
    const { items, open } = iterate(vm, site.frame, args[0] ?? UNKNOWN);
    const made = site.frame.env.site<ArrayValue>(site.node, () => array([], open));
    const [, mapper] = args;
    made.items =
      mapper === undefined
        ? items
        : inLoop(site.frame, () =>
            (items.length === 0 ? [UNKNOWN] : items).map((item) =>
              callBack(vm, [mapper], site, 'call', item),
            ),
          );
    made.open = open;
    return made;
  });
  return host({
    type: 'Array',
    get: (_vm, key) => (key === 'from' ? from : SILENT),
    call: () => UNKNOWN,
    construct: (_vm, { site }) => site.frame.env.site<ArrayValue>(site.node, () => array([], true)),
  });
}

function promiseClass(): Value {
  const all = native('Promise.all', (vm, { args, site }) => {
    const [list] = args;
    if (list?.kind === 'array') return list;
    return list === undefined ? UNKNOWN : joinAll([list, ...iterate(vm, site.frame, list).items]);
  });
  const race = native('Promise.race', (vm, { args, site }) =>
    joinAll([UNKNOWN, ...iterate(vm, site.frame, args[0] ?? UNKNOWN).items]),
  );
  return host({
    type: 'Promise',
    get: (_vm, key) =>
      key === 'all' || key === 'allSettled'
        ? all
        : key === 'race' || key === 'any'
          ? race
          : key === 'resolve'
            ? IDENTITY
            : SILENT,
    construct: (vm, { args, site }) => {
      const settled = site.frame.env.site(site.node, () => object(true), 'promise');
      const resolve = site.frame.env.site(
        site.node,
        () =>
          native('promise.resolve', (machine, call) => {
            if (call.args[0] !== undefined) machine.grow(settled.rest, call.args[0]);
            return UNDEFINED;
          }),
        'resolve',
      );
      for (const func of functionsIn(args.slice(0, 1), 0)) vm.invoke(func, UNKNOWN, [resolve, SILENT], site);
      return settled.rest.value ?? UNKNOWN;
    },
  });
}
