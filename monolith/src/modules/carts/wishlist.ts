import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { escapeHtml, formatEuro, idOf, priceToCents } from '../../helpers.ts';
import { legacyError } from '../../plugins/errors.ts';
import { requireLogin } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';
import { findProductById } from '../catalog/service.ts';

interface ByProduct {
  Params: { productId: string };
}

export default async function wishlistRoutes(app: FastifyInstance) {
  app.get('/account/wishlist', { preHandler: requireLogin }, async (request, reply) => {
    const items = await prisma.wishlistItem.findMany({
      where: { customerId: request.customer!.id },
      include: { product: true },
    });
    const rows = items.map(
      ({ product }) =>
        `<li><a href="/products/${product.slug}">${escapeHtml(product.name)}</a> ${formatEuro(priceToCents(product.price))}</li>`,
    );
    return sendPage(request, reply, {
      title: 'Your wish list',
      body: `<h1>Your wish list</h1>\n<ul>\n${rows.join('\n')}\n</ul>`,
    });
  });

  app.put<ByProduct>('/api/wishlist/:productId', async (request, reply) => {
    if (!request.customer) return legacyError(reply, 401, 'login required');
    const product = await findProductById(idOf(request.params.productId) ?? 0);
    if (!product) return legacyError(reply, 404, 'product not found');
    const key = { customerId: request.customer.id, productId: product.id };
    await prisma.wishlistItem.upsert({ where: { customerId_productId: key }, create: key, update: {} });
    return { success: true };
  });

  app.delete<ByProduct>('/api/wishlist/:productId', async (request, reply) => {
    if (!request.customer) return legacyError(reply, 401, 'login required');
    const productId = idOf(request.params.productId) ?? 0;
    await prisma.wishlistItem.deleteMany({ where: { customerId: request.customer.id, productId } });
    return reply.code(204).send();
  });
}
