import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { idOf, matchesEtag } from '../../helpers.ts';
import { notFoundPage } from '../../plugins/errors.ts';
import { parseRange } from './byte-range.ts';

/** Pictures out of the database, with conditional and range requests. */
export default async function imageRoutes(app: FastifyInstance) {
  app.get<{ Params: { id: string } }>('/:id', async (request, reply) => {
    const image = await prisma.productImage.findUnique({
      where: { id: idOf(request.params.id) ?? 0 },
      select: { blob: { select: { hash: true, contentType: true, size: true, createdAt: true } } },
    });
    if (!image) return notFoundPage(request, reply, 'This picture');
    const { hash, contentType, size, createdAt } = image.blob;
    const etag = `"${hash}"`;
    reply.header('etag', etag).header('last-modified', createdAt.toUTCString());
    reply.header('cache-control', 'public, max-age=86400').header('accept-ranges', 'bytes');
    if (isUnchanged(request.headers, etag, createdAt)) return reply.code(304).send();

    const ifRange = request.headers['if-range'];
    const rangeIsFresh = ifRange === undefined || ifRange === etag || ifRange === createdAt.toUTCString();
    const range = parseRange(rangeIsFresh ? request.headers.range : undefined, size);
    if (range.kind === 'unsatisfiable') {
      return reply.code(416).header('content-range', `bytes */${size}`).send();
    }
    const { data } = await prisma.imageBlob.findUniqueOrThrow({ where: { hash }, select: { data: true } });
    reply.type(contentType);
    if (range.kind === 'whole') return reply.send(Buffer.from(data));
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${size}`);
    return reply.send(Buffer.from(data).subarray(range.start, range.end + 1));
  });
}

function isUnchanged(
  headers: { 'if-none-match'?: string; 'if-modified-since'?: string },
  etag: string,
  modified: Date,
): boolean {
  if (headers['if-none-match'] !== undefined) return matchesEtag(headers['if-none-match'], etag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && Math.floor(modified.getTime() / 1000) * 1000 <= since;
}
