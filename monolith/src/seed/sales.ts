import type { SeedProduct } from './products.ts';
import type { Context } from './scale.ts';
import { TableWriter } from './table-writer.ts';

/** [code, title, percent, amount, least sum in cents] */
const promotions: [string, string, number | null, string | null, number][] = [
  ['WELCOME10', '10 % off the first order', 10, null, 0],
  ['HARBOUR5', '5 Euro off', null, '5.00', 3000],
  ['SUMMER20', '20 % off in summer', 20, null, 10_000],
  ['OLDCODE', 'No longer valid', 50, null, 0],
];

/** [code, name, cents, free from] */
const methods: [string, string, number, number | null][] = [
  ['standard', 'Standard', 490, 5000],
  ['express', 'Express', 990, null],
  ['pickup', 'Pick up at the harbour', 0, null],
];

export interface Sales {
  tables: TableWriter[];
  /** Pairs of customer and product that were bought and paid for. */
  purchases: [customerId: number, productId: number][];
}

/** Promotions, shipping methods, orders with items, events, payments, refunds and parcels, and open carts. */
export function seedSales(
  { scale, random, daysAgo }: Context,
  products: SeedProduct[],
  addressOf: (customerId: number) => number | null,
): Sales {
  const promotionTable = new TableWriter('promotions', {
    id: 'int',
    code: 'text',
    title: 'text',
    percent_off: 'int',
    amount_off: 'text',
    min_cents: 'int',
    used_count: 'int',
    valid_from: 'timestamp',
    valid_until: 'timestamp',
    active: 'bool',
  });
  const redemptions = new TableWriter('promotion_redemptions', {
    promotion_id: 'int',
    customer_id: 'int',
    order_id: 'int',
    discount_cents: 'int',
    created_at: 'timestamp',
  });
  const methodTable = new TableWriter('shipping_methods', {
    id: 'int',
    code: 'text',
    name: 'text',
    cents: 'int',
    free_from_cents: 'int',
  });
  const orders = new TableWriter('orders', {
    id: 'int',
    number: 'text',
    customer_id: 'int',
    address_id: 'int',
    status: '"OrderStatus"',
    subtotal_cents: 'int',
    discount_cents: 'int',
    shipping_cents: 'int',
    total_cents: 'int',
    created_at: 'timestamp',
    updated_at: 'timestamp',
  });
  const items = new TableWriter('order_items', {
    order_id: 'int',
    product_id: 'int',
    name: 'text',
    quantity: 'int',
    unit_price_cents: 'int',
  });
  const events = new TableWriter('order_events', {
    order_id: 'int',
    type: 'text',
    message: 'text',
    created_at: 'timestamp',
  });
  const payments = new TableWriter('payments', {
    id: 'int',
    order_id: 'int',
    method: 'text',
    amount: 'text',
    status: '"PaymentStatus"',
    reference: 'text',
    created_at: 'timestamp',
  });
  const refunds = new TableWriter('refunds', {
    payment_id: 'int',
    amount_cents: 'int',
    reason: 'text',
    created_at: 'timestamp',
  });
  const shipments = new TableWriter('shipments', {
    order_id: 'int',
    method_id: 'int',
    tracking_code: 'text',
    status: 'text',
    shipped_at: 'timestamp',
    delivered_at: 'timestamp',
  });

  const used = promotions.map(() => 0);
  const purchases: [number, number][] = [];
  for (let id = 1; id <= scale.orders; id++) {
    // Ids rise with time, as they do in a real shop.
    const age = ((scale.orders - id) / scale.orders) * 1000 + random.next();
    const customerId = random.int(1, scale.customers);
    const chosen = random.some(products, random.int(1, 4));
    const lines = chosen.map((product) => ({ product, quantity: random.chance(0.8) ? 1 : random.int(2, 4) }));
    const subtotal = lines.reduce((sum, line) => sum + line.product.cents * line.quantity, 0);
    const promotion = random.chance(0.1) ? random.int(0, 2) : undefined;
    const discount = promotion === undefined ? 0 : Math.round(subtotal * 0.1);
    const method = random.int(0, 2);
    const shipping = methods[method]?.[2] ?? 0;
    const total = subtotal - discount + shipping;
    const status = random.chance(0.05) ? 'CANCELLED' : age < 3 ? 'PAID' : age < 7 ? 'SHIPPED' : 'DELIVERED';
    const created = daysAgo(age);

    orders.add(
      id,
      `OH-${String(1_000_000 + id)}`,
      customerId,
      addressOf(customerId),
      status,
      subtotal,
      discount,
      shipping,
      total,
      created,
      created,
    );
    for (const { product, quantity } of lines) {
      items.add(id, product.id, product.name, quantity, product.cents);
      if (status !== 'CANCELLED') purchases.push([customerId, product.id]);
    }
    if (promotion !== undefined) {
      used[promotion] = (used[promotion] ?? 0) + 1;
      redemptions.add(promotion + 1, customerId, id, discount, created);
    }
    const card = random.chance(0.7);
    const paid = status === 'CANCELLED' ? 'REFUNDED' : card ? 'CAPTURED' : 'AUTHORISED';
    const reference = `pay_${random.hex(20)}`;
    payments.add(id, id, card ? 'card' : 'invoice', (total / 100).toFixed(2), paid, reference, created);
    events.add(id, 'paid', 'Thank you! We have received your payment.', created);
    if (status === 'CANCELLED') {
      refunds.add(id, total, 'order cancelled', created);
      events.add(id, 'cancelled', 'Your order was cancelled.', created);
      continue;
    }
    const shipped = status === 'PAID' ? null : daysAgo(age - 2);
    const delivered = status === 'DELIVERED' ? daysAgo(age - 5) : null;
    const state = delivered ? 'delivered' : shipped ? 'shipped' : 'created';
    const code = `OHT${random.hex(12).toUpperCase()}`;
    shipments.add(id, method + 1, code, state, shipped, delivered);
    if (shipped) events.add(id, 'shipped', `Your parcel is on its way (${code}).`, shipped);
    if (delivered)
      events.add(id, 'delivered', 'Your parcel was delivered. Tell others how you like it!', delivered);
  }
  promotions.forEach(([code, title, percent, amount, least], index) => {
    const until = code === 'OLDCODE' ? daysAgo(100) : null;
    promotionTable.add(
      index + 1,
      code,
      title,
      percent,
      amount,
      least,
      used[index] ?? 0,
      daysAgo(1500),
      until,
      code !== 'OLDCODE',
    );
  });
  methods.forEach(([code, name, cents, free], index) => {
    methodTable.add(index + 1, code, name, cents, free);
  });
  const tables = [
    promotionTable,
    methodTable,
    orders,
    items,
    events,
    payments,
    refunds,
    shipments,
    redemptions,
  ];
  return { tables: [...tables, ...seedCarts({ scale, random, daysAgo }, products)], purchases };
}

function seedCarts({ scale, random, daysAgo }: Context, products: SeedProduct[]): TableWriter[] {
  const carts = new TableWriter('carts', {
    id: 'text',
    customer_id: 'int',
    created_at: 'timestamp',
    updated_at: 'timestamp',
  });
  const items = new TableWriter('cart_items', {
    cart_id: 'text',
    product_id: 'int',
    quantity: 'int',
    unit_price_cents: 'int',
  });
  for (let number = 0; number < scale.customers / 10; number++) {
    const id = random.hex(24);
    const age = random.next() * 60;
    carts.add(id, random.chance(0.6) ? random.int(1, scale.customers) : null, daysAgo(age + 1), daysAgo(age));
    for (const product of random.some(products, random.int(1, 4))) {
      items.add(id, product.id, random.int(1, 3), product.cents);
    }
  }
  return [carts, items];
}
