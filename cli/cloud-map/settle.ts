import { withEntry, withoutEntry } from './collections.ts';
import { withService } from './events.ts';
import type { CloudMapState, OperationRecord, Work } from './state.ts';

/** Finished operations that GetOperation and ListOperations still know. */
export const OPERATION_HISTORY = 1000;

/**
 * Does the work of every operation that is due at `now`, in the order of their due times.
 *
 * Deterministic in state and time, and settling in several steps gives the same as in one: that is why completions need not be
 * written to disk. Replaying the requests at their times completes the operations between them as it did the first time.
 */
export function settle(state: CloudMapState, now: number): CloudMapState {
  if (state.open.length === 0) return state;
  const due = state.open
    .map((id) => state.operations.get(id))
    .filter((operation): operation is OperationRecord => operation !== undefined && operation.dueAt <= now)
    .sort((a, b) => a.dueAt - b.dueAt || a.ordinal - b.ordinal);
  if (due.length === 0) return state;

  let settled = state;
  for (const operation of due) settled = complete(settled, operation);
  const done = new Set(due.map((operation) => operation.id));
  return trimHistory({ ...settled, open: settled.open.filter((id) => !done.has(id)) });
}

function complete(state: CloudMapState, operation: OperationRecord): CloudMapState {
  const { work } = operation;
  if (!work) return state;
  const failure = work.kind === 'fail' ? work : undefined;
  const finished: OperationRecord = {
    ...operation,
    result: failure ? 'FAIL' : 'SUCCESS',
    errorCode: failure?.code,
    errorMessage: failure?.message,
    work: undefined,
  };
  const worked = perform(state, work);
  return { ...worked, operations: withEntry(worked.operations, operation.id, finished) };
}

function perform(state: CloudMapState, work: Work): CloudMapState {
  switch (work.kind) {
    case 'create-namespace': {
      const ordinal = state.ordinal + 1;
      const namespace = { ...work.namespace, ordinal };
      return {
        ...state,
        ordinal,
        namespaces: withEntry(state.namespaces, namespace.id, namespace),
        tags: withEntry(state.tags, work.arn, work.tags),
      };
    }
    case 'update-namespace': {
      const namespace = state.namespaces.get(work.namespaceId);
      if (!namespace) return state;
      const changed = {
        ...namespace,
        description: work.description ?? namespace.description,
        soaTtl: work.soaTtl ?? namespace.soaTtl,
      };
      return { ...state, namespaces: withEntry(state.namespaces, namespace.id, changed) };
    }
    case 'delete-namespace':
      return {
        ...state,
        namespaces: withoutEntry(state.namespaces, work.namespaceId),
        tags: withoutEntry(state.tags, work.arn),
      };
    case 'update-service':
      return withService(state, work.serviceId, (service) => ({
        ...service,
        description: work.description ?? service.description,
        dns: work.dns,
        healthCheck: work.healthCheck,
      }));
    case 'register': {
      const ordinal = state.ordinal + 1;
      const revision = state.revision + 1;
      const known = state.services.get(work.serviceId)?.instances.get(work.instance.id);
      const instance = { ...work.instance, ordinal: known?.ordinal ?? ordinal };
      return withService({ ...state, ordinal, revision }, work.serviceId, (service) => ({
        ...service,
        revision,
        instances: withEntry(service.instances, instance.id, instance),
      }));
    }
    case 'deregister': {
      const revision = state.revision + 1;
      return withService({ ...state, revision }, work.serviceId, (service) => ({
        ...service,
        revision,
        instances: withoutEntry(service.instances, work.instanceId),
      }));
    }
    case 'fail':
      return state;
  }
}

function trimHistory(state: CloudMapState): CloudMapState {
  const excess = state.operations.size - state.open.length - OPERATION_HISTORY;
  if (excess <= 0) return state;
  const operations = new Map(state.operations);
  let left = excess;
  for (const operation of state.operations.values()) {
    if (left === 0) break;
    if (operation.result === 'open') continue;
    operations.delete(operation.id);
    left -= 1;
  }
  return { ...state, operations };
}
