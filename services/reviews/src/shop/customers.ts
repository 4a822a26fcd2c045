import type { InputJsonValue } from '../../generated/internal/prismaNamespace.ts';
import { prisma } from '../database.ts';

/** "Ada L.": how other visitors see a customer. */
export function publicName(customer: { firstName: string; lastName: string }): string {
  return `${customer.firstName} ${customer.lastName.slice(0, 1)}.`;
}

export async function findCustomer(id: number) {
  return prisma.customer.findUnique({ where: { id } });
}

/** Whether a customer has paid for a product. */
export async function hasPurchased(customerId: number, productId: number): Promise<boolean> {
  const item = await prisma.orderItem.findFirst({
    where: { productId, order: { customerId, status: { in: ['PAID', 'SHIPPED', 'DELIVERED'] } } },
    select: { id: true },
  });
  return item !== null;
}

/** Leaves a message in a customer's account. */
export async function notify(customerId: number, kind: string, text: string): Promise<void> {
  await prisma.notification.create({ data: { customerId, kind, text } });
}

/** Notes who did what, where the shop's back office shows it. */
export async function writeAudit(
  actorId: number | null,
  action: string,
  subject: string,
  details?: InputJsonValue,
): Promise<void> {
  await prisma.auditLog.create({ data: { actorId, action, subject, details } });
}
