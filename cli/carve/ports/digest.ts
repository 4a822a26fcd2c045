/** The list of ports that a service was made with, as both sides name it. */
import { createHash } from 'node:crypto';
import type { IdentitySpec, PortSpec, ServiceSpec } from '../service/spec.ts';

/** Ports that the service calls, by address. */
export function outwardPorts(spec: ServiceSpec): PortSpec[] {
  return spec.ports
    .filter((port) => port.direction === 'service-to-monolith')
    .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
}

/** Changes with whatever would make a call of one version fail or mean something else in another. */
export function portsDigest(spec: ServiceSpec): string {
  const list = [
    // The form of the messages; to be raised when it changes.
    1,
    outwardPorts(spec).map((port) => [port.address, port.parameterText, port.returnType ?? '']),
    spec.identity.map((item) => [identityName(item), item.properties, item.headers ?? []]),
  ];
  return createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 16);
}

/** Folder of the addresses in the monolith. Each capability has its own: several may be carved from one monolith. */
export function portsFolder(spec: Pick<ServiceSpec, 'capability'>): string {
  return spec.capability.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

/** Name by which the service asks: unlike that of the function it is unique. */
export function identityName(identity: IdentitySpec): string {
  return `${identity.file.replace(/\.[cm]?[jt]sx?$/, '')}.${identity.name.replace(/[^\w$.]+/g, '-')}`;
}

/** Whether it may be called twice: it only reads, and what it works on is known. */
export function onlyReads(port: PortSpec): boolean {
  return port.models.length > 0 && port.models.every((model) => model.access === 'read');
}
