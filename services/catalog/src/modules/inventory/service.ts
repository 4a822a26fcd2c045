import { prisma } from '../../database/client.ts';

/** What can still be sold of a product. */
export async function stockOf(productId: number): Promise<number> {
  const level = await prisma.stockLevel.findUnique({ where: { productId } });
  return level ? Math.max(0, level.onHand - level.reserved) : 0;
}
