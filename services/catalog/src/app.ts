import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyFormbody from '@fastify/formbody';
import fastifyMultipart from '@fastify/multipart';
import fastifyStatic from '@fastify/static';
import fastifyWebsocket from '@fastify/websocket';
import Fastify, { type FastifyInstance } from 'fastify';
import { prisma } from './database/client.ts';
import { registerModules } from './modules/index.ts';
import errorPlugin from './plugins/errors.ts';
import sessionPlugin from './plugins/session.ts';

/** The whole shop. It does not listen yet. */
export async function buildApp(options: { logLevel?: string } = {}): Promise<FastifyInstance> {
  const app = Fastify({
    logger: { level: options.logLevel ?? process.env.LOG_LEVEL ?? 'warn' },
    genReqId: () => randomUUID(),
    trustProxy: process.env.TRUST_PROXY === '1',
    bodyLimit: 1024 * 1024,
    routerOptions: { ignoreTrailingSlash: false },
  });

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-powered-by', 'Old Harbour Shop/10.4');
  });

  await app.register(fastifyCookie);
  await app.register(fastifyFormbody);
  await app.register(fastifyCompress, { global: false });
  await app.register(fastifyMultipart, { limits: { fileSize: 5 * 1024 * 1024, files: 1, fields: 10 } });
  await app.register(fastifyWebsocket, { options: { maxPayload: 64 * 1024 } });
  await app.register(fastifyStatic, {
    root: join(import.meta.dirname, '../public'),
    prefix: '/assets/',
    maxAge: '1h',
    index: false,
  });
  await app.register(errorPlugin);
  await app.register(sessionPlugin);
  await registerModules(app);

  app.addHook('onClose', () => prisma.$disconnect());
  return app;
}
