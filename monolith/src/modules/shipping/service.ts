import type { ShippingMethodModel } from '../../../generated/models.ts';
import { prisma, type Tx } from '../../database/client.ts';
import { randomToken } from '../../helpers.ts';
import { setOrderStatus } from '../orders/service.ts';

export async function listMethods() {
  return prisma.shippingMethod.findMany({ orderBy: { cents: 'asc' } });
}

/** What shipping costs for goods of this value. */
export function shippingCostCents(method: ShippingMethodModel, goodsCents: number): number {
  return method.freeFrom !== null && goodsCents >= method.freeFrom ? 0 : method.cents;
}

export async function createShipment(tx: Tx, orderId: number, methodId: number) {
  return tx.shipment.create({
    data: { orderId, methodId, trackingCode: `OHT${randomToken(6).toUpperCase()}` },
  });
}

export async function findByTrackingCode(trackingCode: string) {
  return prisma.shipment.findUnique({
    where: { trackingCode },
    include: { method: true, order: { select: { number: true, status: true } } },
  });
}

export const shipmentStatuses = ['created', 'packed', 'shipped', 'delivered'];

/** Notes where a parcel is; the order follows. */
export async function setShipmentStatus(id: number, status: string) {
  const shipment = await prisma.shipment.update({
    where: { id },
    data: {
      status,
      shippedAt: status === 'shipped' ? new Date() : undefined,
      deliveredAt: status === 'delivered' ? new Date() : undefined,
    },
  });
  if (status === 'shipped') {
    await setOrderStatus(
      shipment.orderId,
      'SHIPPED',
      `Your parcel is on its way (${shipment.trackingCode}).`,
    );
  }
  if (status === 'delivered') {
    await setOrderStatus(
      shipment.orderId,
      'DELIVERED',
      'Your parcel was delivered. Tell others how you like it!',
    );
  }
  return shipment;
}
