/** Stands for the generated list of ports while this folder is type-checked; no text is taken from here. */
export interface PortFacts {
  /** Whether it only reads, so that a call that was lost may be made once more. */
  reads: boolean;
  /** Longest time of one call in ms; without it PORT_TIMEOUT_MS, or 5000. */
  timeout?: number;
}
export const portsDigest: string = '';
export const portsFolder: string = '';
export const ports: { [address: string]: PortFacts } = {};
export interface IdentityFacts {
  /** What it sets on the request. */
  properties: string[];
  /** Headers that it reads besides those that are always asked with. */
  headers: string[];
}
export const identities: { [name: string]: IdentityFacts } = {};
