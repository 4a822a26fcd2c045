import type { IncomingMessage, ServerResponse } from 'node:http';
import { isForPort, serve } from './host.ts';
import { identifier } from './host-identity-express.ts';
import { host, identities } from './table.ts';

type Handle = (request: IncomingMessage, response: ServerResponse, next?: unknown) => void;

/**
 * Puts the ports before everything that the application does with a request, whatever was or will be registered.
 * A middleware would not do: registering the first one fixes settings that may still be made.
 */
export function mountPorts<T>(app: T): T {
  const inner = app as unknown as { handle: Handle };
  const handle = inner.handle;
  inner.handle = (request, response, next) => {
    if (isForPort(host, request)) void serve(host, request, response);
    else handle.call(inner, request, response, next);
  };
  host.identify = identifier(app, identities);
  return app;
}
