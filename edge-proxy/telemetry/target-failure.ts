import type { ForwardResult } from '../forward/port.ts';

/**
 * Whether an exchange counts as a failure of the target that it was meant for: 5xx answers, connect errors, time limits and broken
 * answers, also those that a fallback hid. What the client did wrong (left, stalled, sent something malformed) is nobody's failure here.
 */
export function isTargetFailure(result: ForwardResult): boolean {
  if (result.fellBack) return true;
  const { failure } = result;
  if (failure === 'client-aborted' || failure === 'client-timeout' || failure === 'bad-request') return false;
  return failure !== undefined || result.status >= 500;
}
