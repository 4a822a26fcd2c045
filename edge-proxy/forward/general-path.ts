import httpProxy from '@fastify/http-proxy';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DEFAULT_FORWARDING_HEADERS, type ForwardingHeaders, forwardingLines } from './forwarding-headers.ts';
import { ERROR_HEADER, type OwnAnswer, ownBody } from './own-answers.ts';
import type { UpstreamTls } from './port.ts';
import { readRequestHead } from './request-head.ts';
import { toRawHeaders } from './response-head.ts';
import { newTraceparent } from './trace-context.ts';

export interface GeneralPathOptions {
  /** An upstream that speaks HTTP/2: `https://…` by ALPN, `http://…` with prior knowledge. */
  upstream: string;
  tls?: UpstreamTls;
  /** From the request to the head of its answer, in milliseconds. */
  headersMs: number;
  headers?: Partial<ForwardingHeaders>;
  /** The immediate peer is one of `trustProxy`. */
  peerTrusted(request: FastifyRequest): boolean;
  /** Extra headers for the answer: name, value, name, value … `answered` false: the edge itself answers. */
  answerHeaders(request: FastifyRequest, answered: boolean): readonly string[];
  /** Only requests of which this is true are taken; the others go on in the application. */
  takes(request: FastifyRequest): boolean;
}

/**
 * The general path: what our own HTTP/1.1 client cannot carry, upstreams that only speak HTTP/2, goes through `@fastify/http-proxy`.
 * It is not byte-transparent, which is why nothing else takes it: targets with `..` or a leading `//` are refused, trailers and interim
 * answers are not passed on, a request costs about three times as much. Retries are off here: they are the forwarder's to bound.
 */
export async function registerGeneralPath(app: FastifyInstance, options: GeneralPathOptions): Promise<void> {
  const { ca, ...tls } = options.tls ?? {};
  await app.register(httpProxy, {
    upstream: options.upstream,
    http2: {
      // The library's own default accepts any certificate.
      sessionOptions: {
        rejectUnauthorized: true,
        ...tls,
        ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
      },
      requestTimeout: options.headersMs,
    },
    httpMethods: app.supportedMethods.filter((method) => method !== 'CONNECT' && method !== 'TRACE'),
    constraints: {},
    disableCache: true,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    preHandler(request, reply, done) {
      if (options.takes(request)) done();
      else reply.callNotFound();
    },
    replyOptions: {
      retryDelay: () => null,
      rewriteRequestHeaders: (request, headers) => sentHeaders(request as FastifyRequest, headers, options),
      rewriteHeaders: (headers, request) => ({
        ...headers,
        ...pairs(request === undefined ? [] : options.answerHeaders(request as FastifyRequest, true)),
      }),
      onError: (reply, { error }) => answerError(reply as FastifyReply, error, options),
    },
  });
}

type Headers = Record<string, string | string[] | undefined>;

/** The same refusals and forwarding headers as on the lean path. */
function sentHeaders(request: FastifyRequest, headers: object, options: GeneralPathOptions): Headers {
  const { raw } = request;
  const head = readRequestHead(raw.url ?? '', raw.httpVersionMinor, raw.rawHeaders);
  if ('code' in head) throw Object.assign(new Error(head.code), { statusCode: head.status });
  const peer = {
    address: raw.socket.remoteAddress,
    encrypted: request.protocol === 'https',
    trusted: options.peerTrusted(request),
  };
  const sent: Headers = {};
  for (const [name, value] of Object.entries(headers as Headers)) {
    if (!/^(?:x-forwarded-|forwarded$|host$)/.test(name)) sent[name] = value;
  }
  const lines = forwardingLines(head, peer, { ...DEFAULT_FORWARDING_HEADERS, ...options.headers });
  const added = pairs(toRawHeaders(lines));
  const via = [head.via, added.via].filter((value) => value !== undefined).join(', ');
  return {
    ...sent,
    ...added,
    ...(via === '' ? {} : { via }),
    // HTTP/2 names the host here (RFC 9113 section 8.3.1), and it is the one that the client asked for.
    ...(head.host === undefined ? {} : { ':authority': head.host }),
    traceparent: head.traceparent ?? newTraceparent(),
  };
}

function answerError(
  reply: FastifyReply,
  error: Error & { statusCode?: number },
  options: GeneralPathOptions,
): void {
  const answer = answerOf(error.statusCode ?? 502);
  void reply
    .code(answer.status)
    .headers(pairs(options.answerHeaders(reply.request, false)))
    .header('content-type', 'text/plain; charset=utf-8')
    .header('cache-control', 'no-store')
    .header(ERROR_HEADER, answer.code)
    .send(ownBody(answer));
}

function answerOf(status: number): OwnAnswer {
  if (status === 504) return { status, code: 'upstream-headers-timeout' };
  if (status >= 400 && status < 500) return { status, code: 'bad-request' };
  return { status: 502, code: 'upstream-unreachable' };
}

function pairs(raw: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    fields[(raw[index] as string).toLowerCase()] = raw[index + 1] as string;
  }
  return fields;
}
