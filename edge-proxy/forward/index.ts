export { createForwarder } from './forwarder.ts';
export type { ForwarderOptions } from './options.ts';
export type { OwnAnswer } from './own-answers.ts';
export { prepareServer, refuseRaw } from './server-hooks.ts';
export { mayUpgrade, SERVER_LIMITS } from './server-limits.ts';
export { type MonolithOptions, monolithUpstream, type ServiceOptions, serviceUpstream } from './upstreams.ts';
