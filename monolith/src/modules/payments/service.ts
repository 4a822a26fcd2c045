import { prisma, type Tx } from '../../database/client.ts';
import { centsToPrice, priceToCents, randomToken } from '../../helpers.ts';
import { setOrderStatus } from '../orders/service.ts';

export const paymentMethods = ['card', 'invoice', 'prepaid'];

export class PaymentDeclinedError extends Error {}

/** Takes the money for an order inside the checkout's transaction. Cards that end in 0000 are always declined. */
export async function authorisePayment(
  tx: Tx,
  order: { id: number; totalCents: number },
  method: string,
  cardNumber: string,
) {
  if (!paymentMethods.includes(method)) throw new PaymentDeclinedError('unknown payment method');
  if (method === 'card' && !/^[0-9 ]{12,23}$/.test(cardNumber)) {
    throw new PaymentDeclinedError('the card number is not valid');
  }
  if (method === 'card' && cardNumber.endsWith('0000'))
    throw new PaymentDeclinedError('the card was declined');
  return tx.payment.create({
    data: {
      orderId: order.id,
      method,
      amount: centsToPrice(order.totalCents),
      status: method === 'card' ? 'CAPTURED' : 'AUTHORISED',
      reference: `pay_${randomToken(10)}`,
    },
  });
}

/** Gives back what was paid for an order. */
export async function refundPayments(tx: Tx, orderId: number, reason: string): Promise<void> {
  const payments = await tx.payment.findMany({
    where: { orderId, status: { in: ['AUTHORISED', 'CAPTURED'] } },
  });
  for (const payment of payments) {
    await tx.refund.create({
      data: { paymentId: payment.id, amountCents: priceToCents(payment.amount), reason },
    });
    await tx.payment.update({ where: { id: payment.id }, data: { status: 'REFUNDED' } });
  }
}

/** A part of a payment back, by the back office. */
export async function refundPartly(paymentId: number, amountCents: number, reason: string) {
  return prisma.$transaction(async (tx) => {
    const payment = await tx.payment.findUnique({ where: { id: paymentId }, include: { refunds: true } });
    if (!payment) return null;
    const refunded = payment.refunds.reduce((sum, refund) => sum + refund.amountCents, 0);
    if (amountCents <= 0 || refunded + amountCents > priceToCents(payment.amount)) return null;
    return tx.refund.create({ data: { paymentId, amountCents, reason } });
  });
}

/** What the payment provider calls when a bank transfer has arrived or a card was charged back. */
export async function applyProviderEvent(reference: string, event: string) {
  const payment = await prisma.payment.findUnique({ where: { reference }, include: { order: true } });
  if (!payment) return null;
  if (event === 'captured' && payment.status === 'AUTHORISED') {
    await prisma.payment.update({ where: { id: payment.id }, data: { status: 'CAPTURED' } });
    if (payment.order.status === 'NEW')
      await setOrderStatus(payment.orderId, 'PAID', 'Your payment has arrived.');
  }
  if (event === 'failed') {
    await prisma.payment.update({ where: { id: payment.id }, data: { status: 'FAILED' } });
  }
  return prisma.payment.findUnique({ where: { id: payment.id } });
}

export async function listPayments(orderId: number) {
  return prisma.payment.findMany({ where: { orderId }, include: { refunds: true } });
}
