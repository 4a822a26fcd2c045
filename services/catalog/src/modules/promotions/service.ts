import { prisma } from '../../database/client.ts';

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
