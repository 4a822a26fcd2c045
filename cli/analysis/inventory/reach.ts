/** What a set of evaluations reaches: queries and raw statements, through all calls. */
import type { AccessRecord, Invocation, RawRecord } from '../interpret/invocation.ts';

export interface Reached {
  accesses: AccessRecord[];
  raw: RawRecord[];
  invocations: Set<Invocation>;
}

export function reach(roots: readonly Invocation[], followEvents = false): Reached {
  const seen = new Set<Invocation>();
  const stack = [...roots].reverse();
  const accesses: AccessRecord[] = [];
  const raw: RawRecord[] = [];
  while (stack.length > 0) {
    const invocation = stack.pop();
    if (invocation === undefined || seen.has(invocation)) continue;
    seen.add(invocation);
    accesses.push(...invocation.accesses.values());
    raw.push(...invocation.raw);
    for (const call of invocation.calls.values())
      if (followEvents || call.kind !== 'event') stack.push(call.callee);
  }
  return { accesses, raw, invocations: seen };
}
