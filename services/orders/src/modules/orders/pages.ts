import { centsToPrice, escapeHtml, formatDate, formatEuro } from '../../helpers.ts';
import type { OrderWithEverything } from './service.ts';

export function orderPage(
  order: OrderWithEverything,
  toReview: { slug: string; name: string }[],
  csrf: string,
): string {
  const items = order.items.map((item) => {
    const name = escapeHtml(item.name);
    const link = item.product ? `<a href="/products/${item.product.slug}">${name}</a>` : name;
    return `<tr><td>${link}</td><td>${item.quantity}</td><td>${formatEuro(item.quantity * item.unitPriceCents)}</td></tr>`;
  });
  const events = order.events.map(
    (event) => `<li>${formatDate(event.createdAt)} ${escapeHtml(event.message)}</li>`,
  );
  const parcels = order.shipments.map(
    (shipment) =>
      `<li><a href="/track/${shipment.trackingCode}">${shipment.trackingCode}</a> ${escapeHtml(shipment.method.name)}: ${shipment.status}</li>`,
  );
  const reviews = toReview.map(
    (product) =>
      `<li><a href="/products/${product.slug}/reviews">Review ${escapeHtml(product.name)}</a></li>`,
  );
  const cancel =
    order.status === 'NEW' || order.status === 'PAID'
      ? `<form method="post" action="/orders/${order.id}/cancel"><input type="hidden" name="_csrf" value="${csrf}"><button>Cancel order</button></form>`
      : '';
  return `<h1>Order ${order.number}</h1>
<p>Placed on ${formatDate(order.createdAt)}, <b id="status">${order.status.toLowerCase()}</b></p>
<table>
${items.join('\n')}
</table>
<p>Discount ${formatEuro(order.discountCents)}, shipping ${formatEuro(order.shippingCents)}, total <b>${formatEuro(order.totalCents)}</b></p>
<ul>${parcels.join('')}</ul>
<h2>History</h2>
<ol id="events" data-source="/orders/${order.id}/events">${events.join('')}</ol>
${reviews.length > 0 && order.status === 'DELIVERED' ? `<h2>How do you like it?</h2><ul>${reviews.join('')}</ul>\n` : ''}${cancel}
<p><a href="/orders/${order.id}/invoice">Invoice</a></p>`;
}

/** The invoice as plain text, as it was once printed on a needle printer. */
export function invoiceText(order: OrderWithEverything): string {
  const line = (label: string, cents: number) => `${label.padEnd(50)}${centsToPrice(cents).padStart(12)} EUR`;
  const address = order.address;
  return [
    'OLD HARBOUR SHOP',
    `Invoice for order ${order.number}`,
    `Date: ${formatDate(order.createdAt)}`,
    ...(address ? [`To: ${address.street}, ${address.zip} ${address.city}, ${address.country}`] : []),
    ''.padEnd(66, '-'),
    ...order.items.map((item) =>
      line(`${item.quantity} x ${item.name}`.slice(0, 48), item.quantity * item.unitPriceCents),
    ),
    ''.padEnd(66, '-'),
    line('Discount', -order.discountCents),
    line('Shipping', order.shippingCents),
    line('Total', order.totalCents),
    '',
  ].join('\n');
}
