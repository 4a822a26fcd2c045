import { prisma } from '../../database/client.ts';

export async function findProductBySlug(slug: string) {
  return prisma.product.findFirst({ where: { slug, active: true } });
}

export async function findProductById(id: number) {
  return prisma.product.findFirst({ where: { id, active: true } });
}

/** Writes the average of the published reviews to the product, where the listings read it. */
export async function refreshProductRating(productId: number): Promise<void> {
  const rating = await prisma.review.aggregate({
    where: { productId, status: 'PUBLISHED' },
    _avg: { rating: true },
    _count: { _all: true },
  });
  await prisma.product.updateMany({
    where: { id: productId },
    data: { ratingAvg: rating._avg.rating ?? 0, ratingCount: rating._count._all },
  });
}
