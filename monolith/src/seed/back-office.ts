import type { Context } from './scale.ts';
import { TableWriter } from './table-writer.ts';
import { searches, subjects } from './words.ts';

/** Everything small: searches, wish lists, messages, support, audit and settings. */
export function seedBackOffice({ scale, random, daysAgo }: Context): TableWriter[] {
  const queries = new TableWriter('search_queries', {
    term: 'text',
    hits: 'int',
    customer_id: 'int',
    created_at: 'timestamp',
  });
  const synonyms = new TableWriter('search_synonyms', { term: 'text', synonym: 'text' });
  const wishes = new TableWriter('wishlist_items', {
    customer_id: 'int',
    product_id: 'int',
    created_at: 'timestamp',
  });
  const notifications = new TableWriter('notifications', {
    customer_id: 'int',
    kind: 'text',
    text: 'text',
    read_at: 'timestamp',
    created_at: 'timestamp',
  });
  const tickets = new TableWriter('support_tickets', {
    id: 'int',
    customer_id: 'int',
    subject: 'text',
    status: 'text',
    created_at: 'timestamp',
  });
  const messages = new TableWriter('support_messages', {
    ticket_id: 'int',
    author_id: 'int',
    text: 'text',
    created_at: 'timestamp',
  });
  const audit = new TableWriter('audit_log', {
    actor_id: 'int',
    action: 'text',
    subject: 'text',
    created_at: 'timestamp',
  });
  const settings = new TableWriter('settings', { key: 'text', value: 'text' });

  const customer = () => random.int(1, scale.customers);
  for (let left = scale.customers; left > 0; left--) {
    queries.add(
      random.pick(searches),
      random.int(0, 60),
      random.chance(0.4) ? customer() : null,
      daysAgo(random.next() * 90),
    );
    const age = random.next() * 200;
    notifications.add(
      customer(),
      'order',
      'Your parcel is on its way.',
      random.chance(0.7) ? daysAgo(age) : null,
      daysAgo(age),
    );
  }
  for (let id = 1; id <= scale.customers; id++) {
    for (let left = random.pick([0, 0, 1, 3]), product = random.int(1, scale.products); left > 0; left--) {
      product = (product % scale.products) + 1;
      wishes.add(id, product, daysAgo(random.next() * 400));
    }
  }
  for (let id = 1; id <= scale.customers / 12; id++) {
    const asked = random.next() * 300;
    const author = customer();
    const open = random.chance(0.2);
    tickets.add(id, author, random.pick(subjects), open ? 'open' : 'closed', daysAgo(asked));
    messages.add(id, author, 'Hello, can you please help me with this?', daysAgo(asked));
    if (!open)
      messages.add(id, scale.customers + 2, 'Of course. It is on its way to you.', daysAgo(asked * 0.9));
  }
  for (let left = scale.customers / 3; left > 0; left--) {
    audit.add(
      scale.customers + 1,
      'product.changed',
      `product:${random.int(1, scale.products)}`,
      daysAgo(random.next() * 600),
    );
  }
  synonyms.add('cup', 'mug');
  synonyms.add('throw', 'blanket');
  synonyms.add('rug', 'doormat');
  settings.add('shop.name', 'Old Harbour Shop');
  settings.add('shop.phone', '+49 40 123456');
  settings.add('orders.returnDays', '30');
  return [queries, synonyms, wishes, notifications, tickets, messages, audit, settings];
}
