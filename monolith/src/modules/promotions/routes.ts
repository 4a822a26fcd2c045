import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { escapeHtml, formatEuro, idOf, redirectTo, textField } from '../../helpers.ts';
import { apiError } from '../../plugins/errors.ts';
import { checkCsrf, csrfToken, requireStaff, setFlash } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';
import { writeAudit } from '../admin/audit.ts';
import { activePromotions, findPromotion, isUsable } from './service.ts';

export default async function promotionRoutes(app: FastifyInstance) {
  app.get('/promotions', async (request, reply) => {
    const rows = (await activePromotions()).map(
      (promotion) =>
        `<li><b>${escapeHtml(promotion.code)}</b> ${escapeHtml(promotion.title)} (from ${formatEuro(promotion.minCents)})</li>`,
    );
    return sendPage(request, reply, {
      title: 'Offers',
      body: `<h1>Offers</h1>\n<ul>\n${rows.join('\n')}\n</ul>`,
    });
  });

  app.get<{ Params: { code: string } }>('/api/promotions/:code', async (request, reply) => {
    const promotion = await findPromotion(request.params.code);
    if (!promotion) return apiError(request, reply, 404, 'PROMOTION_NOT_FOUND', 'No such code');
    const { code, title, percentOff, amountOff, minCents } = promotion;
    return { code, title, percentOff, amountOff, minCents, usable: isUsable(promotion) };
  });

  app.get('/admin/promotions', { preHandler: requireStaff }, async (request, reply) => {
    const promotions = await prisma.promotion.findMany({
      include: { _count: { select: { redemptions: true } } },
      orderBy: { id: 'asc' },
    });
    const token = `<input type="hidden" name="_csrf" value="${csrfToken(request, reply)}">`;
    const rows = promotions.map(
      (promotion) =>
        `<tr><td>${escapeHtml(promotion.code)}</td><td>${promotion.usedCount}</td><td>${promotion._count.redemptions}</td><td>${promotion.active ? `<form method="post" action="/admin/promotions/${promotion.id}/disable">${token}<button>Disable</button></form>` : 'disabled'}</td></tr>`,
    );
    return sendPage(request, reply, {
      title: 'Promotions',
      body: `<h1>Promotions</h1>\n<table>\n${rows.join('\n')}\n</table>`,
    });
  });

  app.post('/admin/promotions', { preHandler: [requireStaff, checkCsrf] }, async (request, reply) => {
    const code = textField(request.body, 'code').toUpperCase();
    const title = textField(request.body, 'title');
    const percentOff = Number(textField(request.body, 'percentOff')) || null;
    const amountOff = textField(request.body, 'amountOff') || null;
    const taken = (await prisma.promotion.findUnique({ where: { code } })) !== null;
    if (
      !/^[A-Z0-9-]{3,20}$/.test(code) ||
      !title ||
      (percentOff === null) === (amountOff === null) ||
      taken
    ) {
      setFlash(reply, 'error', 'Please check the code, the title and the discount.');
    } else {
      const data = { code, title, percentOff, amountOff, validFrom: new Date() };
      await prisma.promotion.create({ data });
      await writeAudit(request.customer!.id, 'promotion.created', `promotion:${code}`);
      setFlash(reply, 'notice', `${code} was created.`);
    }
    return redirectTo(request, reply, '/admin/promotions');
  });

  app.post<{ Params: { id: string } }>(
    '/admin/promotions/:id/disable',
    { preHandler: [requireStaff, checkCsrf] },
    async (request, reply) => {
      const id = idOf(request.params.id) ?? 0;
      await prisma.promotion.updateMany({ where: { id }, data: { active: false } });
      await writeAudit(request.customer!.id, 'promotion.disabled', `promotion:${id}`);
      return redirectTo(request, reply, '/admin/promotions');
    },
  );
}
