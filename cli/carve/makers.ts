import type { Makers } from './produce.ts';

/** Who makes the parts of a service. Undefined: this build plans a carve and writes none. */
export const MAKERS: Makers | undefined = undefined;
