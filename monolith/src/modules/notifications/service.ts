import { prisma } from '../../database/client.ts';

/** Leaves a message in a customer's account. */
export async function notify(customerId: number, kind: string, text: string): Promise<void> {
  await prisma.notification.create({ data: { customerId, kind, text } });
}

export async function listNotifications(customerId: number, take = 50) {
  return prisma.notification.findMany({ where: { customerId }, orderBy: { id: 'desc' }, take });
}

export async function markAllRead(customerId: number): Promise<number> {
  const result = await prisma.notification.updateMany({
    where: { customerId, readAt: null },
    data: { readAt: new Date() },
  });
  return result.count;
}
