import { startEdge } from '../../../edge-proxy/server.ts';
import { MemoryStore } from '../../edge/support/memory-store.ts';
import { Places, partsWith } from '../../edge/support/places.ts';

/** An edge without plans as a process of its own, before MONOLITH; it observes unless OBSERVE is `off`. Everything else is as it comes. */
const edge = await startEdge(
  {
    monolith: process.env.MONOLITH ?? '',
    store: new MemoryStore().asStore(),
    listen: { host: '127.0.0.1', port: 0 },
    log: { level: 'info', stream: { write() {} } },
    ...(process.env.OBSERVE === 'off' ? { observe: false as const } : {}),
  },
  partsWith(new Places()),
);
process.on('disconnect', () => process.exit(0));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ micros: user + system });
});
process.send?.({ port: Number(new URL(edge.url).port) });
