import { isIPv4, isIPv6 } from 'node:net';
import type { Endpoint } from './port.ts';

/** What Cloud Map says of an instance. Everything in it was written by whoever may register: it is checked, not believed. */
export interface InstanceSummary {
  InstanceId?: string | undefined;
  HealthStatus?: string | undefined;
  Attributes?: Readonly<Record<string, string>> | undefined;
}

export type IgnoredReason = 'id' | 'address' | 'port' | 'duplicate' | 'limit';

export interface ParsedInstances {
  /** Sorted by id, so that equal lists are equal and every edge keeps the same ones under a limit. */
  endpoints: readonly Endpoint[];
  ignored: Readonly<Record<IgnoredReason, number>>;
}

const INSTANCE_ID = /^[0-9a-zA-Z_/:.@-]{1,64}$/;
const HOST_LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${HOST_LABEL}(\\.${HOST_LABEL})*$`, 'i');
const VERSION = /^[\x21-\x7e]{1,128}$/;
const MAX_WEIGHT = 1000;

/**
 * The endpoints among the instances. Address from AWS_INSTANCE_IPV4, else AWS_INSTANCE_IPV6, else AWS_INSTANCE_CNAME or
 * AWS_ALIAS_DNS_NAME; port from AWS_INSTANCE_PORT, else that of the scheme; custom attributes `protocol` (`https`), `version` and
 * `weight` (1 to 1000). An attribute that is there but invalid is never replaced by a guess: the instance is ignored.
 */
export function parseInstances(instances: readonly InstanceSummary[], limit: number): ParsedInstances {
  const ignored: Record<IgnoredReason, number> = { id: 0, address: 0, port: 0, duplicate: 0, limit: 0 };
  const byId = new Map<string, Endpoint>();
  for (const instance of instances) {
    const endpoint = endpointOf(instance);
    if (typeof endpoint === 'string') ignored[endpoint] += 1;
    else if (byId.has(endpoint.id)) ignored.duplicate += 1;
    else byId.set(endpoint.id, endpoint);
  }
  const sorted = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  ignored.limit = Math.max(0, sorted.length - limit);
  return { endpoints: sorted.slice(0, limit), ignored };
}

function endpointOf(instance: InstanceSummary): Endpoint | IgnoredReason {
  const id = instance.InstanceId;
  if (typeof id !== 'string' || !INSTANCE_ID.test(id)) return 'id';
  const read = (key: string) => attribute(instance.Attributes, key);
  const host = hostOf(read);
  if (host === undefined) return 'address';
  const secure = read('protocol')?.toLowerCase() === 'https';
  const port = portOf(read('AWS_INSTANCE_PORT'), secure);
  if (port === undefined) return 'port';
  const weight = weightOf(read('weight'));
  const version = read('version');
  return {
    id,
    host,
    port,
    secure,
    version: version !== undefined && VERSION.test(version) ? version : undefined,
    // without a health check Cloud Map says UNKNOWN, and nothing speaks against the instance
    healthy: instance.HealthStatus !== 'UNHEALTHY',
    ...(weight === undefined ? {} : { weight }),
  };
}

function attribute(attributes: InstanceSummary['Attributes'], key: string): string | undefined {
  if (!attributes || !Object.hasOwn(attributes, key)) return undefined;
  const value: unknown = attributes[key];
  return typeof value === 'string' ? value : undefined;
}

function hostOf(read: (key: string) => string | undefined): string | undefined {
  const v4 = read('AWS_INSTANCE_IPV4');
  if (v4 !== undefined) return isIPv4(v4) && isUsableIPv4(v4) ? v4 : undefined;
  const v6 = read('AWS_INSTANCE_IPV6');
  if (v6 !== undefined) return isIPv6(v6) && isUsableIPv6(v6) ? v6.toLowerCase() : undefined;
  const name = (read('AWS_INSTANCE_CNAME') ?? read('AWS_ALIAS_DNS_NAME'))?.replace(/\.$/, '');
  return name !== undefined && isHost(name) ? name.toLowerCase() : undefined;
}

/** An address or a host name that may be connected to. */
export function isHost(host: string): boolean {
  if (isIPv4(host)) return isUsableIPv4(host);
  if (isIPv6(host)) return isUsableIPv6(host);
  // names of digits and dots only are addresses in disguise (0x7f.1, 2130706433), which resolvers read each in their own way
  return HOST_NAME.test(host) && !/^(0x[0-9a-f]*|\d+)$/i.test(host.split('.').at(-1) ?? '');
}

/** Not: this network, link-local (where clouds keep their metadata service), multicast, reserved (RFC 6890). */
function isUsableIPv4(address: string): boolean {
  const [first = 0, second = 0] = address.split('.').map(Number);
  return first !== 0 && first < 224 && !(first === 169 && second === 254);
}

/** Not: unspecified, link-local and zoned, multicast, IPv4 in disguise. */
function isUsableIPv6(address: string): boolean {
  const text = address.toLowerCase();
  return !/^[:0]*$/.test(text) && !/^fe[89ab]|^ff|^[:0]*:ffff:|[%.]/.test(text);
}

function portOf(text: string | undefined, secure: boolean): number | undefined {
  if (text === undefined) return secure ? 443 : 80;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function weightOf(text: string | undefined): number | undefined {
  const weight = text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return weight >= 1 && weight <= MAX_WEIGHT ? weight : undefined;
}
