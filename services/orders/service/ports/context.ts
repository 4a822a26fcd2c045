/** What of the request in hand is passed on with a call: its trace and its id. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

const current = new AsyncLocalStorage<IncomingMessage>();

// Node tells of every request before any framework sees it, in the context in which the request is then handled.
// The channel is held on to: one that nothing holds may be collected with its subscribers.
const started = channel('http.server.request.start');
started.subscribe((message: unknown) => {
  const { request } = message as { request?: IncomingMessage };
  if (request !== undefined) current.enterWith(request);
});

const passedOn = ['traceparent', 'tracestate', 'x-request-id'];

/** Headers of the request in hand that go with every call made for it. */
export function passedHeaders(): { [name: string]: string } {
  const headers: { [name: string]: string } = {};
  const request = current.getStore();
  if (request === undefined) return headers;
  for (const name of passedOn) {
    const value = request.headers[name];
    if (typeof value === 'string' && value.length <= 512) headers[name] = value;
  }
  return headers;
}
