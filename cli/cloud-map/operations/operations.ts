import type {
  GetOperationRequest,
  GetOperationResponse,
  ListOperationsRequest,
  ListOperationsResponse,
  OperationStatus,
} from '@aws-sdk/client-servicediscovery';
import { answer, type Context, type Decision } from '../context.ts';
import { CloudMapError } from '../errors.ts';
import { filterBy } from '../filters.ts';
import { pageOf } from '../paging.ts';
import type { CloudMapState, OperationRecord } from '../state.ts';
import type { Validated } from '../validated.ts';

export function getOperation(
  state: CloudMapState,
  input: Validated<GetOperationRequest>,
  context: Context,
): Decision<GetOperationResponse> {
  const operation = state.operations.get(input.OperationId);
  const foreign = input.OwnerAccount !== undefined && input.OwnerAccount !== context.accountId;
  if (!operation || foreign) {
    throw new CloudMapError('OperationNotFound', `No operation found with ID: ${input.OperationId}`);
  }
  return answer({
    Operation: {
      Id: operation.id,
      OwnerAccount: context.accountId,
      Type: operation.type,
      Status: statusAt(operation, context.now),
      ErrorMessage: operation.errorMessage,
      ErrorCode: operation.errorCode,
      CreateDate: new Date(operation.createDate),
      UpdateDate: new Date(changedAt(operation, context.now)),
      Targets: operation.targets,
    },
  });
}

export function listOperations(
  state: CloudMapState,
  input: Validated<ListOperationsRequest>,
  context: Context,
): Decision<ListOperationsResponse> {
  const matches = filterBy<OperationRecord>(input.Filters ?? [], {
    NAMESPACE_ID: { of: (operation) => namespaceIdOf(state, operation), conditions: ['EQ'] },
    SERVICE_ID: { of: ({ targets }) => targets.SERVICE ?? '', conditions: ['EQ'] },
    STATUS: {
      of: (operation) => statusAt(operation, context.now),
      conditions: ['EQ', 'IN'],
      values: ['SUBMITTED', 'PENDING', 'SUCCESS', 'FAIL'],
      // the reference calls it SUCCEED in filters and SUCCESS in answers
      normalise: (value) => (value === 'SUCCEED' ? 'SUCCESS' : value),
    },
    TYPE: {
      of: ({ type }) => type,
      conditions: ['EQ', 'IN'],
      values: [
        'CREATE_NAMESPACE',
        'DELETE_NAMESPACE',
        'UPDATE_NAMESPACE',
        'UPDATE_SERVICE',
        'REGISTER_INSTANCE',
        'DEREGISTER_INSTANCE',
      ],
    },
    UPDATE_DATE: {
      of: (operation) => String(changedAt(operation, context.now)),
      conditions: ['BETWEEN'],
    },
  });
  const page = pageOf('ListOperations', [...state.operations.values()], input, input.Filters);
  return answer({
    Operations: page.items
      .filter(matches)
      .map((operation) => ({ Id: operation.id, Status: statusAt(operation, context.now) })),
    NextToken: page.nextToken,
  });
}

function statusAt(operation: OperationRecord, now: number): OperationStatus {
  if (operation.result !== 'open') return operation.result;
  return now < operation.pendingAt ? 'SUBMITTED' : 'PENDING';
}

/** When the status became what it is at `now`. */
function changedAt(operation: OperationRecord, now: number): number {
  if (operation.result !== 'open') return operation.dueAt;
  return now < operation.pendingAt ? operation.createDate : operation.pendingAt;
}

function namespaceIdOf(state: CloudMapState, { targets }: OperationRecord): string {
  return targets.NAMESPACE ?? state.services.get(targets.SERVICE ?? '')?.namespaceId ?? '';
}
