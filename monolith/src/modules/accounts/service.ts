import { prisma } from '../../database/client.ts';
import { randomToken } from '../../helpers.ts';
import { writeAudit } from '../admin/audit.ts';
import { adoptCart } from '../carts/service.ts';
import { notify } from '../notifications/service.ts';
import { hashPassword, verifyPassword } from './passwords.ts';

const sessionDays = 30;

/** "Ada L.": how other visitors see a customer. */
export function publicName(customer: { firstName: string; lastName: string }): string {
  return `${customer.firstName} ${customer.lastName.slice(0, 1)}.`;
}

export async function findCustomer(id: number) {
  return prisma.customer.findUnique({ where: { id } });
}

/** Checks the password and opens a session, or returns null. The visitor's cart comes along. */
export async function login(email: string, password: string, userAgent: string | undefined, cartId?: string) {
  const customer = await prisma.customer.findUnique({ where: { email: email.toLowerCase() } });
  if (!customer || !verifyPassword(password, customer.passwordHash)) return null;
  const session = await openSession(customer.id, userAgent);
  await prisma.customer.update({ where: { id: customer.id }, data: { lastLoginAt: new Date() } });
  if (cartId) await adoptCart(cartId, customer.id);
  return { customer, session, previousLogin: customer.lastLoginAt };
}

export async function openSession(customerId: number, userAgent: string | undefined) {
  return prisma.session.create({
    data: {
      id: randomToken(24),
      customerId,
      userAgent: userAgent?.slice(0, 200),
      expiresAt: new Date(Date.now() + sessionDays * 86_400_000),
    },
  });
}

export async function logout(sid: string): Promise<void> {
  await prisma.session.deleteMany({ where: { id: sid } });
}

export interface Registration {
  email: string;
  password: string;
  firstName: string;
  lastName: string;
}

/** Checks what somebody typed into the registration form. */
export function validateRegistration(input: Registration): string[] {
  const errors = [];
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(input.email)) errors.push('Please enter a valid e-mail address');
  if (input.password.length < 8) errors.push('The password needs at least 8 characters');
  if (!input.firstName || !input.lastName) errors.push('Please enter your name');
  return errors;
}

/** Creates a customer, or returns null when the address is taken. */
export async function register(input: Registration) {
  const email = input.email.toLowerCase();
  if (await prisma.customer.findUnique({ where: { email } })) return null;
  const customer = await prisma.customer.create({
    data: {
      email,
      passwordHash: hashPassword(input.password),
      firstName: input.firstName,
      lastName: input.lastName,
      loyaltyPoints: 50,
    },
  });
  await notify(customer.id, 'welcome', `Welcome, ${customer.firstName}! 50 points are waiting for you.`);
  await writeAudit(customer.id, 'customer.registered', `customer:${customer.id}`);
  return customer;
}

export async function changePassword(customerId: number, oldPassword: string, newPassword: string) {
  const customer = await prisma.customer.findUniqueOrThrow({ where: { id: customerId } });
  if (!verifyPassword(oldPassword, customer.passwordHash) || newPassword.length < 8) return false;
  await prisma.$transaction([
    prisma.customer.update({ where: { id: customerId }, data: { passwordHash: hashPassword(newPassword) } }),
    prisma.auditLog.create({
      data: { actorId: customerId, action: 'password.changed', subject: `customer:${customerId}` },
    }),
  ]);
  return true;
}

/** Deletes a customer. Orders, reviews, carts, tickets and everything else go with the row. */
export async function deleteCustomer(customerId: number): Promise<void> {
  const reviewed = await prisma.review.findMany({ where: { customerId }, select: { productId: true } });
  await prisma.customer.delete({ where: { id: customerId } });
  const { refreshProductRating } = await import('../catalog/service.ts');
  for (const { productId } of reviewed) await refreshProductRating(productId);
  await writeAudit(null, 'customer.deleted', `customer:${customerId}`);
}

/** Everything that the shop knows about a customer, for the download in the account. */
export async function exportCustomer(customerId: number) {
  return prisma.customer.findUniqueOrThrow({
    where: { id: customerId },
    omit: { passwordHash: true },
    include: {
      addresses: true,
      orders: { include: { items: true, payments: true, shipments: true } },
      reviews: { include: { votes: { select: { helpful: true } } } },
      reviewVotes: true,
      wishlistItems: true,
      tickets: { include: { messages: true } },
      notifications: true,
    },
  });
}
