import type { HealthStatus, UpdateInstanceCustomHealthStatusRequest } from '@aws-sdk/client-servicediscovery';
import { answer, type Context, type Decision, serviceOf } from '../context.ts';
import { CloudMapError } from '../errors.ts';
import type { CloudMapState, Health, InstanceRecord, ServiceRecord } from '../state.ts';
import type { Validated } from '../validated.ts';
import { instanceOf } from './instance-reads.ts';

/** A report takes effect after the health delay. Repeating it meanwhile doesn't hasten it, the opposite takes it back. */
export function updateInstanceCustomHealthStatus(
  state: CloudMapState,
  input: Validated<UpdateInstanceCustomHealthStatusRequest>,
  context: Context,
): Decision<object> {
  const service = serviceOf(state, input.ServiceId, context);
  const instance = instanceOf(service, input.InstanceId);
  if (!service.customHealth) {
    throw new CloudMapError('CustomHealthNotFound', `Service ${service.id} has no custom health check.`);
  }
  const health = effective(instance, context.now);
  const awaited =
    instance.reported && instance.reported.effectiveAt > context.now ? instance.reported : undefined;
  const changes = awaited ? awaited.status !== input.Status : health !== input.Status;
  // heartbeats mostly repeat what is known: they cost no write
  if (!changes) return answer({});
  const reported =
    health === input.Status
      ? undefined
      : { status: input.Status, effectiveAt: context.now + context.healthDelayMs };
  return answer(
    {},
    { kind: 'health-reported', serviceId: service.id, instanceId: instance.id, health, reported },
  );
}

/**
 * The health that Cloud Map tells of an instance. Without a health check it is unknown. Nobody probes for Route 53 here: instances
 * with such a check are healthy, as Route 53 says before its first probes.
 */
export function healthAt(service: ServiceRecord, instance: InstanceRecord, now: number): HealthStatus {
  if (service.customHealth) return effective(instance, now);
  return service.healthCheck ? 'HEALTHY' : 'UNKNOWN';
}

function effective({ health, reported }: InstanceRecord, now: number): Health {
  return reported && reported.effectiveAt <= now ? reported.status : health;
}
