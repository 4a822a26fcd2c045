import type { Timeouts } from '../../migration-plans/plan/plan.ts';
import type { ForwardFailure } from './port.ts';

/** Where an exchange is. */
export type Phase = 'queue' | 'connect' | 'upload' | 'headers' | 'body' | 'linger' | 'tunnel' | 'over';

/**
 * Whose turn it is while bytes move, which decides whose fault silence is: an upstream that is punished for slow clients could be put
 * out of use by any of them.
 */
export type Turn = 'client' | 'upstream';

/** How long nothing may move in this phase, in milliseconds; 0: unlimited. Pure. */
export function idleLimit(phase: Phase, turn: Turn, { idleMs }: Timeouts, requestIdleMs: number): number {
  if (phase !== 'upload' || turn === 'upstream' || requestIdleMs === 0) return idleMs;
  return idleMs === 0 ? requestIdleMs : Math.min(idleMs, requestIdleMs);
}

/** What it means that time ran out in this phase; undefined: nothing that this clock decides. Pure. */
export function lateness(phase: Phase, turn: Turn): ForwardFailure | undefined {
  switch (phase) {
    case 'queue':
      return 'overload';
    case 'upload':
      // An upstream that takes nothing is as late as one that says nothing.
      return turn === 'client' ? 'client-timeout' : 'timeout-headers';
    case 'headers':
      return 'timeout-headers';
    case 'body':
      return turn === 'client' ? 'client-timeout' : 'timeout-idle';
    case 'connect':
    case 'linger':
    case 'tunnel':
    case 'over':
      return undefined;
  }
}
