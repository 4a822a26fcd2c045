import { prisma, type Tx } from '../../database/client.ts';

/** What can still be sold of a product. */
export async function stockOf(productId: number): Promise<number> {
  const level = await prisma.stockLevel.findUnique({ where: { productId } });
  return level ? Math.max(0, level.onHand - level.reserved) : 0;
}

export class OutOfStockError extends Error {
  readonly productId: number;

  constructor(productId: number) {
    super(`product ${productId} is out of stock`);
    this.productId = productId;
  }
}

/** Takes pieces out of the stock inside the caller's transaction. */
export async function takeFromStock(
  tx: Tx,
  productId: number,
  quantity: number,
  reason: string,
): Promise<void> {
  const taken = await tx.$executeRaw`
    UPDATE stock_levels SET on_hand = on_hand - ${quantity}, updated_at = now()
    WHERE product_id = ${productId} AND on_hand - reserved >= ${quantity}`;
  if (taken === 0) throw new OutOfStockError(productId);
  await tx.stockMovement.create({ data: { productId, delta: -quantity, reason } });
}

/** Puts pieces back, as after a cancelled order. */
export async function returnToStock(
  tx: Tx,
  productId: number,
  quantity: number,
  reason: string,
): Promise<void> {
  await tx.stockLevel.updateMany({ where: { productId }, data: { onHand: { increment: quantity } } });
  await tx.stockMovement.create({ data: { productId, delta: quantity, reason } });
}

/** A correction after counting. */
export async function adjustStock(productId: number, delta: number, reason: string) {
  return prisma.$transaction(async (tx) => {
    const level = await tx.stockLevel.upsert({
      where: { productId },
      create: { productId, onHand: Math.max(0, delta) },
      update: { onHand: { increment: delta } },
    });
    await tx.stockMovement.create({ data: { productId, delta, reason } });
    return level;
  });
}

/** What has to be ordered again, with what sold lately. */
export async function lowStock(limit: number) {
  return prisma.stockLevel.findMany({
    where: { onHand: { lt: limit } },
    include: { product: { select: { id: true, sku: true, name: true } } },
    orderBy: [{ onHand: 'asc' }, { productId: 'asc' }],
    take: 100,
  });
}
