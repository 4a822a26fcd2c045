import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { envelope, escapeHtml, textField } from '../../helpers.ts';
import { gzipped } from '../../plugins/compression.ts';
import { legacyError } from '../../plugins/errors.ts';
import { requireStaff } from '../../plugins/session.ts';
import { sendPage, stars } from '../../views/layout.ts';
import { recordSearch, searchProducts, suggest } from './service.ts';

interface Query {
  Querystring: { q?: string };
}

export default async function searchRoutes(app: FastifyInstance) {
  app.get<Query>('/search', gzipped, async (request, reply) => {
    const text = (request.query.q ?? '').trim();
    const hits = text ? await searchProducts(text, 50) : [];
    if (text && request.method === 'GET') await recordSearch(text, hits.length, request.customer?.id);
    const list = hits.map(
      (hit) =>
        `<li><a href="/products/${hit.slug}">${escapeHtml(hit.name)}</a> ${hit.price.replace('.', ',')} € ${stars(Number(hit.rating_avg))}</li>`,
    );
    return sendPage(request, reply, {
      title: `Search: ${text}`,
      body: `<h1>${hits.length} results for “${escapeHtml(text)}”</h1>\n<ol>\n${list.join('\n')}\n</ol>`,
    });
  });

  app.get<Query>('/api/search', async (request, reply) => {
    const text = (request.query.q ?? '').trim();
    if (!text) return legacyError(reply, 400, 'q is missing');
    const hits = await searchProducts(text, 50);
    return {
      ...envelope(request),
      query: text,
      hits: hits.map(({ id, slug, name, price, rank }) => ({ id, slug, name, price, score: Number(rank) })),
    };
  });

  app.get<Query>('/api/search/suggest', async (request, reply) => {
    reply.header('cache-control', 'public, max-age=30');
    const prefix = (request.query.q ?? '').trim();
    return prefix.length < 2 ? [] : suggest(prefix);
  });

  app.get('/admin/search', { preHandler: requireStaff }, async (request, reply) => {
    const terms = await prisma.searchQuery.groupBy({
      by: ['term'],
      _count: { _all: true },
      _avg: { hits: true },
      orderBy: { _count: { term: 'desc' } },
      take: 50,
    });
    const rows = terms.map(
      (row) =>
        `<tr><td>${escapeHtml(row.term)}</td><td>${row._count._all}</td><td>${Math.round(row._avg.hits ?? 0)}</td></tr>`,
    );
    return sendPage(request, reply, {
      title: 'Searches',
      body: `<h1>Searches</h1>\n<table>\n${rows.join('\n')}\n</table>`,
    });
  });

  app.post('/api/search/synonyms', { preHandler: requireStaff }, async (request, reply) => {
    const term = textField(request.body, 'term').toLowerCase();
    const synonym = textField(request.body, 'synonym').toLowerCase();
    if (!term || !synonym) return legacyError(reply, 400, 'term and synonym are needed');
    await prisma.searchSynonym.upsert({ where: { term }, create: { term, synonym }, update: { synonym } });
    return reply.code(201).send({ success: true, term, synonym });
  });
}
