import { prisma } from '../../database/client.ts';

/** Whether a customer has paid for a product: the reviews show it. */
export async function hasPurchased(customerId: number, productId: number): Promise<boolean> {
  const item = await prisma.orderItem.findFirst({
    where: { productId, order: { customerId, status: { in: ['PAID', 'SHIPPED', 'DELIVERED'] } } },
    select: { id: true },
  });
  return item !== null;
}
