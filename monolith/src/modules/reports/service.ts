import { prisma } from '../../database/client.ts';

export interface SalesRow {
  month: Date;
  orders: number;
  pieces: number;
  revenue_cents: bigint;
  discount_cents: bigint;
  refunded_cents: bigint;
  reviews: number;
}

/** Sales by month, over orders, payments, refunds, promotions and reviews. */
export async function salesByMonth(): Promise<SalesRow[]> {
  return prisma.$queryRaw<SalesRow[]>`
    SELECT date_trunc('month', o.created_at) AS month,
           count(*)::int AS orders,
           sum(i.pieces)::int AS pieces,
           sum(o.total_cents)::bigint AS revenue_cents,
           sum(coalesce(pr.discount_cents, 0))::bigint AS discount_cents,
           sum(coalesce(rf.refunded_cents, 0))::bigint AS refunded_cents,
           max(coalesce(rv.reviews, 0))::int AS reviews
    FROM orders o
    JOIN (SELECT order_id, sum(quantity) AS pieces FROM order_items GROUP BY order_id) i ON i.order_id = o.id
    LEFT JOIN promotion_redemptions pr ON pr.order_id = o.id
    LEFT JOIN (
      SELECT p.order_id, sum(r.amount_cents) AS refunded_cents
      FROM payments p JOIN refunds r ON r.payment_id = p.id GROUP BY p.order_id
    ) rf ON rf.order_id = o.id
    LEFT JOIN (
      SELECT date_trunc('month', created_at) AS month, count(*) AS reviews FROM reviews GROUP BY 1
    ) rv ON rv.month = date_trunc('month', o.created_at)
    WHERE o.status <> 'CANCELLED'
    GROUP BY 1
    ORDER BY 1`;
}

export interface ProductRow {
  id: number;
  sku: string;
  name: string;
  pieces: number;
  revenue_cents: bigint;
  on_hand: number;
  average_rating: string | null;
  reports: number;
  wished: number;
}

/** What sells best, with what customers think of it and what is left. */
export async function bestSellers(limit: number): Promise<ProductRow[]> {
  return prisma.$queryRaw<ProductRow[]>`
    SELECT p.id, p.sku, p.name,
           sum(s.pieces)::int AS pieces,
           sum(s.revenue_cents)::bigint AS revenue_cents,
           coalesce(max(l.on_hand), 0)::int AS on_hand,
           (SELECT round(avg(r.rating), 2)::text FROM reviews r
             WHERE r.product_id = p.id AND r.status = 'PUBLISHED') AS average_rating,
           (SELECT count(*)::int FROM review_reports rr JOIN reviews r ON r.id = rr.review_id
             WHERE r.product_id = p.id) AS reports,
           (SELECT count(*)::int FROM wishlist_items w WHERE w.product_id = p.id) AS wished
    FROM product_sales s
    JOIN products p ON p.id = s.product_id
    LEFT JOIN stock_levels l ON l.product_id = p.id
    GROUP BY p.id
    ORDER BY revenue_cents DESC, p.id
    LIMIT ${limit}`;
}

export interface CustomerRow {
  id: number;
  email: string;
  orders: number;
  total_cents: bigint;
  reviews: number;
  votes: number;
  tickets: number;
}

/** The best customers: who buys, writes reviews and asks for help. */
export async function bestCustomers(limit: number): Promise<CustomerRow[]> {
  return prisma.$queryRaw<CustomerRow[]>`
    SELECT c.id, c.email, count(o.id)::int AS orders, coalesce(sum(o.total_cents), 0)::bigint AS total_cents,
           (SELECT count(*)::int FROM reviews r WHERE r.customer_id = c.id) AS reviews,
           (SELECT count(*)::int FROM review_votes v WHERE v.customer_id = c.id) AS votes,
           (SELECT count(*)::int FROM support_tickets t WHERE t.customer_id = c.id) AS tickets
    FROM customers c
    LEFT JOIN orders o ON o.customer_id = c.id AND o.status <> 'CANCELLED'
    GROUP BY c.id
    ORDER BY total_cents DESC, c.id
    LIMIT ${limit}`;
}
