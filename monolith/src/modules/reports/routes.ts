import type { FastifyInstance } from 'fastify';
import { centsToPrice, escapeHtml, formatEuro } from '../../helpers.ts';
import { gzipped } from '../../plugins/compression.ts';
import { requireStaff } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';
import { bestCustomers, bestSellers, salesByMonth } from './service.ts';

function table(head: string[], rows: unknown[][]): string {
  const line = (cells: unknown[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>\n${[line(head, 'th'), ...rows.map((row) => line(row, 'td'))].join('\n')}\n</table>`;
}

/** Reports, below /admin/reports. */
export default async function reportRoutes(app: FastifyInstance) {
  app.addHook('preHandler', requireStaff);

  app.get('/sales', gzipped, async (request, reply) => {
    const rows = (await salesByMonth()).map((row) => [
      row.month.toISOString().slice(0, 7),
      row.orders,
      row.pieces,
      formatEuro(Number(row.revenue_cents)),
      formatEuro(Number(row.discount_cents)),
      formatEuro(Number(row.refunded_cents)),
      row.reviews,
    ]);
    const head = ['Month', 'Orders', 'Pieces', 'Revenue', 'Discounts', 'Refunds', 'Reviews'];
    return sendPage(request, reply, { title: 'Sales', body: `<h1>Sales</h1>\n${table(head, rows)}` });
  });

  app.get('/products', gzipped, async (request, reply) => {
    const rows = (await bestSellers(100)).map((row) => [
      row.sku,
      row.name,
      row.pieces,
      formatEuro(Number(row.revenue_cents)),
      row.on_hand,
      row.average_rating ?? '-',
      row.reports,
      row.wished,
    ]);
    const head = ['SKU', 'Product', 'Pieces', 'Revenue', 'Stock', 'Rating', 'Complaints', 'Wished'];
    return sendPage(request, reply, {
      title: 'Best sellers',
      body: `<h1>Best sellers</h1>\n${table(head, rows)}`,
    });
  });

  app.get('/customers', async (request, reply) => {
    const rows = (await bestCustomers(100)).map((row) => [
      row.email,
      row.orders,
      formatEuro(Number(row.total_cents)),
      row.reviews,
      row.votes,
      row.tickets,
    ]);
    const head = ['Customer', 'Orders', 'Total', 'Reviews', 'Votes', 'Tickets'];
    return sendPage(request, reply, {
      title: 'Best customers',
      body: `<h1>Best customers</h1>\n${table(head, rows)}`,
    });
  });

  app.get('/sales.json', async () => {
    const rows = await salesByMonth();
    return rows.map((row) => ({
      month: row.month.toISOString().slice(0, 7),
      orders: row.orders,
      revenue: centsToPrice(Number(row.revenue_cents)),
      revenueCents: Number(row.revenue_cents),
    }));
  });
}
