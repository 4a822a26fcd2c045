import type { OrderStatus } from '../../../generated/enums.ts';
import { prisma } from '../../database/client.ts';
import { returnToStock } from '../inventory/service.ts';
import { notify } from '../notifications/service.ts';
import { refundPayments } from '../payments/service.ts';
import { publishOrderEvent } from './events.ts';

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

/** Whether a customer has paid for a product: the reviews show it. */
export async function hasPurchased(customerId: number, productId: number): Promise<boolean> {
  const item = await prisma.orderItem.findFirst({
    where: { productId, order: { customerId, status: { in: ['PAID', 'SHIPPED', 'DELIVERED'] } } },
    select: { id: true },
  });
  return item !== null;
}

/** Products of an order that its customer has not reviewed yet. */
export async function productsToReview(order: OrderWithEverything) {
  const productIds = order.items.flatMap((item) => item.productId ?? []);
  const reviewed = await prisma.review.findMany({
    where: { customerId: order.customerId, productId: { in: productIds } },
    select: { productId: true },
  });
  const done = new Set(reviewed.map((review) => review.productId));
  return prisma.product.findMany({
    where: { id: { in: productIds.filter((id) => !done.has(id)) } },
    select: { slug: true, name: true },
    orderBy: { id: 'asc' },
  });
}

/** Notes a new status and tells everybody who watches the order. */
export async function setOrderStatus(orderId: number, status: OrderStatus, message: string) {
  const order = await prisma.order.update({ where: { id: orderId }, data: { status } });
  const event = await prisma.orderEvent.create({ data: { orderId, type: status.toLowerCase(), message } });
  publishOrderEvent(event);
  await notify(order.customerId, 'order', `Order ${order.number}: ${message}`);
  return order;
}

/** Cancels an order that has not left the house: stock goes back, the money too. */
export async function cancelOrder(order: OrderWithEverything): Promise<boolean> {
  if (order.status !== 'NEW' && order.status !== 'PAID') return false;
  await prisma.$transaction(async (tx) => {
    for (const item of order.items) {
      if (item.productId) await returnToStock(tx, item.productId, item.quantity, `cancelled ${order.number}`);
    }
    await refundPayments(tx, order.id, 'order cancelled');
  });
  await setOrderStatus(order.id, 'CANCELLED', 'Your order was cancelled.');
  return true;
}
