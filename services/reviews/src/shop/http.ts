import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Page number and size from a query string, kept in sensible bounds. */
export function pageOf(query: { page?: string; perPage?: string }, perPage = 20) {
  const page = Math.min(1000, Math.max(1, Number.parseInt(query.page ?? '1', 10) || 1));
  const size = Math.min(100, Math.max(1, Number.parseInt(query.perPage ?? '', 10) || perPage));
  return { page, perPage: size, skip: (page - 1) * size, take: size };
}

/** An id out of a path, or undefined when it is none. */
export function idOf(text: string): number | undefined {
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : undefined;
}

/** Lists without an order of their own come in another one for each request, as they always did in the shop. */
export function fairOrder<T>(items: T[], request: FastifyRequest): T[] {
  const rank = (item: T) =>
    createHash('md5')
      .update(`${request.id}:${JSON.stringify(item)}`)
      .digest('hex');
  return items
    .map((item) => ({ item, key: rank(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ item }) => item);
}

/** The shop only knows its name from the request, as it was once served on several domains. */
export function absoluteUrl(request: FastifyRequest, path: string): string {
  const base = process.env.PUBLIC_URL || `${request.protocol}://${request.host}`;
  return base.replace(/\/$/, '') + path;
}

/** Redirects with an absolute address. */
export function redirectTo(request: FastifyRequest, reply: FastifyReply, path: string): FastifyReply {
  return reply.redirect(absoluteUrl(request, path), 302);
}

/** Fields of the answers for the mobile app: who asked, and when it was answered. */
export function envelope(request: FastifyRequest) {
  return { requestId: request.id, generatedAt: new Date().toISOString() };
}

/** `"<hash>"` for an entity tag. */
export function etagOf(content: string | Uint8Array): string {
  return `"${createHash('sha1').update(content).digest('base64url')}"`;
}

/** Whether `If-None-Match` names this tag. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
