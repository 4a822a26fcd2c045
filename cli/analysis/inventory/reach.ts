/** What a set of evaluations reaches: queries and raw statements, through all calls. */
import type { AccessRecord, Invocation, RawRecord } from '../interpret/invocation.ts';

export interface Reached {
  accesses: AccessRecord[];
  raw: RawRecord[];
  invocations: Set<Invocation>;
}

/** Everything that is called from `roots`. Events and authentication are not followed: they happen beside. */
export function reach(roots: readonly Invocation[]): Reached {
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
      if (call.kind !== 'event' && call.kind !== 'authentication') stack.push(call.callee);
  }
  return { accesses, raw, invocations: seen };
}

/** What happens beside what was reached: whoever finds out who asks, or listens to what was emitted. */
export function beside(kind: 'authentication' | 'event', reached: readonly Reached[]): Invocation[] {
  const found = new Set<Invocation>();
  for (const { invocations } of reached)
    for (const invocation of invocations)
      for (const call of invocation.calls.values()) if (call.kind === kind) found.add(call.callee);
  return [...found];
}
