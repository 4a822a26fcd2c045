import { randomInt, randomUUID } from 'node:crypto';
import { isIPv6 } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { StranglerError } from '../../migration-plans/errors.ts';
import type { CloudMapLimits } from './context.ts';
import { CloudMapError } from './errors.ts';
import { MEMORY_STORE, openStore } from './persistence/store.ts';
import {
  CONTENT_TYPE,
  checkContentType,
  checkNotBrowser,
  checkSignatureForm,
  encodeBody,
  encodeError,
  operationOf,
  parseBody,
} from './protocol.ts';
import { Registry } from './registry.ts';
import { EMPTY_STATE } from './state.ts';

export interface CloudMapEndpointOptions {
  /** Folder that keeps registrations over restarts. None: memory only. */
  dataDir?: string;
  /** Default 127.0.0.1. The endpoint checks no key: on any other address, whoever reaches it can use it. */
  host?: string;
  /** Default 0: a free one. */
  port?: number;
  /** How long an asynchronous operation takes, in milliseconds. Default 50; on AWS seconds, with DNS up to a minute. */
  operationDelayMs?: number;
  /** How long a custom health status takes to apply, in milliseconds. Default 250; on AWS about 30 000. */
  healthDelayMs?: number;
  /** Milliseconds since the epoch. Default: the system's. */
  clock?: () => number;
  /** Default us-east-1. */
  region?: string;
  /** Default 000000000000. */
  accountId?: string;
  /** Quotas that differ from those of AWS. */
  limits?: Partial<CloudMapLimits>;
}

export interface CloudMapEndpoint {
  url: string;
  port: number;
  /** Finishes requests in progress, then closes. */
  close(): Promise<void>;
}

/** Larger than any valid request of the API. */
const BODY_LIMIT = 256 * 1024;
const MAX_CONNECTIONS = 1000;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Starts a Cloud Map endpoint for local work.
 *
 * @throws StranglerError CLOUD_MAP_PORT_TAKEN, CLOUD_MAP_HOST, or one of the data folder (see `openStore`)
 */
export async function startCloudMapEndpoint(
  options: CloudMapEndpointOptions = {},
): Promise<CloudMapEndpoint> {
  const { dataDir, host = '127.0.0.1', port = 0 } = options;
  const owner = { region: options.region ?? 'us-east-1', accountId: options.accountId ?? '000000000000' };
  const { store, state } =
    dataDir === undefined ? { store: MEMORY_STORE, state: EMPTY_STATE } : await openStore(dataDir, owner);
  const registry = new Registry(state, store, {
    ...owner,
    operationDelayMs: options.operationDelayMs ?? 50,
    healthDelayMs: options.healthDelayMs ?? 250,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    clock: options.clock ?? Date.now,
    ids: { random: randomId },
    random: Math.random,
  });
  const server = createServer(registry, LOOPBACK.has(host));
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    await store.close();
    throw listenError(error as NodeJS.ErrnoException, host, port);
  }
  const address = server.server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${bound}`,
    port: bound,
    async close() {
      await server.close();
      await registry.idle();
      await store.close();
    },
  };
}

function createServer(registry: Registry, loopbackOnly: boolean): FastifyInstance {
  const server = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    // a client that goes through a proxy setting sends the whole URL
    rewriteUrl: (request) => (request.url ?? '/').replace(/^http:\/\/[^/?#]*/i, '') || '/',
  });
  server.server.maxConnections = MAX_CONNECTIONS;
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  server.post('/', async (request, reply) => {
    const { headers } = request;
    const url = request.originalUrl;
    checkNotBrowser(headers, URL.canParse(url) ? new URL(url).host : headers.host, loopbackOnly);
    checkContentType(headers);
    const operation = operationOf(headers);
    checkSignatureForm(headers);
    const output = await registry.execute(operation, parseBody((request.body as string | undefined) ?? ''));
    return answer(reply, 200, encodeBody(output));
  });
  server.setNotFoundHandler((_request, reply) =>
    fail(reply, new CloudMapError('UnknownOperationException', 'The API has one path: POST /.')),
  );
  server.setErrorHandler((error, _request, reply) => fail(reply, apiError(error)));
  return server;
}

function answer(reply: FastifyReply, status: number, body: string): FastifyReply {
  return (
    reply
      .code(status)
      .header('content-type', CONTENT_TYPE)
      .header('x-amzn-requestid', randomUUID())
      // bytes, because to text the framework would add a charset that AWS doesn't send
      .send(Buffer.from(body))
  );
}

function fail(reply: FastifyReply, error: CloudMapError): FastifyReply {
  return answer(reply.header('x-amzn-errortype', error.type), error.status, encodeError(error));
}

/** What a thrown error is to a client. Only the store fails in other ways, and its paths are nobody's business. */
function apiError(error: unknown): CloudMapError {
  if (error instanceof CloudMapError) return error;
  const { statusCode } = error as { statusCode?: number };
  if (statusCode === 413) {
    return new CloudMapError('RequestEntityTooLargeException', `A request has at most ${BODY_LIMIT} bytes.`);
  }
  if (statusCode !== undefined && statusCode < 500) {
    return new CloudMapError('SerializationException', 'The request could not be read.');
  }
  return new CloudMapError('InternalFailure', 'The request could not be recorded.');
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new StranglerError('CLOUD_MAP_PORT_TAKEN', `Port ${port} on ${host} is taken.`, {
      remedy: 'Stop what listens there, or give the Cloud Map endpoint another port.',
      cause: error,
    });
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' || error.code === 'EACCES') {
    return new StranglerError('CLOUD_MAP_HOST', `Can't listen on ${host}:${port} (${error.code}).`, {
      remedy: 'Give an address of this machine and a port that may be used.',
      cause: error,
    });
  }
  return error;
}

function randomId(length: number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}
