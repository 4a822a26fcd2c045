/** Stands for the generated table while this folder is type-checked; no text is taken from here. */
import type { Host } from './host.ts';

export const host: Host = { prefix: '/__ports', digest: '', table: {}, identify: undefined };
