import { readdirSync } from 'node:fs';
import { edgeFor } from '../../edge/support/run.ts';

/** What an edge process holds, after a collection of garbage. */
export interface Held {
  heapBytes: number;
  residentBytes: number;
  /** Open file descriptors; 0 where the system does not show them. */
  descriptors: number;
  inFlight: number;
  /** As the metrics say. */
  connections: number;
}

const FOLDER = '/proc/self/fd';

/** Started by `leak.ts`: an edge with access log and metrics, in a process of its own so that its memory is its own. */
const edge = await edgeFor(process.argv[2] as string, {
  accessLog: true,
  log: { level: 'info', stream: { write() {} } },
  limits: { headersTimeoutMs: 2_000 },
});

process.on('message', async () => {
  const { gc } = globalThis as { gc?: () => void };
  // Twice: what finalizers let go in the first round is collected in the second.
  gc?.();
  await new Promise(setImmediate);
  gc?.();
  const metrics = await (
    await fetch(`${edge.adminUrl}/metrics`, { headers: { connection: 'close' } })
  ).text();
  const { heapUsed, external, rss } = process.memoryUsage();
  const held: Held = {
    heapBytes: heapUsed + external,
    residentBytes: rss,
    descriptors: descriptors(),
    inFlight: edge.status().inFlight,
    connections: Number(/^strangler_connections (\d+)$/m.exec(metrics)?.[1] ?? -1),
  };
  process.send?.(held);
});
process.on('disconnect', () => process.exit());
process.send?.({ port: Number(new URL(edge.url).port) });

function descriptors(): number {
  try {
    return readdirSync(FOLDER).length;
  } catch {
    return 0;
  }
}
