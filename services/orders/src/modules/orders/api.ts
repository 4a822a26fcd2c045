import type { FastifyInstance } from 'fastify';
import { envelope, pageOf } from '../../helpers.ts';
import { apiError } from '../../plugins/errors.ts';
import { checkout } from './checkout.ts';
import { checkoutProblem, visibleOrder } from './routes.ts';
import * as orders from './service.ts';

const checkoutBody = {
  type: 'object',
  required: ['addressId', 'shipping', 'payment'],
  properties: {
    addressId: { type: 'integer' },
    shipping: { type: 'string' },
    payment: { type: 'string' },
    cardNumber: { type: 'string', default: '' },
  },
} as const;

interface CheckoutBody {
  addressId: number;
  shipping: string;
  payment: string;
  cardNumber: string;
}

/** Orders as JSON, below /api/orders; all sums in cents. */
export default async function orderApi(app: FastifyInstance) {
  app.get<{ Querystring: { page?: string } }>('/', async (request, reply) => {
    if (!request.customer) return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
    const page = pageOf(request.query);
    const { total, orders: list } = await orders.listOrders(request.customer.id, page);
    return {
      ...envelope(request),
      page: page.page,
      total,
      orders: list.map(({ id, number, status, totalCents, createdAt }) => ({
        id,
        number,
        status: status.toLowerCase(),
        totalCents,
        createdAt,
      })),
    };
  });

  app.post<{ Body: CheckoutBody }>('/', { schema: { body: checkoutBody } }, async (request, reply) => {
    if (!request.customer) return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
    try {
      const order = await checkout({
        cartId: request.cookies.cart ?? '',
        customerId: request.customer.id,
        addressId: request.body.addressId,
        shippingCode: request.body.shipping,
        paymentMethod: request.body.payment,
        cardNumber: request.body.cardNumber,
      });
      reply.clearCookie('cart', { path: '/' }).clearCookie('cart_count', { path: '/' });
      const { id, number, status, totalCents } = order;
      return reply.code(201).send({ id, number, status: status.toLowerCase(), totalCents });
    } catch (error) {
      const problem = checkoutProblem(error);
      if (!problem) throw error;
      return apiError(request, reply, 409, problem.code, problem.message);
    }
  });

  app.get<{ Params: { id: string } }>('/:id', async (request, reply) => {
    if (!request.customer) return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
    const order = await visibleOrder(request);
    if (!order) return apiError(request, reply, 404, 'ORDER_NOT_FOUND', 'No such order');
    const { address, ...rest } = order;
    return { ...envelope(request), order: { ...rest, deliverTo: address } };
  });

  app.post<{ Params: { id: string } }>('/:id/cancel', async (request, reply) => {
    if (!request.customer) return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
    const order = await visibleOrder(request);
    if (!order) return apiError(request, reply, 404, 'ORDER_NOT_FOUND', 'No such order');
    if (!(await orders.cancelOrder(order))) {
      return apiError(request, reply, 409, 'TOO_LATE', 'This order can no longer be cancelled');
    }
    return { success: true };
  });
}
