import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { StranglerError } from '../migration-plans/errors.ts';
import type { Edge } from './edge.ts';
import { prepareServer, SERVER_LIMITS } from './forward/index.ts';
import { endIdleSessions } from './http2-idle.ts';
import type { EdgeLimits } from './options.ts';
import { edgePlugin } from './plugin.ts';
import type { Certificate } from './tls/certificate.ts';

export interface ListenerOptions {
  limits: EdgeLimits;
  /** Undefined: plain HTTP/1. */
  certificate: Certificate | undefined;
  /** With a certificate: HTTP/2 is offered beside HTTP/1.1 (ALPN). */
  http2: boolean;
}

/** The public listener: a Fastify application that is an edge and nothing else. */
export interface PublicListener {
  readonly app: FastifyInstance;
  readonly server: Server;
  listen(at: { host: string; port: number; reusePort?: boolean }): Promise<string>;
  /** No new connections; idle ones are closed. Resolves when all are. */
  stopAccepting(): Promise<void>;
  closeConnections(): void;
  figures(): { connections: number; refused: number };
}

/** Streams that a client may open at a time on one HTTP/2 connection. */
const MAX_STREAMS = 128;
/** Streams that a client may reset in a burst, and then per second, before the connection ends (CVE-2023-44487, rapid reset). */
const RESET_BURST = 200;
const RESET_RATE = 50;

export function publicListener(edge: Edge, options: ListenerOptions): PublicListener {
  const { limits, certificate } = options;
  const http = {
    ...SERVER_LIMITS,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
  };
  const common = {
    logger: false,
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: SERVER_LIMITS.requestTimeout,
    connectionTimeout: 0,
    forceCloseConnections: false,
    // `prepareServer` answers them; Fastify's own listener cannot be left out, only made to do nothing.
    clientErrorHandler() {},
  };
  const tls = certificate && { cert: certificate.cert, key: certificate.key, minVersion: 'TLSv1.2' as const };
  let app: FastifyInstance;
  if (tls === undefined) {
    app = Fastify({ ...common, http });
  } else if (options.http2) {
    const secure = {
      ...http,
      ...tls,
      allowHTTP1: true,
      settings: {
        maxConcurrentStreams: MAX_STREAMS,
        maxHeaderListSize: limits.headerBytes,
        enablePush: false,
        enableConnectProtocol: true,
      },
      streamResetBurst: RESET_BURST,
      streamResetRate: RESET_RATE,
    };
    app = Fastify({ ...common, http2: true, https: secure }) as unknown as FastifyInstance;
  } else {
    app = Fastify({ ...common, https: { ...http, ...tls } }) as unknown as FastifyInstance;
  }
  const server = app.server as Server;
  prepareServer(server);
  // Over HTTP/2 this event comes with an answer object instead of a socket: the plugin's listener knows both.
  if (tls !== undefined && options.http2) server.removeAllListeners('connect');
  endIdleSessions(server, limits.keepAliveMs);
  server.maxConnections = limits.connections;
  app.register(edgePlugin, { edge, takeOver: true });
  // A server that speaks HTTP/2 knows its connections only as long as they do not; TLS that hangs half-way is known to neither.
  const sockets = new Set<Socket>();
  let refused = 0;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('drop', () => {
    refused += 1;
  });

  return {
    app,
    server,
    async listen(at) {
      // Fastify would listen on every address of this name with a server of its own making.
      const host = at.host === 'localhost' ? '127.0.0.1' : at.host;
      await listening('listen', at, () => app.listen({ ...at, host }));
      return urlOf(server, { ...at, host }, tls === undefined ? 'http' : 'https');
    },
    stopAccepting: () => new Promise((resolve) => server.close(() => resolve())),
    figures: () => ({ connections: sockets.size, refused }),
    closeConnections() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Says which setting names an address that cannot be used, instead of a bare EADDRINUSE. Rejects with `EDGE_LISTEN`. */
export async function listening<T>(
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

function urlOf(server: Server, at: { host: string; port: number }, scheme: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : at.port;
  return `${scheme}://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`;
}
