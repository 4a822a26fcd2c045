import { withEntry, withoutEntry } from './collections.ts';
import type { CloudMapState, Health, OperationRecord, ServiceRecord, Tags } from './state.ts';

/**
 * What an accepted request changed. Events are what is written to disk, and carry every id and time, so that replaying them needs
 * neither clock nor chance.
 */
export type CloudMapEvent =
  | { kind: 'operation-submitted'; operation: Omit<OperationRecord, 'ordinal'> }
  | { kind: 'service-created'; service: NewService; arn: string; tags: Tags }
  | { kind: 'service-deleted'; serviceId: string; arn: string }
  | { kind: 'service-attributes-set'; serviceId: string; attributes: Readonly<Record<string, string>> }
  | { kind: 'service-attributes-removed'; serviceId: string; keys: readonly string[] }
  | { kind: 'health-reported'; serviceId: string; instanceId: string; health: Health; reported: Reported }
  | { kind: 'tagged'; arn: string; tags: Tags }
  | { kind: 'untagged'; arn: string; keys: readonly string[] };

export type NewService = Omit<ServiceRecord, 'ordinal' | 'revision' | 'instances' | 'attributes'>;
type Reported = { status: Health; effectiveAt: number } | undefined;

/** The state after an event. Total: an event about something that is gone changes nothing. */
export function applyEvent(state: CloudMapState, event: CloudMapEvent): CloudMapState {
  switch (event.kind) {
    case 'operation-submitted': {
      const ordinal = state.ordinal + 1;
      const operation = { ...event.operation, ordinal };
      return {
        ...state,
        ordinal,
        operations: withEntry(state.operations, operation.id, operation),
        open: [...state.open, operation.id],
      };
    }
    case 'service-created': {
      const ordinal = state.ordinal + 1;
      const revision = state.revision + 1;
      const service = { ...event.service, ordinal, revision, instances: new Map(), attributes: {} };
      return {
        ...state,
        ordinal,
        revision,
        services: withEntry(state.services, service.id, service),
        tags: withEntry(state.tags, event.arn, event.tags),
      };
    }
    case 'service-deleted':
      return {
        ...state,
        services: withoutEntry(state.services, event.serviceId),
        tags: withoutEntry(state.tags, event.arn),
      };
    case 'service-attributes-set':
      return withService(state, event.serviceId, (service) => ({
        ...service,
        attributes: { ...service.attributes, ...event.attributes },
      }));
    case 'service-attributes-removed':
      return withService(state, event.serviceId, (service) => ({
        ...service,
        attributes: without(service.attributes, event.keys),
      }));
    case 'health-reported':
      return withService(state, event.serviceId, (service) => {
        const instance = service.instances.get(event.instanceId);
        if (!instance) return service;
        const changed = { ...instance, health: event.health, reported: event.reported };
        return { ...service, instances: withEntry(service.instances, instance.id, changed) };
      });
    case 'tagged':
      return {
        ...state,
        tags: withEntry(state.tags, event.arn, { ...state.tags.get(event.arn), ...event.tags }),
      };
    case 'untagged':
      return {
        ...state,
        tags: withEntry(state.tags, event.arn, without(state.tags.get(event.arn) ?? {}, event.keys)),
      };
  }
}

/** The state with one service replaced; the same state where the service is gone. */
export function withService(
  state: CloudMapState,
  serviceId: string,
  change: (service: ServiceRecord) => ServiceRecord,
): CloudMapState {
  const service = state.services.get(serviceId);
  if (!service) return state;
  return { ...state, services: withEntry(state.services, serviceId, change(service)) };
}

function without(record: Readonly<Record<string, string>>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}
