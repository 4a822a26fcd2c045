import type { ProductOrderByWithRelationInput, ProductWhereInput } from '../../../generated/models.ts';
import { prisma } from '../../database/client.ts';
import { slugify } from '../../helpers.ts';
import { writeAudit } from '../admin/audit.ts';
import { stockOf } from '../inventory/service.ts';
import { latestReviews } from '../reviews/service.ts';

export async function findProductById(id: number) {
  return prisma.product.findFirst({ where: { id, active: true } });
}

const byName: ProductOrderByWithRelationInput[] = [{ name: 'asc' }, { id: 'asc' }];
const orders = new Map<string, ProductOrderByWithRelationInput[]>([
  ['newest', [{ createdAt: 'desc' }, { id: 'desc' }]],
  ['cheapest', [{ price: 'asc' }, { id: 'asc' }]],
  ['dearest', [{ price: 'desc' }, { id: 'desc' }]],
  ['rating', [{ ratingAvg: 'desc' }, { ratingCount: 'desc' }, { id: 'asc' }]],
]);

export interface ProductFilter {
  category?: string;
  brand?: string;
  sort?: string;
}

/** One page of the products for sale. */
export async function listProducts(filter: ProductFilter, page: { skip: number; take: number }) {
  const where: ProductWhereInput = { active: true };
  if (filter.category) {
    where.categories = {
      some: { OR: [{ slug: filter.category }, { parent: { slug: filter.category } }] },
    };
  }
  if (filter.brand) where.brand = { slug: filter.brand };
  const [total, products] = await Promise.all([
    prisma.product.count({ where }),
    prisma.product.findMany({
      where,
      include: { images: { orderBy: { position: 'asc' }, take: 1 }, brand: true },
      orderBy: orders.get(filter.sort ?? '') ?? byName,
      skip: page.skip,
      take: page.take,
    }),
  ]);
  return { total, products };
}

export type ProductInList = Awaited<ReturnType<typeof listProducts>>['products'][number];

/** Everything on a product's page: also its newest reviews and what is in stock. */
export async function productDetails(slugOrId: string | number) {
  const product = await prisma.product.findFirst({
    where: { active: true, ...(typeof slugOrId === 'number' ? { id: slugOrId } : { slug: slugOrId }) },
    include: { brand: true, categories: true, images: { orderBy: { position: 'asc' } } },
  });
  if (!product) return null;
  const [reviews, stock] = await Promise.all([latestReviews(3, product.id), stockOf(product.id)]);
  return { product, reviews, stock };
}

/** Counts a page view, one row a day and product. */
export async function countView(productId: number): Promise<void> {
  await prisma.$executeRaw`
    INSERT INTO product_views (product_id, day, views) VALUES (${productId}, current_date, 1)
    ON CONFLICT (product_id, day) DO UPDATE SET views = product_views.views + 1`;
}

/** Products that are in the same categories. */
export async function relatedProducts(productId: number, take: number) {
  return prisma.product.findMany({
    where: {
      active: true,
      id: { not: productId },
      categories: { some: { products: { some: { id: productId } } } },
    },
    include: { images: { orderBy: { position: 'asc' }, take: 1 }, brand: true },
    take,
  });
}

export async function categoryTree() {
  return prisma.category.findMany({
    where: { parentId: null },
    include: { children: { orderBy: { name: 'asc' } } },
    orderBy: { name: 'asc' },
  });
}

export interface ProductInput {
  sku: string;
  name: string;
  description: string;
  price: string;
  categoryIds: number[];
}

export async function createProduct(input: ProductInput, actorId: number) {
  const { categoryIds, ...fields } = input;
  const product = await prisma.product.create({
    data: {
      ...fields,
      slug: `${slugify(input.name)}-${slugify(input.sku)}`,
      categories: { connect: categoryIds.map((id) => ({ id })) },
      stock: { create: { onHand: 0 } },
    },
  });
  await writeAudit(actorId, 'product.created', `product:${product.id}`);
  return product;
}

export async function updateProduct(id: number, input: Partial<ProductInput>, actorId: number) {
  const { categoryIds, ...fields } = input;
  const product = await prisma.product.update({
    where: { id },
    data: {
      ...fields,
      categories: categoryIds && { set: categoryIds.map((category) => ({ id: category })) },
    },
  });
  await writeAudit(actorId, 'product.changed', `product:${id}`);
  return product;
}

/** Deletes a product with its reviews, images, stock and cart items; order items keep its name. */
export async function deleteProduct(id: number, actorId: number): Promise<void> {
  await prisma.product.delete({ where: { id } });
  await writeAudit(actorId, 'product.deleted', `product:${id}`);
}
