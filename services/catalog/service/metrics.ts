import type { IncomingMessage, ServerResponse } from 'node:http';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { routes } from './about.ts';
import { routeFinder } from './routes.ts';

/** A registry of our own: the application may fill the default one as it likes. */
const registry = new Registry();
collectDefaultMetrics({ register: registry });

const duration = new Histogram({
  name: 'http_server_request_duration_seconds',
  help: 'From the request to the end of its answer.',
  labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers: [registry],
});

const active = new Gauge({
  name: 'http_server_active_requests',
  help: 'Requests that are being answered.',
  registers: [registry],
});

const knownMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const findRoute = routeFinder(routes);
let inFlight = 0;

/** How many requests are being answered now. */
export function requestsInFlight(): number {
  return inFlight;
}

/** Counts and times a request of the application. */
export function observe(request: IncomingMessage, response: ServerResponse): void {
  const method = request.method ?? '';
  // Frameworks rewrite the URL for the routers below them, so it is read before they see it.
  const path = pathOf(request);
  const started = process.hrtime.bigint();
  inFlight += 1;
  active.set(inFlight);
  response.once('close', () => {
    inFlight -= 1;
    active.set(inFlight);
    duration.observe(
      {
        http_request_method: knownMethods.includes(method) ? method : '_OTHER',
        http_route: findRoute(method, path) ?? 'none',
        http_response_status_code: String(response.statusCode),
      },
      Number(process.hrtime.bigint() - started) / 1e9,
    );
  });
}

/** Everything measured, in the text format of Prometheus. */
export async function exposition(): Promise<{ type: string; text: string }> {
  return { type: registry.contentType, text: await registry.metrics() };
}

/** The path of a request, without its query. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
