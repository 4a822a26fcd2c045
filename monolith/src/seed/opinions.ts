import type { SeedProduct } from './products.ts';
import type { Context } from './scale.ts';
import { TableWriter } from './table-writer.ts';
import { badTitles, complaints, goodTitles, praise } from './words.ts';

export interface Opinions {
  tables: TableWriter[];
  ratingOf(productId: number): { average: string; count: number };
}

/** Reviews with votes, complaints and what the moderators did. */
export function seedOpinions(
  { scale, random, daysAgo }: Context,
  products: SeedProduct[],
  purchases: [customerId: number, productId: number][],
): Opinions {
  const reviews = new TableWriter('reviews', {
    id: 'int',
    product_id: 'int',
    customer_id: 'int',
    rating: 'int',
    title: 'text',
    body: 'text',
    status: '"ReviewStatus"',
    verified: 'bool',
    helpful_count: 'int',
    unhelpful_count: 'int',
    created_at: 'timestamp',
    updated_at: 'timestamp',
  });
  const votes = new TableWriter('review_votes', {
    review_id: 'int',
    customer_id: 'int',
    helpful: 'bool',
    created_at: 'timestamp',
  });
  const reports = new TableWriter('review_reports', {
    review_id: 'int',
    reporter_id: 'int',
    reason: 'text',
    note: 'text',
    created_at: 'timestamp',
    resolved_at: 'timestamp',
  });
  const moderations = new TableWriter('review_moderations', {
    review_id: 'int',
    moderator_id: 'int',
    from_status: '"ReviewStatus"',
    to_status: '"ReviewStatus"',
    reason: 'text',
    created_at: 'timestamp',
  });

  const bought = new Set(purchases.map(([customer, product]) => `${customer}:${product}`));
  const sums = new Map<number, { points: number; count: number }>();
  const taken = new Set<string>();
  const staff = [scale.customers + 1, scale.customers + 2];

  for (let id = 1; id <= scale.reviews; id++) {
    let pair: [number, number];
    do {
      pair = random.chance(0.6)
        ? random.pick(purchases)
        : [random.int(1, scale.customers), random.pick(products).id];
    } while (taken.has(pair.join(':')));
    taken.add(pair.join(':'));
    const [customerId, productId] = pair;
    const age = ((scale.reviews - id) / scale.reviews) * 995 + random.next();
    const rating = random.pick([5, 5, 5, 5, 4, 4, 4, 3, 3, 2, 1]);
    const texts = random.some(
      rating >= 3 ? praise : [...complaints, ...praise.slice(2, 4)],
      random.int(1, 4),
    );
    const title = random.pick(rating >= 3 ? goodTitles : badTitles);
    const state = random.next();
    const status = state < 0.94 ? 'PUBLISHED' : state < 0.97 ? 'PENDING' : 'REJECTED';
    const created = daysAgo(age);
    const count = { yes: 0, no: 0 };
    if (status === 'PUBLISHED') {
      const sum = sums.get(productId) ?? { points: 0, count: 0 };
      sums.set(productId, { points: sum.points + rating, count: sum.count + 1 });
      for (
        let left = random.pick([0, 0, 0, 1, 1, 2, 3, 4]), voter = random.int(1, scale.customers);
        left > 0;
        left--
      ) {
        voter = (voter % scale.customers) + 1;
        if (voter === customerId) continue;
        const helpful = random.chance(0.8);
        count[helpful ? 'yes' : 'no'] += 1;
        votes.add(id, voter, helpful, daysAgo(age * random.next()));
      }
    }
    reviews.add(
      id,
      productId,
      customerId,
      rating,
      title,
      texts.join(' '),
      status,
      bought.has(pair.join(':')),
      count.yes,
      count.no,
      created,
      created,
    );
    if (status === 'REJECTED') {
      moderations.add(id, random.pick(staff), 'PENDING', 'REJECTED', 'breaks the rules', daysAgo(age * 0.9));
    }
    if (random.chance(0.02)) {
      const reporter = (customerId % scale.customers) + 1;
      const reason = random.pick(['spam', 'offensive', 'off-topic', 'other']);
      const resolved = random.chance(0.8) ? daysAgo(age * 0.5) : null;
      reports.add(id, reporter, reason, null, daysAgo(age * 0.95), resolved);
    }
  }
  return {
    tables: [reviews, votes, reports, moderations],
    ratingOf: (productId) => {
      const sum = sums.get(productId);
      return { average: sum ? (sum.points / sum.count).toFixed(2) : '0', count: sum?.count ?? 0 };
    },
  };
}
