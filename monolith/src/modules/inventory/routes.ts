import type { FastifyInstance } from 'fastify';
import { escapeHtml, idOf } from '../../helpers.ts';
import { apiError } from '../../plugins/errors.ts';
import { requireStaff } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';
import { writeAudit } from '../admin/audit.ts';
import { findProductById } from '../catalog/service.ts';
import { adjustStock, lowStock, stockOf } from './service.ts';

const adjustBody = {
  type: 'object',
  required: ['productId', 'delta'],
  properties: {
    productId: { type: 'integer' },
    delta: { type: 'integer', minimum: 0, maximum: 10000 },
    reason: { type: 'string', maxLength: 100, default: 'delivery' },
  },
} as const;

export default async function inventoryRoutes(app: FastifyInstance) {
  app.get<{ Params: { id: string } }>('/api/products/:id/stock', async (request, reply) => {
    const product = await findProductById(idOf(request.params.id) ?? 0);
    if (!product) return apiError(request, reply, 404, 'PRODUCT_NOT_FOUND', 'No such product');
    const available = await stockOf(product.id);
    return { productId: product.id, available, checkedAt: Math.floor(Date.now() / 1000) };
  });

  app.post<{ Body: { productId: number; delta: number; reason: string } }>(
    '/api/inventory/adjustments',
    { schema: { body: adjustBody }, preHandler: requireStaff },
    async (request, reply) => {
      const { productId, delta, reason } = request.body;
      if (!(await findProductById(productId))) {
        return apiError(request, reply, 404, 'PRODUCT_NOT_FOUND', 'No such product');
      }
      const level = await adjustStock(productId, delta, reason);
      await writeAudit(request.customer!.id, 'stock.adjusted', `product:${productId}`, { delta, reason });
      return reply.code(201).send({ productId, onHand: level.onHand });
    },
  );

  app.get('/admin/inventory', { preHandler: requireStaff }, async (request, reply) => {
    const rows = (await lowStock(20)).map(
      (level) =>
        `<tr><td>${escapeHtml(level.product.sku)}</td><td>${escapeHtml(level.product.name)}</td><td>${level.onHand}</td></tr>`,
    );
    return sendPage(request, reply, {
      title: 'Stock',
      body: `<h1>Running low</h1>\n<table>\n${rows.join('\n')}\n</table>`,
    });
  });
}
