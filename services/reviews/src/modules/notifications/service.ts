import { prisma } from '../../database/client.ts';

/** Leaves a message in a customer's account. */
export async function notify(customerId: number, kind: string, text: string): Promise<void> {
  await prisma.notification.create({ data: { customerId, kind, text } });
}
