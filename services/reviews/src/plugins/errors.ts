import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { escapeHtml } from '../helpers.ts';
import { sendPage } from '../views/layout.ts';

/** An error of the JSON API as the mobile app knows it. */
export function apiError(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
  fields?: Record<string, string>,
): FastifyReply {
  return reply.code(status).send({ error: { code, message, fields, requestId: request.id } });
}

/** An error as the scripts of the first storefront expect it. */
export function legacyError(reply: FastifyReply, status: number, ...errors: string[]): FastifyReply {
  return reply.code(status).send({ success: false, errors, timestamp: Math.floor(Date.now() / 1000) });
}

/** The page for what does not exist. */
export function notFoundPage(request: FastifyRequest, reply: FastifyReply, what = 'This page'): FastifyReply {
  reply.code(404);
  return sendPage(request, reply, {
    title: 'Not found',
    body: `<h1>Not found</h1>\n<p>${escapeHtml(what)} does not exist (any more).</p>`,
  });
}

/** What nobody answered or caught: a page for the storefront, the framework's own form for everything else. */
export default fp(async function errorPlugin(app: FastifyInstance) {
  app.setNotFoundHandler((request, reply) => {
    if (!request.url.startsWith('/api')) return notFoundPage(request, reply);
    const message = `Route ${request.method}:${request.url} not found`;
    return reply.code(404).send({ statusCode: 404, error: 'Not Found', message });
  });

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return reply.send(error);
    request.log.error(error);
    reply.code(status);
    if (request.url.startsWith('/api')) {
      return reply.send({
        statusCode: status,
        error: 'Internal Server Error',
        message: 'Something went wrong',
      });
    }
    return sendPage(request, reply, {
      title: 'Sorry',
      body: `<h1>Something went wrong</h1>\n<p>Please tell our support this number: ${escapeHtml(request.id)}</p>`,
    });
  });
});
