import type { Machine } from './machine.ts';
import { type Cell, join, type Value } from './values.ts';

/** How a statement leaves its place. */
export type Flow = 'next' | 'exit';

/**
 * Evaluates alternatives of which it is not known which one runs: each starts from the same variables, and afterwards a
 * variable may hold what any of those left in it that did not leave the function.
 */
export function branches(vm: Machine, runs: (() => Flow | undefined | undefined)[]): Flow {
  const outer = vm.trail;
  const ends: { flow: Flow; after: Map<Cell, Value | undefined> }[] = [];
  const before = new Map<Cell, Value | undefined>();
  for (const run of runs) {
    const trail = new Map<Cell, Value | undefined>();
    vm.trail = trail;
    const flow = run() ?? 'next';
    const after = new Map<Cell, Value | undefined>();
    for (const [target, old] of trail) {
      after.set(target, target.value);
      if (!before.has(target)) before.set(target, old);
      target.value = old;
    }
    ends.push({ flow, after });
  }
  vm.trail = outer;
  const going = ends.filter((end) => end.flow === 'next');
  const counted = going.length === 0 ? ends : going;
  for (const [target, old] of before) {
    let value: Value | undefined;
    for (const { after } of counted) {
      const left = after.has(target) ? after.get(target) : old;
      if (left !== undefined) value = value === undefined ? left : join(value, left);
    }
    if (value !== undefined) vm.assign(target, value);
  }
  return going.length === 0 ? 'exit' : 'next';
}
