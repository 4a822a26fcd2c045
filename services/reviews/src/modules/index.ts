import type { FastifyInstance } from 'fastify';
import reviewApi from './reviews/api.ts';
import moderationRoutes from './reviews/moderation-routes.ts';
import reviewRoutes from './reviews/routes.ts';
import reviewVotesApi from './reviews/votes-api.ts';

/** All modules of the shop on their addresses. */
export async function registerModules(app: FastifyInstance): Promise<void> {

  app.register(reviewRoutes);
  app.register(reviewApi, { prefix: '/api' });
  app.register(reviewVotesApi, { prefix: '/api' });
  app.register(moderationRoutes);

}
