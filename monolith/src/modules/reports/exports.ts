import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { centsToPrice } from '../../helpers.ts';
import { requireStaff } from '../../plugins/session.ts';

const batch = 500;

/** A line of a CSV file (RFC 4180). Fields that a spreadsheet would run as a formula get a quote in front. */
function csvLine(fields: unknown[]): string {
  const cells = fields.map((field) => {
    const text = String(field ?? '').replace(/^[=+\-@]/, "'$&");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${cells.join(',')}\r\n`;
}

async function* orderLines() {
  yield csvLine(['number', 'date', 'customer', 'status', 'items', 'total', 'payments', 'tracking']);
  for (let after = 0; ; ) {
    const orders = await prisma.order.findMany({
      where: { id: { gt: after } },
      include: { customer: true, items: true, payments: true, shipments: true },
      orderBy: { id: 'asc' },
      take: batch,
    });
    let lines = '';
    for (const order of orders) {
      after = order.id;
      lines += csvLine([
        order.number,
        order.createdAt.toISOString(),
        order.customer.email,
        order.status,
        order.items.length,
        centsToPrice(order.totalCents),
        order.payments.map((payment) => payment.reference).join(' '),
        order.shipments.map((shipment) => shipment.trackingCode).join(' '),
      ]);
    }
    yield lines;
    if (orders.length < batch) return;
  }
}

async function* reviewLines() {
  yield csvLine(['id', 'sku', 'customer', 'rating', 'title', 'status', 'helpful', 'created']);
  for (let after = 0; ; ) {
    const reviews = await prisma.review.findMany({
      where: { id: { gt: after } },
      include: { product: true, customer: true },
      orderBy: { id: 'asc' },
      take: batch,
    });
    let lines = '';
    for (const review of reviews) {
      after = review.id;
      const { id, product, customer, rating, title, status, helpfulCount, createdAt } = review;
      lines += csvLine([
        id,
        product.sku,
        customer.email,
        rating,
        title,
        status,
        helpfulCount,
        createdAt.toISOString(),
      ]);
    }
    yield lines;
    if (reviews.length < batch) return;
  }
}

/** Files for the accounting and the marketing, written while they are read, below /admin/exports. */
export default async function exportRoutes(app: FastifyInstance) {
  app.addHook('preHandler', requireStaff);

  app.get('/orders.csv', { exposeHeadRoute: false }, async (_request, reply) => {
    reply.header('content-disposition', 'attachment; filename="orders.csv"');
    return reply.type('text/csv; charset=utf-8').send(Readable.from(orderLines()));
  });

  app.get('/reviews.csv', { exposeHeadRoute: false }, async (_request, reply) => {
    reply.header('content-disposition', 'attachment; filename="reviews.csv"');
    return reply.type('text/csv; charset=utf-8').send(Readable.from(reviewLines()));
  });
}
