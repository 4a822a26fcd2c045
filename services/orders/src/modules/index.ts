import type { FastifyInstance } from 'fastify';
import orderApi from './orders/api.ts';
import orderRoutes from './orders/routes.ts';

/** All modules of the shop on their addresses. */
export async function registerModules(app: FastifyInstance): Promise<void> {

  app.register(orderRoutes);
  app.register(orderApi, { prefix: '/api/orders' });

}
