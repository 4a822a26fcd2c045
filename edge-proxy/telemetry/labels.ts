import type { Target } from '../../migration-plans/revision/revision.ts';
import { DECISION_REASONS, type DecisionReason } from '../../migration-plans/routing/decision.ts';
import type { ForwardFailure } from '../forward/port.ts';

/** The closed vocabularies of all metric labels that a request can influence. Nothing a client sends becomes a label by itself. */
export const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'QUERY',
  'UPGRADE',
  'OTHER',
] as const;
const OTHER_METHOD = METHODS.length - 1;
const METHOD_INDEX = new Map<string, number>(METHODS.map((method, index) => [method, index]));

export const UPGRADE_METHOD = METHODS.indexOf('UPGRADE');

/** `edge`: the edge answered by itself, such as 502 or 503. */
export const ANSWERERS = ['monolith', 'service', 'edge'] as const;

/** `0xx`: the client got no answer. */
export const STATUS_CLASSES = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

export const FAILURES = [
  'connect',
  'timeout-connect',
  'timeout-headers',
  'timeout-idle',
  'timeout-total',
  'malformed',
  'cut',
  'client-timeout',
  'overload',
  'no-endpoint',
  'client-aborted',
  'bad-request',
] as const satisfies readonly ForwardFailure[];
const FAILURE_INDEX = new Map<string, number>(FAILURES.map((failure, index) => [failure, index]));
const REASON_INDEX = new Map<string, number>(DECISION_REASONS.map((reason, index) => [reason, index]));

/** A method that a client sent under the name `UPGRADE` is not an upgrade, and counts as `OTHER`. */
export function methodIndex(method: string): number {
  const index = METHOD_INDEX.get(method);
  return index === undefined || index === UPGRADE_METHOD ? OTHER_METHOD : index;
}

export function answererIndex(target: Target | undefined): number {
  if (target === 'monolith') return 0;
  return target === 'service' ? 1 : 2;
}

export function statusClassIndex(status: number): number {
  const index = (status / 100) | 0;
  return index >= 1 && index <= 5 ? index : 0;
}

export function failureIndex(failure: ForwardFailure): number {
  return FAILURE_INDEX.get(failure) ?? FAILURES.length - 1;
}

export function reasonIndex(reason: DecisionReason): number {
  return REASON_INDEX.get(reason) ?? 0;
}
