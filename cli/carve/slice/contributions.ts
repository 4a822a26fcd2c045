/** Which calls put a route where it is: its registration, every mounting around it, and the calls that led there. */
import type { Invocation } from '../../analysis/interpret/invocation.ts';
import type { ServedRoute } from '../../analysis/interpret/run.ts';
import type { Node } from '../../analysis/syntax/ast.ts';

/** How many routes of either side a call leads to. */
export interface Contribution {
  own: Set<ServedRoute>;
  foreign: Set<ServedRoute>;
}

/** A route for whatever nothing else answers: a page for what is not found, not a part of any capability. */
export function isCatchAll(route: ServedRoute): boolean {
  return /^\/?(?:\*|\(\.\*\)|\{\*|:\w+\(\.\*\))/.test(route.path.text) && route.path.text.length < 24;
}

export interface Contributions {
  byCall: Map<Node, Contribution>;
  byInvocation: Map<Invocation, Contribution>;
}

export function contributionsOf(
  routes: readonly ServedRoute[],
  isOwn: (route: ServedRoute) => boolean,
): Contributions {
  const byCall = new Map<Node, Contribution>();
  const byInvocation = new Map<Invocation, Contribution>();
  for (const route of routes) {
    if (isCatchAll(route)) continue;
    const own = isOwn(route);
    const note = <K>(found: Map<K, Contribution>, key: K): void => {
      let entry = found.get(key);
      if (entry === undefined) {
        entry = { own: new Set(), foreign: new Set() };
        found.set(key, entry);
      }
      (own ? entry.own : entry.foreign).add(route);
    };
    const seen = new Set<Invocation>();
    const stack: Invocation[] = [];
    for (const { place, invocation } of route.steps) {
      note(byCall, place.node);
      stack.push(invocation);
    }
    while (stack.length > 0) {
      const invocation = stack.pop();
      if (invocation === undefined || seen.has(invocation)) continue;
      seen.add(invocation);
      note(byInvocation, invocation);
      for (const caller of invocation.callers) {
        for (const call of caller.calls.values())
          if (call.callee === invocation) note(byCall, call.place.node);
        stack.push(caller);
      }
    }
  }
  return { byCall, byInvocation };
}
