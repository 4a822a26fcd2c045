import type { FastifyInstance } from 'fastify';
import { centsToPrice, idOf, textField } from '../../helpers.ts';
import { apiError, legacyError } from '../../plugins/errors.ts';
import { requireStaff } from '../../plugins/session.ts';
import { visibleOrder } from '../orders/routes.ts';
import { applyProviderEvent, listPayments, refundPartly } from './service.ts';

/** Payments, below /api. */
export default async function paymentRoutes(app: FastifyInstance) {
  app.get<{ Params: { id: string } }>('/orders/:id/payments', async (request, reply) => {
    if (!request.customer) return legacyError(reply, 401, 'login required');
    const order = await visibleOrder(request);
    if (!order) return legacyError(reply, 404, 'order not found');
    const payments = await listPayments(order.id);
    return payments.map(({ id, method, amount, status, reference, refunds }) => ({
      id,
      method,
      amount,
      status: status.toLowerCase(),
      reference,
      refunded: centsToPrice(refunds.reduce((sum, refund) => sum + refund.amountCents, 0)),
    }));
  });

  app.post<{ Params: { id: string } }>(
    '/payments/:id/refunds',
    { preHandler: requireStaff },
    async (request, reply) => {
      const amountCents = Number(textField(request.body, 'amountCents'));
      const reason = textField(request.body, 'reason') || 'goodwill';
      const refund = await refundPartly(idOf(request.params.id) ?? 0, amountCents, reason);
      if (!refund) return apiError(request, reply, 409, 'REFUND_REFUSED', 'Nothing to refund, or too much');
      return reply.code(201).send({ id: refund.id, amountCents: refund.amountCents });
    },
  );

  app.post('/payments/webhook', async (request, reply) => {
    const payment = await applyProviderEvent(
      textField(request.body, 'reference'),
      textField(request.body, 'event'),
    );
    if (!payment) return legacyError(reply, 404, 'unknown reference');
    return { success: true, status: payment.status.toLowerCase() };
  });
}
