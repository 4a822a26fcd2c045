import type { PromotionModel } from '../../../generated/models.ts';
import { prisma, type Tx } from '../../database/client.ts';
import { priceToCents } from '../../helpers.ts';

/** Promotions that anybody can use today. */
export async function activePromotions() {
  const now = new Date();
  return prisma.promotion.findMany({
    where: {
      active: true,
      validFrom: { lte: now },
      OR: [{ validUntil: null }, { validUntil: { gte: now } }],
    },
  });
}

export async function findPromotion(code: string) {
  return prisma.promotion.findUnique({ where: { code: code.toUpperCase() } });
}

/** Whether a promotion can be used now. */
export function isUsable(promotion: PromotionModel, now = new Date()): boolean {
  if (!promotion.active || promotion.validFrom > now) return false;
  if (promotion.validUntil && promotion.validUntil < now) return false;
  return promotion.maxUses === null || promotion.usedCount < promotion.maxUses;
}

/** What a promotion takes off a sum, in cents. */
export function discountFor(promotion: PromotionModel, subtotalCents: number): number {
  if (!isUsable(promotion) || subtotalCents < promotion.minCents) return 0;
  const discount = promotion.percentOff
    ? Math.round((subtotalCents * promotion.percentOff) / 100)
    : priceToCents(promotion.amountOff ?? '0');
  return Math.min(discount, subtotalCents);
}

/** Uses a promotion for an order inside the checkout's transaction. */
export async function redeem(
  tx: Tx,
  promotion: PromotionModel,
  order: { id: number; customerId: number },
  discountCents: number,
): Promise<void> {
  await tx.promotion.update({ where: { id: promotion.id }, data: { usedCount: { increment: 1 } } });
  await tx.promotionRedemption.create({
    data: { promotionId: promotion.id, customerId: order.customerId, orderId: order.id, discountCents },
  });
}
