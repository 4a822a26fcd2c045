import type { FastifyInstance } from 'fastify';
import catalogAdmin from './catalog/admin.ts';
import catalogApi from './catalog/api.ts';
import imageRoutes from './catalog/images.ts';
import catalogRoutes from './catalog/routes.ts';

/** All modules of the shop on their addresses. */
export async function registerModules(app: FastifyInstance): Promise<void> {
  app.register(catalogRoutes);
  app.register(imageRoutes, { prefix: '/images' });
  app.register(catalogApi, { prefix: '/api' });
  app.register(catalogAdmin, { prefix: '/admin' });

}
