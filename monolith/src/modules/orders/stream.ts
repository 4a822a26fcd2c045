import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { requireLogin } from '../../plugins/session.ts';
import { type PublishedEvent, watchOrder } from './events.ts';
import { visibleOrder } from './routes.ts';

const heartbeatMs = 15_000;

function eventText(event: PublishedEvent): string {
  const data = { type: event.type, message: event.message, at: event.createdAt };
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The status of an order as server-sent events: what has happened so far, then what happens. */
export default async function orderStream(app: FastifyInstance) {
  const open = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    for (const response of open) response.end();
  });

  app.get<{ Params: { id: string } }>(
    '/orders/:id/events',
    { preHandler: requireLogin, exposeHeadRoute: false },
    async (request, reply) => {
      const order = await visibleOrder(request);
      if (!order) return reply.code(404).type('text/plain; charset=utf-8').send('No such order');
      const lastSeen = Number(request.headers['last-event-id'] ?? 0) || 0;
      reply.hijack();
      const response = reply.raw;
      const headers = reply.getHeaders() as Record<string, string | string[]>;
      response.writeHead(200, {
        ...headers,
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
      });
      response.write('retry: 3000\n\n');
      for (const event of order.events) if (event.id > lastSeen) response.write(eventText(event));
      open.add(response);
      const unwatch = watchOrder(order.id, (event) => response.write(eventText(event)));
      const heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMs);
      response.on('close', () => {
        unwatch();
        clearInterval(heartbeat);
        open.delete(response);
      });
    },
  );
}
