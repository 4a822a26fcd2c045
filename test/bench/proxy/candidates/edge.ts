import { PRODUCTION_PARTS } from '../../../../edge-proxy/composition.ts';
import { createEndpointPool } from '../../../../edge-proxy/discovery/balance.ts';
import { createForwarder } from '../../../../edge-proxy/forward/index.ts';
import { startEdge } from '../../../../edge-proxy/server.ts';
import { helpersGiveWay } from '../../../../edge-proxy/thread-priority.ts';
import { createUpstreams } from '../../../../edge-proxy/upstreams.ts';
import { openStateStore } from '../../../../migration-plans/state-store/postgres.ts';
import { MemoryStore } from '../../../edge/support/memory-store.ts';
import { Places } from '../../../edge/support/places.ts';
import { listening, ORIGIN_URL } from '../candidate.ts';
import { benchRevision, type EdgeVariant, SERVICE_KEY } from '../revisions.ts';
import { type Peaks, watchBlocks, watchPeaks } from './watch.ts';

/**
 * Our edge as `strangler edge` runs it: metrics, access log to stdout, secret for pins, balancing, production limits. Only the state
 * store and Cloud Map, which no request waits for, are stand-ins in memory. BENCH_EDGE says what it serves; with BENCH_STORE, the URL of a
 * real state store, that says it, and the last good revision is kept in BENCH_FOLDER. BENCH_WATCH: what is watched besides, `blocks` of
 * the event loop or `memory`.
 */
helpersGiveWay();
const variant = JSON.parse(process.env.BENCH_EDGE ?? '{}') as EdgeVariant;
const store = new MemoryStore();
// It would keep what it is given, and that would count as the edge's memory.
store.addEvidence = async () => {};
const { BENCH_STORE, BENCH_FOLDER, BENCH_WATCH } = process.env;
if (BENCH_STORE === undefined) store.publish(benchRevision(1, variant));
const realStore = BENCH_STORE === undefined ? undefined : await openStateStore({ url: BENCH_STORE });
const places = new Places({ [SERVICE_KEY]: process.env.BENCH_SERVICE ?? ORIGIN_URL });
const longestBlock = BENCH_WATCH === 'blocks' ? watchBlocks() : undefined;
let peaks: Peaks = { peakRss: 0, peakHeld: 0 };
const edge = await startEdge(
  {
    monolith: ORIGIN_URL,
    store: realStore ?? store.asStore(),
    ...(BENCH_FOLDER === undefined ? {} : { stateFolder: BENCH_FOLDER }),
    listen: { host: '127.0.0.1', port: 0 },
    admin: { host: '127.0.0.1', port: 0 },
    overrideSecret: 'of the benchmarks, for nothing',
  },
  {
    upstreams: ({ options }) =>
      createUpstreams({
        monolith: { url: options.monolith },
        forwarder: createForwarder(),
        directory: places,
        createPool: createEndpointPool,
      }),
    shadow: (context) => {
      const shadow = PRODUCTION_PARTS.shadow!(context);
      if (BENCH_WATCH === 'memory') peaks = watchPeaks(() => shadow.stats().bytesHeld);
      return shadow;
    },
  },
);

/** What the edge says of mirroring so far. */
export interface ShadowFigures extends Peaks {
  sent: number;
  compared: number;
  dropped: Partial<Record<string, number>>;
}

listening(Number(new URL(edge.url).port), {
  shadow(): ShadowFigures {
    const { sent = 0, compared = 0, dropped = {} } = edge.status().shadow ?? {};
    return { ...peaks, sent, compared, dropped: { ...dropped } };
  },
  /** Number of the revision that it serves. */
  revision: () => edge.status().revision.number,
  longestBlock: () => longestBlock?.(),
});
