-- What the Prisma schema can't say: checks, the full-text index of the search, and the view behind the sales reports.

ALTER TABLE "reviews" ADD CONSTRAINT "reviews_rating_check" CHECK ("rating" BETWEEN 1 AND 5);
ALTER TABLE "stock_levels" ADD CONSTRAINT "stock_levels_on_hand_check" CHECK ("on_hand" >= 0);
ALTER TABLE "cart_items" ADD CONSTRAINT "cart_items_quantity_check" CHECK ("quantity" > 0);

CREATE INDEX "products_search_idx" ON "products"
  USING gin (to_tsvector('english', "name" || ' ' || "description"));

CREATE VIEW "product_sales" AS
SELECT oi."product_id",
       date_trunc('month', o."created_at") AS "month",
       sum(oi."quantity")::int AS "pieces",
       sum(oi."quantity" * oi."unit_price_cents")::bigint AS "revenue_cents"
FROM "order_items" oi
JOIN "orders" o ON o."id" = oi."order_id"
WHERE o."status" <> 'CANCELLED' AND oi."product_id" IS NOT NULL
GROUP BY oi."product_id", date_trunc('month', o."created_at");
