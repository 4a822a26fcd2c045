import type { Outcome } from '../discovery/port.ts';
import type { ForwardFailure } from './port.ts';

/** How far an attempt had come when it failed. */
export interface FailedAttempt {
  failure: ForwardFailure;
  /** The upstream cannot have seen any of the request. */
  undelivered: boolean;
  /** A kept connection broke before any byte of an answer, as happens when the upstream closes it just then. */
  stale: boolean;
}

/** What may still be done for the request. */
export interface RecoveryOptions {
  /** Doing it twice does no harm: idempotent by its method (RFC 9110 section 9.2.2) and not declared a write by the plan. */
  repeatable: boolean;
  /** What was read of the request's body can be sent again. */
  replayable: boolean;
  /** The stale connection of this request has been replaced once. */
  staleUsed: boolean;
  retriesLeft: number;
  /** The retry budget of the upstream has room. */
  budget: boolean;
  /** Another endpoint of the same upstream can be asked. */
  elsewhere: boolean;
  fallback: boolean;
}

export type Recovery = 'again' | 'elsewhere' | 'fallback' | 'give-up';

/**
 * What to do about a failed attempt while nothing was sent to the client. Pure.
 * A request that may have been delivered is repeated only if it is repeatable; one that was not is as good as never sent.
 */
export function recover(attempt: FailedAttempt, options: RecoveryOptions): Recovery {
  const { failure } = attempt;
  if (isClients(failure) || failure === 'timeout-total') return 'give-up';
  if (!options.replayable) return 'give-up';
  const mayRepeat = options.repeatable || attempt.undelivered;
  if (!mayRepeat) return 'give-up';
  // Not counted against the budget: the connection was dead already, so the upstream is asked once, not twice.
  if (attempt.stale && !options.staleUsed) return 'again';
  if (retryHelps(failure) && options.elsewhere && options.retriesLeft > 0 && options.budget)
    return 'elsewhere';
  return options.fallback ? 'fallback' : 'give-up';
}

/** The client's doing: no other upstream would fare better. */
export function isClients(failure: ForwardFailure): boolean {
  return failure === 'client-aborted' || failure === 'client-timeout' || failure === 'bad-request';
}

/** A slow upstream is not helped by asking it twice; a broken or unreachable instance may have healthy neighbours. */
function retryHelps(failure: ForwardFailure): boolean {
  return (
    failure === 'connect' || failure === 'timeout-connect' || failure === 'cut' || failure === 'malformed'
  );
}

/** Answers of a service that count as its failure, so that a fallback may answer instead. */
export function failedStatus(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

export function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'PUT':
    case 'DELETE':
    case 'TRACE':
      return true;
    default:
      return false;
  }
}

/** What an attempt says about the endpoint. */
export function outcomeOf(status: number, failure: ForwardFailure | undefined): Outcome {
  switch (failure) {
    case undefined:
      if (failedStatus(status)) return 'gateway-error';
      return status >= 500 ? 'server-error' : 'ok';
    case 'connect':
      return 'connect-error';
    case 'timeout-connect':
    case 'timeout-headers':
    case 'timeout-total':
      return 'timeout';
    case 'client-aborted':
    case 'client-timeout':
    case 'bad-request':
    case 'overload':
      return 'cancelled';
    default:
      return 'gateway-error';
  }
}
