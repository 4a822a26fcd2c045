import { prisma } from '../../database/client.ts';

export interface SearchHit {
  id: number;
  slug: string;
  name: string;
  price: string;
  rating_avg: string;
  rank: number;
}

/** Full-text search over the products, better rated and better sold ones first. Reads half of the database. */
export async function searchProducts(text: string, limit: number): Promise<SearchHit[]> {
  const term = await replaceSynonyms(text);
  return prisma.$queryRaw<SearchHit[]>`
    SELECT p.id, p.slug, p.name, p.price::text AS price, p.rating_avg::text AS rating_avg,
           ts_rank(to_tsvector('english', p.name || ' ' || p.description), websearch_to_tsquery('english', ${term}))
             * (1 + p.rating_avg / 10) * (1 + ln(1 + coalesce(r.reviews, 0))) AS rank
    FROM products p
    LEFT JOIN (
      SELECT product_id, count(*) AS reviews FROM reviews WHERE status = 'PUBLISHED' GROUP BY product_id
    ) r ON r.product_id = p.id
    LEFT JOIN stock_levels s ON s.product_id = p.id
    WHERE p.active
      AND to_tsvector('english', p.name || ' ' || p.description) @@ websearch_to_tsquery('english', ${term})
    ORDER BY coalesce(s.on_hand, 0) > 0 DESC, rank DESC, p.id
    LIMIT ${limit}`;
}

async function replaceSynonyms(text: string): Promise<string> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 20);
  const synonyms = await prisma.searchSynonym.findMany({ where: { term: { in: words } } });
  const by = new Map(synonyms.map(({ term, synonym }) => [term, synonym]));
  return words.map((word) => by.get(word) ?? word).join(' ');
}

/** Completions for the search field. */
export async function suggest(prefix: string): Promise<string[]> {
  const products = await prisma.product.findMany({
    where: { active: true, name: { startsWith: prefix, mode: 'insensitive' } },
    select: { name: true },
    orderBy: { name: 'asc' },
    take: 8,
  });
  return [...new Set(products.map((product) => product.name))];
}

export async function recordSearch(
  term: string,
  hits: number,
  customerId: number | undefined,
): Promise<void> {
  await prisma.searchQuery.create({ data: { term: term.slice(0, 100), hits, customerId } });
}
