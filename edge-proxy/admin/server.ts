import { createHash } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { KillRefusal } from '../kill-switch.ts';
import type { Health } from '../lifecycle/stages.ts';
import { checkBrowserRules, checkToken, type GuardOptions } from './guard.ts';

/** What the admin listener shows and may do. It holds no state of its own. */
export interface AdminTarget {
  live(): Promise<Health> | Health;
  started(): Promise<Health> | Health;
  ready(): Promise<Health> | Health;
  metrics(): Promise<{ contentType: string; text: string }>;
  /** The same, for a supervisor that joins several. */
  samples(): Promise<object[]>;
  /** No secret may be part of it. */
  status(): Promise<object> | object;
  kills(): Promise<string[]> | string[];
  /** Sets or lifts this edge's own kill switch; a refusal says why. */
  kill(capability: string, killed: boolean): Promise<KillRefusal | undefined> | KillRefusal | undefined;
  /** Begins to drain; returns at once. */
  drain(): void;
}

/** A report as one page, and the content security policy under which it may run. */
export interface ReportPage {
  html: string;
  policy: string;
}

/** What shadow traffic has shown of a capability by now; undefined: there is no such capability. */
export type ReportSource = (capability: string) => Promise<ReportPage | undefined>;

export interface AdminOptions extends GuardOptions {
  host: string;
  port: number;
  /** Metrics need the token as well. Default: they do not, as scrapers expect. */
  protectMetrics: boolean;
  /** Undefined: whoever started this edge makes no reports. */
  report?: ReportSource;
}

export interface AdminServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Health, metrics and the admin API, on a listener of their own: never reachable through the public one. */
export async function startAdmin(target: AdminTarget, options: AdminOptions): Promise<AdminServer> {
  const app = adminApp(target, options);
  await app.listen({ host: options.host, port: options.port });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { url: `http://${urlHost(options.host)}:${port}`, close: () => app.close() };
}

/** The admin API as a Fastify application, not listening. */
export function adminApp(target: AdminTarget, options: AdminOptions): FastifyInstance {
  const app = Fastify({ logger: false, bodyLimit: 4_096, forceCloseConnections: true });
  const withToken = { onRequest: async (request: FastifyRequest) => checkToken(request, options) };
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    checkBrowserRules(request, options);
  });
  app.setErrorHandler((error: unknown, _request, reply) => answerError(error, reply));
  app.setNotFoundHandler((_request, reply) =>
    answerError(
      new StranglerError('EDGE_ADMIN_UNKNOWN', 'The admin API has no such resource.', { status: 404 }),
      reply,
    ),
  );

  app.get('/livez', async (_request, reply) => answerHealth(await target.live(), reply));
  app.get('/startupz', async (_request, reply) => answerHealth(await target.started(), reply));
  app.get('/readyz', async (_request, reply) => answerHealth(await target.ready(), reply));
  app.get('/metrics', options.protectMetrics ? withToken : {}, async (_request, reply) => {
    const { contentType, text } = await target.metrics();
    return reply.type(contentType).send(text);
  });
  app.get('/status', withToken, async () => target.status());
  app.get('/kill', withToken, async (_request, reply) => answerKills(await target.kills(), reply));
  for (const [path, killed] of [
    ['/kill/:capability', true],
    ['/unkill/:capability', false],
  ] as const) {
    app.post<{ Params: { capability: string } }>(path, withToken, async (request, reply) => {
      const current = etagOf(await target.kills());
      const expected = request.headers['if-match'];
      if (expected !== undefined && expected !== '*' && expected !== current) {
        throw new StranglerError('EDGE_ADMIN_CHANGED', 'The kill switches were changed by somebody else.', {
          status: 412,
          remedy: 'Read /kill again and repeat with its ETag.',
        });
      }
      const refusal = await target.kill(request.params.capability, killed);
      if (refusal !== undefined) throw refused(request.params.capability, refusal);
      return answerKills(await target.kills(), reply);
    });
  }
  app.get<{ Params: { capability: string } }>('/report/:capability', withToken, async (request, reply) => {
    const page = await options.report?.(request.params.capability);
    if (page === undefined) throw noReport(options.report !== undefined);
    return reply
      .headers({ 'content-security-policy': page.policy, 'referrer-policy': 'no-referrer' })
      .type('text/html; charset=utf-8')
      .send(page.html);
  });
  app.post('/drain', withToken, async (_request, reply) => {
    target.drain();
    return reply.code(202).send({ draining: true });
  });
  return app;
}

function noReport(hasReports: boolean): StranglerError {
  return hasReports
    ? new StranglerError('EDGE_REPORT_UNKNOWN', 'No applied plan has this capability.', {
        status: 404,
        remedy: 'See /status for the capabilities that this edge serves.',
      })
    : new StranglerError('EDGE_REPORT_NONE', 'This edge was started without reports.', {
        status: 404,
        remedy: 'Use "strangler report", or start the edge by "strangler edge".',
      });
}

function answerHealth(health: Health, reply: FastifyReply): FastifyReply {
  return reply.code(health.ok ? 200 : 503).send(health);
}

function answerKills(killed: string[], reply: FastifyReply): FastifyReply {
  return reply.header('etag', etagOf(killed)).send({ killed });
}

function etagOf(killed: string[]): string {
  return `"${createHash('sha256').update(JSON.stringify(killed)).digest('hex').slice(0, 16)}"`;
}

const REFUSALS: Record<KillRefusal, { status: number; message: string; remedy: string }> = {
  'unknown-capability': {
    status: 404,
    message: 'No plan that this edge serves has this capability.',
    remedy: 'See /status for the capabilities that it serves.',
  },
  retired: {
    status: 409,
    message: 'The capability is retired: the monolith no longer answers for it.',
    remedy: 'Repair the service; there is no way back from this phase.',
  },
  'service-owns-writes': {
    status: 409,
    message: 'The service owns the data, and the database would refuse the monolith its writes.',
    remedy: 'Use "strangler rollback", which moves the ownership first.',
  },
};

function refused(capability: string, refusal: KillRefusal): StranglerError {
  const { status, message, remedy } = REFUSALS[refusal];
  return new StranglerError('EDGE_KILL_REFUSED', `${capability.slice(0, 100)}: ${message}`, {
    status,
    remedy,
  });
}

function answerError(error: unknown, reply: FastifyReply): FastifyReply {
  if (error instanceof StranglerError) {
    const { code, message, remedy, status } = error;
    if (status === 401) reply.header('www-authenticate', 'Bearer realm="strangler-admin"');
    return reply.code(status).send({ error: { code, message, remedy } });
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  const message = status < 500 && error instanceof Error ? error.message : 'The edge could not answer this.';
  return reply.code(status).send({ error: { code: 'EDGE_ADMIN_FAILED', message } });
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
