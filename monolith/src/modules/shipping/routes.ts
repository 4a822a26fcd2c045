import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { escapeHtml, idOf, textField } from '../../helpers.ts';
import { apiError, legacyError, notFoundPage } from '../../plugins/errors.ts';
import { requireStaff } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';
import {
  findByTrackingCode,
  listMethods,
  setShipmentStatus,
  shipmentStatuses,
  shippingCostCents,
} from './service.ts';

export default async function shippingRoutes(app: FastifyInstance) {
  app.get<{ Params: { code: string } }>('/track/:code', async (request, reply) => {
    const shipment = await findByTrackingCode(request.params.code.toUpperCase());
    if (!shipment) return notFoundPage(request, reply, 'This parcel');
    return sendPage(request, reply, {
      title: `Parcel ${shipment.trackingCode}`,
      body: `<h1>Parcel ${escapeHtml(shipment.trackingCode)}</h1>
<p>Order ${escapeHtml(shipment.order.number)}, ${escapeHtml(shipment.method.name)}: <b>${escapeHtml(shipment.status)}</b></p>`,
    });
  });

  app.get('/api/shipping/methods', async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=300');
    return listMethods();
  });

  app.get<{ Querystring: { goodsCents?: string } }>('/api/shipping/quotes', async (request, reply) => {
    const goodsCents = Number(request.query.goodsCents);
    if (!Number.isInteger(goodsCents) || goodsCents < 0)
      return legacyError(reply, 400, 'goodsCents must be a number');
    const methods = await listMethods();
    return methods.map((method) => ({ code: method.code, cents: shippingCostCents(method, goodsCents) }));
  });

  app.post<{ Params: { id: string } }>(
    '/api/shipments/:id/status',
    { preHandler: requireStaff },
    async (request, reply) => {
      const status = textField(request.body, 'status');
      if (!shipmentStatuses.includes(status)) {
        return apiError(request, reply, 422, 'VALIDATION_FAILED', 'Some fields are not valid', {
          status: `must be one of ${shipmentStatuses.join(', ')}`,
        });
      }
      const id = idOf(request.params.id) ?? 0;
      if (!(await prisma.shipment.findUnique({ where: { id } }))) {
        return apiError(request, reply, 404, 'SHIPMENT_NOT_FOUND', 'No such shipment');
      }
      return setShipmentStatus(id, status);
    },
  );
}
