import { join } from 'node:path';
import { createEndpointPool } from './discovery/balance.ts';
import { createDiscoveryClient } from './discovery/client.ts';
import { openServiceDirectory } from './discovery/directory.ts';
import type { EdgeParts } from './edge.ts';
import { createForwarder } from './forward/index.ts';
import { createShadow } from './shadow/pipeline.ts';
import { createUpstreams } from './upstreams.ts';

/** The parts of an edge in production: Cloud Map, balanced services, the forwarder and the shadow pipeline. */
export const PRODUCTION_PARTS: EdgeParts = {
  async upstreams({ options, logger }) {
    const { cloudMap, stateFolder, monolith } = options;
    const directory =
      cloudMap &&
      (await openServiceDirectory({
        client: createDiscoveryClient(cloudMap),
        ...(stateFolder === undefined ? {} : { cacheFile: join(stateFolder, 'endpoints.json') }),
        warn: (message) => logger.warn(message),
      }));
    return createUpstreams({
      monolith: { url: monolith, ...options.monolithConnection },
      forwarder: createForwarder(options.forward ?? {}),
      directory,
      createPool: createEndpointPool,
    });
  },
  shadow: ({ id, options, upstreams, sink }) =>
    createShadow({
      edge: id,
      monolithUrl: options.monolith,
      monolithTls: options.monolithConnection?.tls,
      forwarding: options.forward?.headers,
      pickEndpoint: (serviceKey) => upstreams.pickEndpoint(serviceKey),
      endpointsOf: (serviceKey) => upstreams.endpointsOf(serviceKey),
      versionOf: (serviceKey) => upstreams.seen(serviceKey).version,
      sink,
      ...(options.evidenceMs === undefined ? {} : { flushMs: options.evidenceMs }),
    }),
};
