import { randomUUID } from 'node:crypto';
import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyFormbody from '@fastify/formbody';
import Fastify, { type FastifyInstance } from 'fastify';
import { prisma } from './database.ts';
import { databaseAnswers, type Readiness } from './readiness.ts';
import reviewApi from './reviews/api.ts';
import moderationRoutes from './reviews/moderation-routes.ts';
import reviewRoutes from './reviews/routes.ts';
import reviewVotesApi from './reviews/votes-api.ts';
import errorPlugin from './shop/errors.ts';
import sessionPlugin from './shop/session.ts';

/** The reviews of the shop on the shop's addresses, and two for the platform. It does not listen yet. */
export async function buildApp(readiness: Readiness = { draining: false }): Promise<FastifyInstance> {
  const app = Fastify({
    logger: { level: process.env.LOG_LEVEL ?? 'warn' },
    genReqId: () => randomUUID(),
    trustProxy: process.env.TRUST_PROXY === '1',
    bodyLimit: 1024 * 1024,
    // Whoever found this instance just before it ends still gets a real answer.
    return503OnClosing: false,
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-powered-by', 'Old Harbour Shop/10.4');
  });
  app.addHook('onSend', async (_request, reply) => {
    if (readiness.draining) reply.header('connection', 'close');
  });
  await app.register(fastifyCookie);
  await app.register(fastifyFormbody);
  await app.register(fastifyCompress, { global: false });
  // The shop takes uploads elsewhere: here a multipart form is a form without fields.
  app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null));
  await app.register(errorPlugin);
  await app.register(sessionPlugin);

  app.register(reviewRoutes);
  app.register(reviewApi, { prefix: '/api' });
  app.register(reviewVotesApi, { prefix: '/api' });
  app.register(moderationRoutes);

  app.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', async (_request, reply) => {
    const problem = readiness.draining ? 'draining' : (await databaseAnswers()) ? undefined : 'database';
    return reply
      .code(problem ? 503 : 200)
      .type('text/plain')
      .send(`${problem ?? 'ready'}\n`);
  });
  app.addHook('onClose', () => prisma.$disconnect());
  return app;
}
