import type { CreateServiceRequest, DnsRecord, HealthCheckConfig } from '@aws-sdk/client-servicediscovery';
import { invalidInput } from '../errors.ts';
import type { DnsRecordConfig, NamespaceRecord, ServiceRecord } from '../state.ts';
import type { Validated } from '../validated.ts';

/** The combinations of DNS records that a service may have, sorted. */
const RECORD_SETS = new Set(['A', 'AAAA', 'A,AAAA', 'SRV', 'CNAME']);

/** What the settings of a new service come to. @throws CloudMapError InvalidInput */
export function serviceSettings(
  input: Validated<CreateServiceRequest>,
  namespace: NamespaceRecord,
): Pick<ServiceRecord, 'dns' | 'type' | 'healthCheck' | 'customHealth'> {
  const { DnsConfig: dns, HealthCheckConfig: check, HealthCheckCustomConfig: custom } = input;
  if (check && custom) {
    throw invalidInput('Specify either HealthCheckConfig or HealthCheckCustomConfig, not both.');
  }
  const api = namespace.type === 'HTTP' || input.Type === 'HTTP';
  if (api && dns) throw invalidInput('DnsConfig is not supported for services that only the API discovers.');
  if (!api && !dns) throw invalidInput('DnsConfig is required in a DNS namespace unless Type is HTTP.');
  if (check && namespace.type === 'DNS_PRIVATE') {
    throw invalidInput('HealthCheckConfig is not supported in private DNS namespaces.');
  }
  const config = dns && recordConfig(dns.DnsRecords, dns.RoutingPolicy);
  return {
    dns: config,
    type: api ? 'HTTP' : 'DNS_HTTP',
    healthCheck: check && healthCheckSettings(check, config),
    customHealth: custom !== undefined,
  };
}

function recordConfig(
  records: readonly Validated<DnsRecord>[],
  routing: DnsRecordConfig['routingPolicy'] | undefined,
): DnsRecordConfig {
  const types = records.map((record) => record.Type).sort();
  if (!RECORD_SETS.has(types.join(','))) {
    throw invalidInput(`DnsRecords of types [${types.join(', ')}] can't be combined.`);
  }
  const cname = types.includes('CNAME');
  if (cname && routing !== 'WEIGHTED') throw invalidInput('A CNAME record needs the RoutingPolicy WEIGHTED.');
  return { routingPolicy: routing ?? 'MULTIVALUE', records: [...records] };
}

/** @throws CloudMapError InvalidInput */
export function healthCheckSettings(
  check: Validated<HealthCheckConfig>,
  dns: DnsRecordConfig | undefined,
): Validated<HealthCheckConfig> {
  if (dns?.records.some((record) => record.Type === 'CNAME')) {
    throw invalidInput('HealthCheckConfig is not supported together with a CNAME record.');
  }
  if (check.Type === 'TCP' && check.ResourcePath !== undefined) {
    throw invalidInput('ResourcePath is not supported for health checks of type TCP.');
  }
  return {
    Type: check.Type,
    ...(check.Type === 'TCP' ? {} : { ResourcePath: check.ResourcePath ?? '/' }),
    FailureThreshold: check.FailureThreshold ?? 1,
  };
}

/** An update may change times to live and leave records out, but add none. @throws CloudMapError InvalidInput */
export function updatedRecords(
  present: DnsRecordConfig | undefined,
  asked: readonly Validated<DnsRecord>[] | undefined,
): DnsRecordConfig | undefined {
  if (!asked) return undefined;
  if (!present) throw invalidInput('The service has no DNS configuration to update.');
  const added = asked.find((record) => !present.records.some((known) => known.Type === record.Type));
  if (added) throw invalidInput(`A record of type ${added.Type} can't be added to an existing service.`);
  return recordConfig(asked, present.routingPolicy);
}
