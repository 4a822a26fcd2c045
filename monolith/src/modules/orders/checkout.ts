import { prisma } from '../../database/client.ts';
import { randomToken } from '../../helpers.ts';
import { writeAudit } from '../admin/audit.ts';
import { takeFromStock } from '../inventory/service.ts';
import { notify } from '../notifications/service.ts';
import { authorisePayment } from '../payments/service.ts';
import { discountFor, redeem } from '../promotions/service.ts';
import { createShipment, shippingCostCents } from '../shipping/service.ts';
import { publishOrderEvent } from './events.ts';

export interface CheckoutInput {
  cartId: string;
  customerId: number;
  addressId: number;
  shippingCode: string;
  paymentMethod: string;
  cardNumber: string;
}

/** Why a checkout was refused, in words for the customer. */
export class CheckoutError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Turns a cart into a paid order. One transaction over carts, stock, promotions, orders, payments, shipping and
 * loyalty points: either all of it happens, or the cart stays as it was.
 */
export async function checkout(input: CheckoutInput) {
  const order = await prisma.$transaction(
    async (tx) => {
      const cart = await tx.cart.findUnique({
        where: { id: input.cartId },
        include: { items: { include: { product: true }, orderBy: { productId: 'asc' } } },
      });
      if (!cart || cart.items.length === 0) throw new CheckoutError('CART_EMPTY', 'Your cart is empty');
      const address = await tx.address.findFirst({
        where: { id: input.addressId, customerId: input.customerId },
      });
      if (!address) throw new CheckoutError('ADDRESS_UNKNOWN', 'Please choose one of your addresses');
      const method = await tx.shippingMethod.findUnique({ where: { code: input.shippingCode } });
      if (!method) throw new CheckoutError('SHIPPING_UNKNOWN', 'Please choose how we should ship');

      for (const item of cart.items) {
        await takeFromStock(tx, item.productId, item.quantity, `cart ${cart.id}`);
      }
      const subtotalCents = cart.items.reduce((sum, item) => sum + item.quantity * item.unitPriceCents, 0);
      const promotion = cart.promotionCode
        ? await tx.promotion.findUnique({ where: { code: cart.promotionCode } })
        : null;
      const discountCents = promotion ? discountFor(promotion, subtotalCents) : 0;
      const shippingCents = shippingCostCents(method, subtotalCents - discountCents);
      const totalCents = subtotalCents - discountCents + shippingCents;

      const created = await tx.order.create({
        data: {
          number: `OH-${Date.now().toString(36).toUpperCase()}-${randomToken(3).toUpperCase()}`,
          customerId: input.customerId,
          addressId: address.id,
          status: 'PAID',
          subtotalCents,
          discountCents,
          shippingCents,
          totalCents,
          items: {
            create: cart.items.map((item) => ({
              productId: item.productId,
              name: item.product.name,
              quantity: item.quantity,
              unitPriceCents: item.unitPriceCents,
            })),
          },
          events: { create: { type: 'paid', message: 'Thank you! We have received your payment.' } },
        },
        include: { events: true },
      });
      if (promotion && discountCents > 0) await redeem(tx, promotion, created, discountCents);
      await authorisePayment(tx, created, input.paymentMethod, input.cardNumber);
      await createShipment(tx, created.id, method.id);
      await tx.customer.update({
        where: { id: input.customerId },
        data: { loyaltyPoints: { increment: Math.floor(totalCents / 1000) } },
      });
      await tx.cart.delete({ where: { id: cart.id } });
      return created;
    },
    { maxWait: 5000, timeout: 15_000 },
  );
  for (const event of order.events) publishOrderEvent(event);
  await notify(order.customerId, 'order', `We have received your order ${order.number}.`);
  await writeAudit(order.customerId, 'order.placed', `order:${order.id}`, { totalCents: order.totalCents });
  return order;
}
