import { startEdge } from '../../../edge-proxy/server.ts';
import { createShadow, type Shadow } from '../../../edge-proxy/shadow/pipeline.ts';
import { MemoryStore } from '../../edge/support/memory-store.ts';
import { Places, partsWith } from '../../edge/support/places.ts';
import { reviews } from '../../edge/support/revisions.ts';
import type { EdgeFigures } from './figures.ts';

/** An edge as a process of its own, before MONOLITH. With SERVICE every read is mirrored to it, a twentieth probed; without, none. */
const monolith = process.env.MONOLITH ?? '';
const service = process.env.SERVICE;
const store = new MemoryStore();
const phase = service === undefined ? 'monolith' : 'shadow';
store.publish(
  reviews(
    1,
    { phase },
    {
      shadow: {
        sampleBp: 10_000,
        noiseProbeBp: 500,
        maxBodyBytes: 1_048_576,
        timeoutMs: 5_000,
        sandbox: undefined,
        headers: { monolith: {}, service: {} },
      },
    },
  ),
);
let shadow: Shadow | undefined;
const edge = await startEdge(
  {
    monolith,
    store: store.asStore(),
    listen: { host: '127.0.0.1', port: 0 },
    log: { level: 'silent' },
    accessLog: false,
  },
  {
    ...partsWith(new Places(service === undefined ? {} : { 'default/reviews': service })),
    shadow({ id, options, upstreams, sink }) {
      shadow = createShadow({
        edge: id,
        monolithUrl: options.monolith,
        pickEndpoint: (key) => upstreams.pickEndpoint(key),
        endpointsOf: () => [],
        versionOf: () => '1',
        sink,
      });
      return shadow;
    },
  },
);

let peakBytes = 0;
let peakHeld = 0;
const timer = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  peakHeld = Math.max(peakHeld, shadow?.stats().bytesHeld ?? 0);
}, 100);

process.on('message', () => {
  const stats = shadow?.stats();
  const figures: EdgeFigures = {
    peakBytes,
    peakHeld,
    sent: stats?.sent ?? 0,
    compared: stats?.compared ?? 0,
    dropped: { ...stats?.dropped },
  };
  process.send?.({ figures });
});
process.on('disconnect', () => {
  clearInterval(timer);
  process.exit(0);
});
process.send?.({ port: Number(new URL(edge.url).port) });
