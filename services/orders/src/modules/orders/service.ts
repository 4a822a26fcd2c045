import { prisma } from '../../database/client.ts';
import { callPort } from '../../../service/ports/client.ts';

const everything = {
  items: { include: { product: { select: { slug: true } } }, orderBy: { id: 'asc' } },
  events: { orderBy: { id: 'asc' } },
  payments: true,
  shipments: { include: { method: true } },
  address: true,
} as const;

export async function findOrder(id: number) {
  return prisma.order.findUnique({ where: { id }, include: everything });
}

export type OrderWithEverything = NonNullable<Awaited<ReturnType<typeof findOrder>>>;

export async function listOrders(customerId: number, page: { skip: number; take: number }) {
  const [total, orders] = await Promise.all([
    prisma.order.count({ where: { customerId } }),
    prisma.order.findMany({
      where: { customerId },
      include: { items: true },
      orderBy: { id: 'desc' },
      skip: page.skip,
      take: page.take,
    }),
  ]);
  return { total, orders };
}

/** Products of an order that its customer has not reviewed yet. */
export async function productsToReview(order: OrderWithEverything): Promise<{
    name: string;
    slug: string;
}[]> {
  return callPort('src/modules/orders/service.productsToReview', [order]) as Promise<{
    name: string;
    slug: string;
}[]>;
}

/** Cancels an order that has not left the house: stock goes back, the money too. */
export async function cancelOrder(order: OrderWithEverything): Promise<boolean> {
  return callPort('src/modules/orders/service.cancelOrder', [order]) as Promise<boolean>;
}
