import { prisma } from '../../database/client.ts';
import type { CurrentCustomer } from '../../plugins/session.ts';

/** What every answer about a review needs beside the review itself. */
export const withAuthorAndProduct = {
  customer: { select: { id: true, firstName: true, lastName: true } },
  product: { select: { id: true, slug: true, name: true, price: true } },
} as const;

/** The newest published reviews, for the product page and the front page. */
export async function latestReviews(take: number, productId?: number) {
  return prisma.review.findMany({
    where: { status: 'PUBLISHED', productId },
    include: withAuthorAndProduct,
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take,
  });
}

export type ReviewWithDetails = Awaited<ReturnType<typeof latestReviews>>[number];

/** Authors change their own reviews, staff all of them. */
export function canEdit(review: { customerId: number }, viewer: CurrentCustomer): boolean {
  return review.customerId === viewer.id || viewer.role !== 'CUSTOMER';
}
