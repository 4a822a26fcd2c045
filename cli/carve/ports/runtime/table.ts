/** Stands for the generated table while this folder is type-checked; no text is taken from here. */
import type { Host } from './host.ts';
import type { IdentityTable } from './host-identity.ts';

export const host: Host = { prefix: '/__ports', digest: '', table: {}, identify: undefined };
export const identities: IdentityTable = {};
