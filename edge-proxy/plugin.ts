import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { Edge } from './edge.ts';

export interface EdgePluginOptions {
  /** Of `createEdge`; its owner starts and drains it. */
  edge: Edge;
  /**
   * False: the application's own routes answer first, the edge everything else. True: the edge answers every request of this
   * listener before Fastify's router sees it, which costs less and lets pass what that router would refuse
   * (malformed percent-encodings, unknown methods). Default: false.
   */
  takeOver?: boolean;
  /** The edge takes requests for another protocol (WebSocket). Default: if nobody else in the application does. */
  upgrades?: boolean;
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * The edge within a Fastify application. Requests that it answers are taken before a body is parsed, and the reply is hijacked: neither
 * serializers nor hooks after `onRequest` see them.
 */
export const edgePlugin = fastifyPlugin<EdgePluginOptions>(
  async (app, options) => {
    const { handler } = options.edge;
    // Not-found contexts run the hooks of the instance: a single hook answers whatever has no route, with any method and body.
    app.addHook('onRequest', (request, reply, done) => {
      if (!request.is404) return done();
      reply.hijack();
      handler.handle(request.raw as IncomingMessage, reply.raw as ServerResponse);
    });
    app.addHook('onReady', (done) => {
      if (options.takeOver) takeOver(app, handler.handle);
      const server = app.server as Server;
      if (options.upgrades ?? server.listenerCount('upgrade') === 0) {
        server.on('upgrade', handler.upgrade);
        // WebSocket over HTTP/2, where the server's settings offer it (`enableConnectProtocol`).
        if (app.initialConfig.http2) server.on('connect', handler.connect as () => void);
      }
      done();
    });
  },
  { name: 'strangler-edge', fastify: '5.x' },
);

function takeOver(app: FastifyInstance, handle: RequestListener): void {
  const server = app.server as Server;
  server.removeListener('request', app.routing as RequestListener);
  server.on('request', handle);
}
