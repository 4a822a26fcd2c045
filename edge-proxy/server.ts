import type { Server } from 'node:http';
import Fastify, { type FastifyInstance } from 'fastify';
import { StranglerError } from '../migration-plans/errors.ts';
import { type AdminServer, type AdminTarget, startAdmin } from './admin/server.ts';
import { createEdge, type Edge, type EdgeParts } from './edge.ts';
import type { EdgeStatus } from './edge-status.ts';
import { prepareServer, SERVER_LIMITS } from './forward/index.ts';
import { type DrainOutcome, drain } from './lifecycle/drain.ts';
import { EDGE_LIMITS, type EdgeOptions } from './options.ts';
import { edgePlugin } from './plugin.ts';

/** A standalone edge: what it is made of, and where it listens. */
export interface StartEdgeOptions extends EdgeOptions {
  listen: { host: string; port: number; reusePort?: boolean };
  admin: {
    host: string;
    port: number;
    /** Undefined: whatever needs a token is refused. */
    token?: string;
    /** Names, besides `localhost` and addresses, under which it may be called. */
    allowedHosts?: readonly string[];
    /** Metrics need the token as well. */
    protectMetrics?: boolean;
  };
  drain?: {
    /** Milliseconds between failing readiness and refusing connections. */
    delayMs?: number;
    /** Milliseconds for everything. */
    deadlineMs?: number;
  };
}

export interface RunningEdge {
  readonly url: string;
  readonly adminUrl: string;
  readonly id: string;
  status(): EdgeStatus;
  /** Finishes what is under way and closes. Called again, it answers with the same end. */
  drain(deadlineMs?: number): Promise<DrainOutcome>;
  /** Ends at once: what is under way is cut. */
  close(): Promise<void>;
}

const DRAIN = { delayMs: 0, deadlineMs: 30_000 };
/** An edge whose store does not answer listens after this long all the same, and says why it is not ready. Milliseconds. */
const START_LIMIT_MS = 10_000;
/**
 * Starts an edge as a process of its own would: admin listener, first revision, public listener, lease. Rejects with what
 * `checkOptions` throws, or `EDGE_LISTEN` when an address cannot be used; then nothing is left running.
 */
export async function startEdge(options: StartEdgeOptions, parts: EdgeParts): Promise<RunningEdge> {
  const edge = await createEdge(options, parts);
  const times = { ...DRAIN, ...options.drain };
  let draining: Promise<DrainOutcome> | undefined;
  let admin: AdminServer | undefined;
  const app = publicListener(options, edge);

  try {
    admin = await listening('admin', options.admin, () =>
      startAdmin(
        adminTarget(edge, () => void shutDown(times)),
        {
          host: options.admin.host,
          port: options.admin.port,
          token: options.admin.token,
          allowedHosts: options.admin.allowedHosts ?? [],
          protectMetrics: options.admin.protectMetrics ?? false,
        },
      ),
    );
    await Promise.race([edge.start(), new Promise((resolve) => setTimeout(resolve, START_LIMIT_MS).unref())]);
    await listening('listen', options.listen, () =>
      app.listen({ ...options.listen, host: options.listen.host }),
    );
  } catch (error) {
    for (const { run } of edge.closing()) await run(0);
    await app.close();
    await admin?.close();
    throw error;
  }
  const { server } = app;
  const url = urlOf(server, options.listen);
  const adminUrl = admin.url;
  await edge.open({ url, adminUrl });

  function shutDown(limits: { delayMs: number; deadlineMs: number }): Promise<DrainOutcome> {
    draining ??= drain(
      {
        announce: () => edge.announceDrain(),
        stopAccepting: () => new Promise((resolve) => server.close(() => resolve())),
        finished: () => edge.handler.inFlight.empty(),
        cutOff() {
          const { count } = edge.handler.inFlight;
          edge.handler.inFlight.forEach((entry) => {
            entry.cutOff();
          });
          return count;
        },
        closeConnections: () => server.closeAllConnections(),
        closing: [
          ...edge.closing(),
          { name: 'listener', run: () => app.close() },
          { name: 'admin', run: () => admin?.close() },
        ],
      },
      limits,
    );
    return draining;
  }

  return {
    url,
    adminUrl,
    id: edge.id,
    status: () => edge.status(),
    drain: (deadlineMs) => shutDown({ ...times, ...(deadlineMs === undefined ? {} : { deadlineMs }) }),
    async close() {
      await shutDown({ delayMs: 0, deadlineMs: 0 });
    },
  };
}

function publicListener(options: StartEdgeOptions, edge: Edge): FastifyInstance {
  const limits = { ...EDGE_LIMITS, ...options.limits };
  const app = Fastify({
    logger: false,
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: SERVER_LIMITS.requestTimeout,
    connectionTimeout: 0,
    forceCloseConnections: false,
    // `prepareServer` answers them; Fastify's own listener cannot be left out, only made to do nothing.
    clientErrorHandler() {},
    http: {
      ...SERVER_LIMITS,
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeoutMs,
      keepAliveTimeout: limits.keepAliveMs,
    },
  });
  prepareServer(app.server);
  app.server.maxConnections = limits.connections;
  app.register(edgePlugin, { edge, takeOver: true });
  return app;
}

function adminTarget(edge: Edge, beginDrain: () => void): AdminTarget {
  return {
    live: () => ({ ok: true, stage: edge.stage(), reasons: [] }),
    started: () => {
      const stage = edge.stage();
      const ok = stage !== 'starting';
      return { ok, stage, reasons: ok ? [] : ['the edge is starting'] };
    },
    ready: () => edge.ready(),
    metrics: async () => ({ contentType: edge.metrics.contentType, text: await edge.metrics.text() }),
    status: () => edge.status(),
    kills: () => edge.kills(),
    kill: (capability, killed) => edge.kill(capability, killed),
    drain: beginDrain,
  };
}

/** Says which setting names an address that cannot be used, instead of a bare EADDRINUSE. */
async function listening<T>(
  setting: 'listen' | 'admin',
  at: { host: string; port: number },
  listen: () => Promise<T>,
): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = LISTEN_ERRORS[code ?? ''];
    if (why === undefined) throw error;
    throw new StranglerError('EDGE_LISTEN', `Cannot listen on ${at.host}:${at.port}: ${why}.`, {
      remedy: `Choose another address with --${setting} HOST:PORT.`,
      cause: error,
    });
  }
}

const LISTEN_ERRORS: Record<string, string> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'this user may not use the port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name is unknown',
};

function urlOf(server: Server, listen: { host: string; port: number }): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : listen.port;
  return `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`;
}
