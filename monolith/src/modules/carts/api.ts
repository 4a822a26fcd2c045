import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { envelope, idOf } from '../../helpers.ts';
import { apiError, legacyError } from '../../plugins/errors.ts';
import { currentCart, setCartCount } from './cookies.ts';
import * as carts from './service.ts';

const itemBody = {
  type: 'object',
  required: ['productId'],
  properties: {
    productId: { type: 'integer' },
    quantity: { type: 'integer', minimum: 1, maximum: 99, default: 1 },
  },
} as const;

const quantityBody = {
  type: 'object',
  required: ['quantity'],
  properties: { quantity: { type: 'integer', minimum: 0, maximum: 99 } },
} as const;

/** The cart as JSON, below /api/cart; all sums in cents. */
export default async function cartApi(app: FastifyInstance) {
  app.get('/', async (request, reply) => answerCart(request, reply, request.cookies.cart));

  app.post<{ Body: { productId: number; quantity: number } }>(
    '/items',
    { schema: { body: itemBody } },
    async (request, reply) => {
      const cartId = await currentCart(request, reply);
      const result = await carts.addToCart(cartId, request.body.productId, request.body.quantity);
      if (result === 'unknown-product') {
        return apiError(request, reply, 404, 'PRODUCT_NOT_FOUND', 'No such product');
      }
      if (result === 'out-of-stock')
        return apiError(request, reply, 409, 'OUT_OF_STOCK', 'Not enough in stock');
      reply.code(201);
      return answerCart(request, reply, cartId);
    },
  );

  app.patch<{ Params: { id: string }; Body: { quantity: number } }>(
    '/items/:id',
    { schema: { body: quantityBody } },
    async (request, reply) => changeItem(request, reply, request.body.quantity),
  );

  app.delete<{ Params: { id: string } }>('/items/:id', async (request, reply) =>
    changeItem(request, reply, 0),
  );
}

async function changeItem(
  request: FastifyRequest<{ Params: { id: string } }>,
  reply: FastifyReply,
  quantity: number,
) {
  const cartId = await currentCart(request, reply);
  if (!(await carts.setQuantity(cartId, idOf(request.params.id) ?? 0, quantity))) {
    return legacyError(reply, 404, 'no such item in the cart');
  }
  return answerCart(request, reply, cartId);
}

async function answerCart(request: FastifyRequest, reply: FastifyReply, cartId: string | undefined) {
  const cart = await carts.findCart(cartId);
  if (!cart)
    return { ...envelope(request), items: [], pieces: 0, subtotalCents: 0, discountCents: 0, totalCents: 0 };
  setCartCount(reply, cart);
  const items = cart.items.map(({ id, productId, product, quantity, unitPriceCents }) => ({
    id,
    productId,
    name: product.name,
    quantity,
    unitPriceCents,
  }));
  return { ...envelope(request), id: cart.id, items, ...(await carts.cartTotals(cart)) };
}
