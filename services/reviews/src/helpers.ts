/**
 * The shop's helpers. Everybody imports them, and they have collected a bit of everything over the years.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML and for attribute values. */
export function escapeHtml(value: unknown): string {
  return String(value ?? '').replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

/** 2026-06-30 → "30.06.2026" */
export function formatDate(date: Date): string {
  const [year, month, day] = date.toISOString().slice(0, 10).split('-');
  return `${day}.${month}.${year}`;
}

export function randomToken(bytes = 16): string {
  return randomBytes(bytes).toString('hex');
}

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

/**
 * Sellers once complained that the same entries were always on top, so lists without an order of their own come in
 * another one for each request.
 */
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

/** Fields of the answers that came with the mobile app: who asked, and when it was answered. */
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

const bannedWords = ['casino', 'viagra', 'crypto-giveaway', 'idiot'];

/** Texts that a person has to look at before others see them. */
export function looksLikeSpam(text: string): boolean {
  const lower = text.toLowerCase();
  return bannedWords.some((word) => lower.includes(word)) || (lower.match(/https?:\/\//g)?.length ?? 0) > 2;
}

/** A text field of a form or JSON body: trimmed, empty when missing. */
export function textField(body: unknown, name: string): string {
  const value = (body as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}
