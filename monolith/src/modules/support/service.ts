import { prisma } from '../../database/client.ts';
import { notify } from '../notifications/service.ts';

export async function openTicket(customerId: number, subject: string, text: string) {
  return prisma.supportTicket.create({
    data: { customerId, subject, messages: { create: { authorId: customerId, text } } },
  });
}

export async function findTicket(id: number) {
  return prisma.supportTicket.findUnique({
    where: { id },
    include: { messages: { orderBy: { id: 'asc' }, include: { author: true } }, customer: true },
  });
}

export async function listTickets(customerId: number | undefined) {
  return prisma.supportTicket.findMany({ where: { customerId }, orderBy: { id: 'desc' }, take: 50 });
}

/** Adds a message; the customer hears of answers by staff. */
export async function addMessage(ticket: { id: number; customerId: number }, authorId: number, text: string) {
  const message = await prisma.supportMessage.create({ data: { ticketId: ticket.id, authorId, text } });
  const status = authorId === ticket.customerId ? 'open' : 'answered';
  await prisma.supportTicket.update({ where: { id: ticket.id }, data: { status } });
  if (authorId !== ticket.customerId) {
    await notify(ticket.customerId, 'support', 'Our support has answered you.');
  }
  return message;
}

/** What the chat's first line of support says by itself. */
export async function automaticAnswer(text: string, customerId: number | undefined): Promise<string> {
  if (/order|parcel|delivery/i.test(text) && customerId) {
    const order = await prisma.order.findFirst({ where: { customerId }, orderBy: { id: 'desc' } });
    if (order) return `Your latest order ${order.number} is ${order.status.toLowerCase()}.`;
  }
  if (/return|refund/i.test(text)) return 'You can return everything within 30 days.';
  return 'Thank you, a colleague will be with you in a moment.';
}
