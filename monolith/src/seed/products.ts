import { slugify } from '../helpers.ts';
import type { Context } from './scale.ts';
import { TableWriter } from './table-writer.ts';
import { brands, colours, departments, materials, things } from './words.ts';

export interface SeedProduct {
  id: number;
  name: string;
  cents: number;
}

/** The products themselves; the rest of the catalog is built around them. */
export function makeProducts({ scale, random }: Context): SeedProduct[] {
  return Array.from({ length: scale.products }, (_, index) => ({
    id: index + 1,
    name: `${random.pick(colours)} ${random.pick(materials)} ${random.pick(things)}`,
    cents: random.int(3, 240) * 100 - random.pick([1, 5, 10, 50]),
  }));
}

/** Brands, departments, products with their ratings, pictures, views and stock. */
export function seedCatalog(
  { random, daysAgo }: Context,
  products: SeedProduct[],
  ratingOf: (productId: number) => { average: string; count: number },
  imageHashes: string[],
): TableWriter[] {
  const brandTable = new TableWriter('brands', { id: 'int', slug: 'text', name: 'text' });
  brands.forEach((name, index) => {
    brandTable.add(index + 1, slugify(name), name);
  });

  const categories = new TableWriter('categories', {
    id: 'int',
    slug: 'text',
    name: 'text',
    parent_id: 'int',
  });
  const leaves: number[] = [];
  let categoryId = 0;
  for (const [department, names] of Object.entries(departments)) {
    const parent = ++categoryId;
    categories.add(parent, slugify(department), department, null);
    for (const name of names) {
      leaves.push(++categoryId);
      categories.add(categoryId, slugify(`${department} ${name}`), name, parent);
    }
  }

  const table = new TableWriter('products', {
    id: 'int',
    sku: 'text',
    slug: 'text',
    name: 'text',
    description: 'text',
    price: 'numeric',
    active: 'bool',
    brand_id: 'int',
    rating_avg: 'numeric',
    rating_count: 'int',
    created_at: 'timestamp',
    updated_at: 'timestamp',
  });
  const links = new TableWriter('_CategoryToProduct', { A: 'int', B: 'int' });
  const images = new TableWriter('product_images', {
    id: 'int',
    product_id: 'int',
    blob_hash: 'text',
    alt: 'text',
    position: 'int',
  });
  const views = new TableWriter('product_views', { product_id: 'int', day: 'date', views: 'int' });
  const stock = new TableWriter('stock_levels', {
    product_id: 'int',
    on_hand: 'int',
    reserved: 'int',
    updated_at: 'timestamp',
  });
  const movements = new TableWriter('stock_movements', {
    product_id: 'int',
    delta: 'int',
    reason: 'text',
    created_at: 'timestamp',
  });

  let imageId = 0;
  for (const { id, name, cents } of products) {
    const rating = ratingOf(id);
    const created = random.int(60, 3500);
    table.add(
      id,
      `OH-${String(10_000 + id)}`,
      `${slugify(name)}-${id}`,
      name,
      `${name}, made by hand in small numbers. ${random.int(8, 60)} cm high, ${random.int(1, 40) / 10} kg. For every day and for guests.`,
      (cents / 100).toFixed(2),
      id <= 20 || random.chance(0.98),
      random.int(1, brands.length),
      rating.average,
      rating.count,
      daysAgo(created),
      daysAgo(random.int(0, 50)),
    );
    for (const leaf of random.some(leaves, random.int(1, 3))) links.add(leaf, id);
    for (let position = 0; position < random.int(1, 2); position++) {
      images.add(++imageId, id, random.pick(imageHashes), `${name}, picture ${position + 1}`, position);
    }
    for (let day = 1; day <= 5; day++) views.add(id, daysAgo(day).slice(0, 10), random.int(0, 300));
    const onHand = random.chance(0.05) ? random.int(0, 3) : random.int(200, 5000);
    stock.add(id, onHand, 0, daysAgo(1));
    movements.add(id, onHand, 'opening balance', daysAgo(created));
  }
  return [brandTable, categories, table, links, images, views, stock, movements];
}
