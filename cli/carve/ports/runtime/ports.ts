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
