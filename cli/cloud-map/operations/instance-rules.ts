import { isIPv4, isIPv6 } from 'node:net';
import type { RecordType } from '@aws-sdk/client-servicediscovery';
import type { Context } from '../context.ts';
import { invalidInput } from '../errors.ts';
import type { Health, NamespaceRecord, ServiceRecord } from '../state.ts';

type Attributes = Readonly<Record<string, string>>;

/** Attributes with a meaning of their own; all others are custom. */
const AWS_ATTRIBUTES = new Set([
  'AWS_ALIAS_DNS_NAME',
  'AWS_EC2_INSTANCE_ID',
  'AWS_INIT_HEALTH_STATUS',
  'AWS_INSTANCE_CNAME',
  'AWS_INSTANCE_IPV4',
  'AWS_INSTANCE_IPV6',
  'AWS_INSTANCE_PORT',
]);

/** What each type of DNS record needs: of every group at least one attribute. */
const NEEDED: Readonly<Record<RecordType, readonly (readonly string[])[]>> = {
  A: [['AWS_INSTANCE_IPV4']],
  AAAA: [['AWS_INSTANCE_IPV6']],
  CNAME: [['AWS_INSTANCE_CNAME']],
  SRV: [['AWS_INSTANCE_PORT'], ['AWS_INSTANCE_IPV4', 'AWS_INSTANCE_IPV6']],
};

interface Registration {
  attributes: Attributes;
  service: ServiceRecord;
  namespace: NamespaceRecord;
}

/** Each rule of RegisterInstance in the API reference: what is wrong, or undefined. */
const RULES: readonly ((registration: Registration) => string | undefined)[] = [
  addresses,
  initialHealth,
  ec2Instance,
  alias,
  dnsRecords,
  healthCheckPort,
];

/** @throws CloudMapError InvalidInput telling every rule that the attributes break */
export function checkAttributes(registration: Registration, context: Context): void {
  const { customAttributesPerInstance, attributeCharacters } = context.limits;
  const entries = Object.entries(registration.attributes);
  const custom = entries.filter(([key]) => !AWS_ATTRIBUTES.has(key));
  if (custom.length > customAttributesPerInstance) {
    throw invalidInput(`An instance can have at most ${customAttributesPerInstance} custom attributes.`);
  }
  const characters = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (characters > attributeCharacters) {
    throw invalidInput(`The attributes of an instance can have at most ${attributeCharacters} characters.`);
  }
  const wrong = RULES.map((rule) => rule(registration)).filter((text) => text !== undefined);
  if (wrong.length > 0) throw invalidInput(wrong.join(' '));
}

export function healthAtStart(attributes: Attributes): Health {
  return attributes.AWS_INIT_HEALTH_STATUS === 'UNHEALTHY' ? 'UNHEALTHY' : 'HEALTHY';
}

function addresses({ attributes }: Registration): string | undefined {
  const { AWS_INSTANCE_IPV4: v4, AWS_INSTANCE_IPV6: v6, AWS_INSTANCE_PORT: port } = attributes;
  if (v4 !== undefined && !isIPv4(v4)) return 'AWS_INSTANCE_IPV4 is not an IPv4 address.';
  if (v6 !== undefined && !isIPv6(v6)) return 'AWS_INSTANCE_IPV6 is not an IPv6 address.';
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    return 'AWS_INSTANCE_PORT is not a port from 1 to 65535.';
  }
  return undefined;
}

function initialHealth({ attributes, service }: Registration): string | undefined {
  const status = attributes.AWS_INIT_HEALTH_STATUS;
  if (status === undefined) return undefined;
  if (status !== 'HEALTHY' && status !== 'UNHEALTHY') {
    return 'AWS_INIT_HEALTH_STATUS must be HEALTHY or UNHEALTHY.';
  }
  return service.customHealth
    ? undefined
    : 'AWS_INIT_HEALTH_STATUS needs a service with HealthCheckCustomConfig.';
}

function ec2Instance({ attributes, namespace }: Registration): string | undefined {
  if (attributes.AWS_EC2_INSTANCE_ID === undefined) return undefined;
  if (namespace.type !== 'HTTP') return 'AWS_EC2_INSTANCE_ID is supported in HTTP namespaces only.';
  const others = Object.keys(attributes).some(
    (key) => AWS_ATTRIBUTES.has(key) && key !== 'AWS_EC2_INSTANCE_ID' && key !== 'AWS_INIT_HEALTH_STATUS',
  );
  return others
    ? 'With AWS_EC2_INSTANCE_ID, of the AWS attributes only AWS_INIT_HEALTH_STATUS is supported.'
    : undefined;
}

function alias({ attributes, service }: Registration): string | undefined {
  if (attributes.AWS_ALIAS_DNS_NAME === undefined) return undefined;
  if (Object.keys(attributes).some((key) => key.startsWith('AWS_INSTANCE_'))) {
    return 'AWS_ALIAS_DNS_NAME excludes the AWS_INSTANCE attributes.';
  }
  const types = service.dns?.records.map((record) => record.Type) ?? [];
  if (!types.some((type) => type === 'A' || type === 'AAAA') || service.dns?.routingPolicy !== 'WEIGHTED') {
    return 'AWS_ALIAS_DNS_NAME needs a service with A or AAAA records and the RoutingPolicy WEIGHTED.';
  }
  return undefined;
}

function dnsRecords({ attributes, service }: Registration): string | undefined {
  if (!service.dns || attributes.AWS_ALIAS_DNS_NAME !== undefined) return undefined;
  const has = (key: string) => attributes[key] !== undefined;
  const missing = service.dns.records.flatMap(({ Type }) => NEEDED[Type].filter((oneOf) => !oneOf.some(has)));
  return missing.length === 0
    ? undefined
    : `The DNS records of the service need ${missing.map((oneOf) => oneOf.join(' or ')).join(', ')}.`;
}

function healthCheckPort({ attributes, service }: Registration): string | undefined {
  if (!service.healthCheck || attributes.AWS_ALIAS_DNS_NAME !== undefined) return undefined;
  const missing = attributes.AWS_INSTANCE_PORT === undefined && attributes.AWS_EC2_INSTANCE_ID === undefined;
  return missing ? 'The health check of the service needs AWS_INSTANCE_PORT.' : undefined;
}
