import type { IncomingMessage, ServerResponse } from 'node:http';
import { isForPort, serve } from './host.ts';
import { identifier } from './host-identity-fastify.ts';
import { host, identities } from './table.ts';

interface HookRequest {
  raw: IncomingMessage;
}

interface HookReply {
  raw: ServerResponse;
  hijack(): unknown;
}

type Hook = (request: HookRequest, reply: HookReply, done: () => void) => void;

/**
 * Puts the ports before all other hooks, parsers and handlers: this hook must be the first that is added. A request for
 * a port is taken out of Fastify's hands.
 */
export function mountPorts<T>(app: T): T {
  const inner = app as unknown as { addHook(name: string, hook: Hook): unknown };
  inner.addHook('onRequest', (request, reply, done) => {
    if (!isForPort(host, request.raw)) {
      done();
      return;
    }
    reply.hijack();
    void serve(host, request.raw, reply.raw);
  });
  host.identify = identifier(app, identities);
  return app;
}
