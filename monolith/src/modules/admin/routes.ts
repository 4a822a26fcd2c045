import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { escapeHtml, formatDate, formatEuro, idOf, pageOf, redirectTo, textField } from '../../helpers.ts';
import { notFoundPage } from '../../plugins/errors.ts';
import { checkCsrf, csrfToken, requireStaff, setFlash } from '../../plugins/session.ts';
import { pager, sendPage } from '../../views/layout.ts';
import { latestAudit, writeAudit } from './audit.ts';

interface ListQuery {
  Querystring: { page?: string; q?: string; status?: string };
}

/** The back office, below /admin. It looks at everybody's tables. */
export default async function adminRoutes(app: FastifyInstance) {
  app.addHook('preHandler', requireStaff);

  app.get('/', async (request, reply) => {
    const [customers, orders, pending, tickets, low] = await Promise.all([
      prisma.customer.count(),
      prisma.order.count({ where: { status: { in: ['NEW', 'PAID'] } } }),
      prisma.review.count({ where: { status: 'PENDING' } }),
      prisma.supportTicket.count({ where: { status: 'open' } }),
      prisma.stockLevel.count({ where: { onHand: { lt: 5 } } }),
    ]);
    return sendPage(request, reply, {
      title: 'Back office',
      body: `<h1>Back office</h1>
<ul>
<li><a href="/admin/customers">${customers} customers</a></li>
<li><a href="/admin/orders?status=PAID">${orders} orders to ship</a></li>
<li><a href="/admin/reviews">${pending} reviews to look at</a></li>
<li>${tickets} open tickets</li>
<li><a href="/admin/inventory">${low} products running out</a></li>
<li><a href="/admin/reports/sales">Sales</a>, <a href="/admin/reports/products">products</a>, <a href="/admin/reports/customers">customers</a></li>
</ul>`,
    });
  });

  app.get<ListQuery>('/customers', async (request, reply) => {
    const page = pageOf(request.query, 50);
    const q = request.query.q?.trim() ?? '';
    const where = q ? { OR: [{ email: { contains: q } }, { lastName: { startsWith: q } }] } : {};
    const [total, customers] = await Promise.all([
      prisma.customer.count({ where }),
      prisma.customer.findMany({
        where,
        include: { _count: { select: { orders: true, reviews: true } } },
        orderBy: { id: 'asc' },
        skip: page.skip,
        take: page.take,
      }),
    ]);
    const rows = customers.map(
      (customer) =>
        `<tr><td><a href="/admin/customers/${customer.id}">${escapeHtml(customer.email)}</a></td><td>${customer._count.orders}</td><td>${customer._count.reviews}</td></tr>`,
    );
    return sendPage(request, reply, {
      title: 'Customers',
      body: `<h1>Customers</h1>\n<table>\n${rows.join('\n')}\n</table>\n${pager('/admin/customers', { q }, page.page, Math.ceil(total / page.perPage))}`,
    });
  });

  app.get<{ Params: { id: string } }>('/customers/:id', async (request, reply) => {
    const customer = await prisma.customer.findUnique({
      where: { id: idOf(request.params.id) ?? 0 },
      include: {
        orders: { orderBy: { id: 'desc' }, take: 10 },
        reviews: { orderBy: { id: 'desc' }, take: 10, include: { product: true } },
        tickets: { orderBy: { id: 'desc' }, take: 10 },
      },
    });
    if (!customer) return notFoundPage(request, reply, 'This customer');
    const orders = customer.orders.map(
      (order) => `<li><a href="/orders/${order.id}">${order.number}</a> ${formatEuro(order.totalCents)}</li>`,
    );
    const reviews = customer.reviews.map(
      (review) =>
        `<li><a href="/reviews/${review.id}">${escapeHtml(review.product.name)}</a> ${review.rating} ${review.status}</li>`,
    );
    return sendPage(request, reply, {
      title: customer.email,
      body: `<h1>${escapeHtml(`${customer.firstName} ${customer.lastName}`)}</h1>
<p>${escapeHtml(customer.email)}, since ${formatDate(customer.createdAt)}, ${customer.loyaltyPoints} points</p>
<h2>Orders</h2><ul>${orders.join('')}</ul>
<h2>Reviews</h2><ul>${reviews.join('')}</ul>
<h2>Tickets</h2><ul>${customer.tickets.map((ticket) => `<li>${escapeHtml(ticket.subject)}</li>`).join('')}</ul>`,
    });
  });

  app.get<ListQuery>('/orders', async (request, reply) => {
    const page = pageOf(request.query, 50);
    const status = (['NEW', 'PAID', 'SHIPPED', 'DELIVERED', 'CANCELLED'] as const).find(
      (name) => name === request.query.status,
    );
    const orders = await prisma.order.findMany({
      where: { status },
      include: { customer: true, shipments: true },
      orderBy: { id: 'desc' },
      skip: page.skip,
      take: page.take,
    });
    const rows = orders.map(
      (order) =>
        `<tr><td><a href="/orders/${order.id}">${order.number}</a></td><td>${escapeHtml(order.customer.email)}</td><td>${order.status}</td><td>${formatEuro(order.totalCents)}</td><td>${order.shipments.map((shipment) => shipment.status).join(', ')}</td></tr>`,
    );
    return sendPage(request, reply, {
      title: 'Orders',
      body: `<h1>Orders</h1>\n<table>\n${rows.join('\n')}\n</table>`,
    });
  });

  app.get('/audit', async (request, reply) => {
    const rows = (await latestAudit(100)).map(
      (entry) =>
        `<tr><td>${entry.createdAt.toISOString()}</td><td>${escapeHtml(entry.actor?.email ?? 'system')}</td><td>${escapeHtml(entry.action)}</td><td>${escapeHtml(entry.subject)}</td></tr>`,
    );
    return sendPage(request, reply, {
      title: 'Audit',
      body: `<h1>Audit</h1>\n<table>\n${rows.join('\n')}\n</table>`,
    });
  });

  app.get('/settings', async (request, reply) => {
    const token = `<input type="hidden" name="_csrf" value="${csrfToken(request, reply)}">`;
    const rows = (await prisma.setting.findMany({ orderBy: { key: 'asc' } })).map(
      (setting) =>
        `<form method="post" action="/admin/settings">${token}<input type="hidden" name="key" value="${escapeHtml(setting.key)}">${escapeHtml(setting.key)} <input name="value" value="${escapeHtml(setting.value)}"><button>Save</button></form>`,
    );
    return sendPage(request, reply, { title: 'Settings', body: `<h1>Settings</h1>\n${rows.join('\n')}` });
  });

  app.post('/settings', { preHandler: checkCsrf }, async (request, reply) => {
    const key = textField(request.body, 'key');
    const { count } = await prisma.setting.updateMany({
      where: { key },
      data: { value: textField(request.body, 'value').slice(0, 500) },
    });
    if (count === 0) setFlash(reply, 'error', 'There is no such setting.');
    else await writeAudit(request.customer!.id, 'setting.changed', `setting:${key}`);
    return redirectTo(request, reply, '/admin/settings');
  });
}
