import { prisma } from '../database/client.ts';
import { writeAudit } from '../modules/admin/audit.ts';
import { refreshProductRating } from '../modules/catalog/service.ts';
import { notify } from '../modules/notifications/service.ts';

export interface NightlyResult {
  sessions: number;
  carts: number;
  ratings: number;
  closedReports: number;
  expiredPromotions: number;
  reminders: number;
  days: number;
}

/** Everything that the shop does while its customers sleep, in everybody's tables. */
export async function runNightly(now = new Date()): Promise<NightlyResult> {
  const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
  const sessions = await prisma.session.deleteMany({ where: { expiresAt: { lt: now } } });
  const carts = await prisma.cart.deleteMany({ where: { customerId: null, updatedAt: { lt: daysAgo(30) } } });
  const expired = await prisma.promotion.updateMany({
    where: { active: true, validUntil: { lt: now } },
    data: { active: false },
  });
  const closedReports = await prisma.reviewReport.updateMany({
    where: { resolvedAt: null, createdAt: { lt: daysAgo(90) } },
    data: { resolvedAt: now },
  });
  const result = {
    sessions: sessions.count,
    carts: carts.count,
    ratings: await repairRatings(),
    closedReports: closedReports.count,
    expiredPromotions: expired.count,
    reminders: await remindOfCarts(daysAgo(3), daysAgo(1)),
    days: await summariseDays(),
  };
  await writeAudit(null, 'nightly.finished', 'job:nightly', { ...result });
  return result;
}

/** Products whose stored rating is not that of their reviews (any more). */
async function repairRatings(): Promise<number> {
  const wrong = await prisma.$queryRaw<{ id: number }[]>`
    SELECT p.id FROM products p
    LEFT JOIN reviews r ON r.product_id = p.id AND r.status = 'PUBLISHED'
    GROUP BY p.id
    HAVING p.rating_count <> count(r.id)`;
  for (const { id } of wrong) await refreshProductRating(id);
  return wrong.length;
}

/** Tells customers what they have left in their carts. */
async function remindOfCarts(from: Date, to: Date): Promise<number> {
  const carts = await prisma.cart.findMany({
    where: { customerId: { not: null }, updatedAt: { gte: from, lt: to }, items: { some: {} } },
    include: { _count: { select: { items: true } } },
  });
  for (const cart of carts) {
    if (cart.customerId)
      await notify(cart.customerId, 'cart', `${cart._count.items} things wait in your cart.`);
  }
  return carts.length;
}

/** One row a day for the charts of the back office. */
async function summariseDays(): Promise<number> {
  return prisma.$executeRaw`
    INSERT INTO daily_sales (day, orders, total_cents, reviews, updated_at)
    SELECT o.day, o.orders, o.total_cents, coalesce(r.reviews, 0), now()
    FROM (
      SELECT created_at::date AS day, count(*) AS orders, sum(total_cents) AS total_cents
      FROM orders WHERE status <> 'CANCELLED' GROUP BY 1
    ) o
    LEFT JOIN (SELECT created_at::date AS day, count(*) AS reviews FROM reviews GROUP BY 1) r ON r.day = o.day
    ON CONFLICT (day) DO UPDATE
      SET orders = excluded.orders, total_cents = excluded.total_cents, reviews = excluded.reviews, updated_at = now()`;
}
