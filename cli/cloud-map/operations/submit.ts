import type { OperationTargetType, OperationType } from '@aws-sdk/client-servicediscovery';
import { answer, type Context, type Decision } from '../context.ts';
import { CloudMapError } from '../errors.ts';
import type { CloudMapState, OperationRecord, Work } from '../state.ts';

export interface Submission {
  type: OperationType;
  targets: Partial<Record<OperationTargetType, string>>;
  work: Work;
  /** CreatorRequestId or UpdaterRequestId. */
  requestId: string | undefined;
  fingerprint: string;
}

/** Accepts work to be done after the operation delay. @throws CloudMapError ResourceLimitExceeded */
export function submit(
  state: CloudMapState,
  submission: Submission,
  context: Context,
): Decision<{ OperationId: string }> {
  if (state.open.length >= context.limits.openOperations) {
    throw new CloudMapError('ResourceLimitExceeded', 'Too many operations are in progress.');
  }
  const id = `${context.ids.random(32)}-${context.ids.random(8)}`;
  const { now, operationDelayMs } = context;
  return answer(
    { OperationId: id },
    {
      kind: 'operation-submitted',
      operation: {
        ...submission,
        id,
        createDate: now,
        pendingAt: now + Math.floor(operationDelayMs / 2),
        dueAt: now + operationDelayMs,
        result: 'open',
        errorCode: undefined,
        errorMessage: undefined,
      },
    },
  );
}

/** The first open operation that matches. */
export function openOperation(
  state: CloudMapState,
  matches: (work: Work) => boolean,
): OperationRecord | undefined {
  for (const id of state.open) {
    const operation = state.operations.get(id);
    if (operation?.work && matches(operation.work)) return operation;
  }
  return undefined;
}

/**
 * The operation that an earlier request with the same request id started, so that a retry starts nothing.
 *
 * @throws CloudMapError DuplicateRequest when that request asked for something else
 */
export function retriedOperation(
  state: CloudMapState,
  submission: Pick<Submission, 'type' | 'requestId' | 'fingerprint'>,
  /** Whether what a finished operation made is still there; if not, the request is a new one. */
  stillStands: (operation: OperationRecord) => boolean,
): OperationRecord | undefined {
  const { type, requestId, fingerprint } = submission;
  if (requestId === undefined) return undefined;
  let found: OperationRecord | undefined;
  for (const operation of state.operations.values()) {
    if (operation.type !== type || operation.requestId !== requestId || operation.result === 'FAIL') continue;
    if (operation.result === 'open' || stillStands(operation)) found = operation;
  }
  if (found && found.fingerprint !== fingerprint) {
    throw duplicateRequest(found, 'Another request with this request id has other parameters.');
  }
  return found;
}

export function duplicateRequest(
  operation: OperationRecord,
  message = 'The operation is already in progress.',
): CloudMapError {
  return new CloudMapError('DuplicateRequest', message, { DuplicateOperationId: operation.id });
}
