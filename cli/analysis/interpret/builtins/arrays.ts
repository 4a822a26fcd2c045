/** Methods of lists. */
import { pushItem } from '../access.ts';
import { callValue } from '../calls.ts';
import { inLoop } from '../frame.ts';
import { type Call, native } from '../host.ts';
import type { Machine } from '../machine.ts';
import { array } from '../patterns.ts';
import { iterate } from '../statements.ts';
import {
  type ArrayValue,
  join,
  joinAll,
  literal,
  members,
  strings,
  truth,
  UNDEFINED,
  UNKNOWN,
  type Value,
} from '../values.ts';

/** Items of a list that are handed to a callback one by one. */
const MAX_ITEMS = 400;
const MAX_KEPT = 1000;

type Method = (vm: Machine, list: ArrayValue, call: Call) => Value;

function itemsOf(list: ArrayValue, call: Call): Value[] {
  list.readers ??= new Set();
  list.readers.add(call.site.frame.invocation);
  const items = list.items.slice(0, MAX_ITEMS);
  return items.length === 0 && list.open ? [UNKNOWN] : items;
}

function made(call: Call, list: ArrayValue, items: Value[], open: boolean, method: string): ArrayValue {
  const { env } = call.site.frame;
  // `x = x.filter(...)` evaluated again would filter its own result without end: it stays the same list.
  if (list.origin === call.site.node) return list;
  const result = env.site<ArrayValue>(call.site.node, () => array([], open), `${method} ${list.id}`);
  result.origin = call.site.node;
  // What was pushed to it since it was first derived stays in it, as for a list that is written out.
  const kept = result.items.length === 0 ? [] : result.items.filter((item) => !items.includes(item));
  result.items = kept.length === 0 ? items : [...items, ...kept].slice(0, MAX_KEPT);
  result.open ||= open;
  return result;
}

function eachItem(vm: Machine, list: ArrayValue, call: Call): Value[] {
  const callback = call.args[0] ?? UNKNOWN;
  return inLoop(call.site.frame, () =>
    itemsOf(list, call).map((item, at) =>
      callValue(vm, callback, undefined, [item, literal(at), list], call.site),
    ),
  );
}

const METHODS: Record<string, Method> = {
  map: (vm, list, call) => made(call, list, eachItem(vm, list, call), list.open, 'map'),
  flatMap: (vm, list, call) => {
    const parts = eachItem(vm, list, call);
    const items = parts.flatMap((part) => (part.kind === 'array' ? part.items : [part]));
    return made(call, list, items, list.open, 'flatMap');
  },
  forEach: (vm, list, call) => {
    eachItem(vm, list, call);
    return UNDEFINED;
  },
  filter: (vm, list, call) => {
    const verdicts = eachItem(vm, list, call);
    const items = list.items.filter((_item, at) => truth(verdicts[at] ?? UNKNOWN) !== false);
    return made(call, list, items, list.open, 'filter');
  },
  find: (vm, list, call) => {
    const verdicts = eachItem(vm, list, call);
    const sure = list.items.find((_item, at) => truth(verdicts[at] ?? UNKNOWN) === true);
    if (sure !== undefined && verdicts.every((verdict) => truth(verdict) !== undefined)) return sure;
    const items = list.items.filter((_item, at) => truth(verdicts[at] ?? UNKNOWN) !== false);
    return joinAll([UNKNOWN, ...items]);
  },
  some: (vm, list, call) => {
    eachItem(vm, list, call);
    return UNKNOWN;
  },
  every: (vm, list, call) => {
    eachItem(vm, list, call);
    return UNKNOWN;
  },
  sort: (_vm, list) => list,
  reverse: (_vm, list, call) => made(call, list, [...list.items].reverse(), list.open, 'reverse'),
  reduce: (vm, list, call) => {
    const [callback, initial] = call.args;
    let state = initial ?? list.items[0] ?? UNKNOWN;
    inLoop(call.site.frame, () => {
      itemsOf(list, call).forEach((item, at) => {
        if (initial === undefined && at === 0) return;
        state = callValue(vm, callback ?? UNKNOWN, undefined, [state, item, literal(at), list], call.site);
      });
    });
    return state;
  },
  push: (vm, list, call) => {
    for (const arg of call.args) pushItem(vm, list, arg);
    return UNKNOWN;
  },
  concat: (vm, list, call) => {
    const items = [...list.items];
    let { open } = list;
    for (const arg of call.args) {
      for (const item of members(arg)) {
        if (item.kind === 'array') {
          const part = iterate(vm, call.site.frame, item);
          items.push(...part.items);
          open ||= part.open;
        } else if (item.kind === 'unknown') open = true;
        else items.push(item);
      }
    }
    return made(call, list, items, open, 'concat');
  },
  slice: (_vm, list, call) => {
    const bounds = call.args.map((arg) =>
      arg.kind === 'literal' && typeof arg.value === 'number' ? arg.value : undefined,
    );
    const known = bounds.every((bound) => bound !== undefined) && !list.open;
    return made(
      call,
      list,
      known ? list.items.slice(...(bounds as number[])) : list.items,
      list.open || !known,
      'slice',
    );
  },
  flat: (_vm, list, call) => {
    const items = list.items.flatMap((item) => (item.kind === 'array' ? item.items : [item]));
    return made(call, list, items, list.open, 'flat');
  },
  at: (_vm, list, call) => {
    const index = call.args[0];
    if (list.open || index?.kind !== 'literal' || typeof index.value !== 'number')
      return joinAll([UNKNOWN, ...list.items]);
    return list.items.at(index.value) ?? UNDEFINED;
  },
  join: (_vm, list, call) => {
    const separator =
      call.args[0] === undefined
        ? ','
        : call.args[0].kind === 'literal'
          ? String(call.args[0].value)
          : undefined;
    const parts = list.items.map((item) => strings(item));
    if (
      list.open ||
      separator === undefined ||
      parts.some((part) => !part.certain || part.values.length !== 1)
    )
      return UNKNOWN;
    return literal(parts.map((part) => part.values[0]).join(separator));
  },
  includes: (_vm, list, call) => {
    const wanted = call.args[0];
    const comparable =
      !list.open && wanted?.kind === 'literal' && list.items.every((item) => item.kind === 'literal');
    return comparable ? literal(list.items.includes(wanted)) : UNKNOWN;
  },
  entries: (_vm, list, call) =>
    made(
      call,
      list,
      list.items.map((item, at) =>
        call.site.frame.env.site(
          call.site.node,
          () => array([literal(at), item], false),
          `entry ${list.id} ${at}`,
        ),
      ),
      list.open,
      'entries',
    ),
  values: (_vm, list) => list,
  pop: (_vm, list) => (list.items.length === 0 ? UNKNOWN : join(UNKNOWN, joinAll(list.items))),
  shift: (_vm, list) => (list.items.length === 0 ? UNKNOWN : join(UNKNOWN, joinAll(list.items))),
};
METHODS.unshift = METHODS.push as Method;
METHODS.toSorted = METHODS.sort as Method;
METHODS.findLast = METHODS.find as Method;

const bound = new WeakMap<ArrayValue, Map<string, Value>>();

export function arrayMethod(list: ArrayValue, key: string): Value | undefined {
  const method = Object.hasOwn(METHODS, key) ? METHODS[key] : undefined;
  if (method === undefined) return undefined;
  let known = bound.get(list);
  if (known === undefined) {
    known = new Map();
    bound.set(list, known);
  }
  let value = known.get(key);
  if (value === undefined) {
    value = native(`array.${key}`, (vm, call) => method(vm, list, call));
    known.set(key, value);
  }
  return value;
}
