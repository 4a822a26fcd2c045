import { Prisma } from '../../../generated/client.ts';
import type { ReviewStatus } from '../../../generated/enums.ts';
import type { ReviewOrderByWithRelationInput, ReviewWhereInput } from '../../../generated/models.ts';
import { prisma } from '../../database/client.ts';
import { looksLikeSpam } from '../../helpers.ts';
import type { CurrentCustomer } from '../../plugins/session.ts';
import { refreshProductRating } from '../catalog/service.ts';
import { hasPurchased } from '../orders/service.ts';

/** What every answer about a review needs beside the review itself. */
export const withAuthorAndProduct = {
  customer: { select: { id: true, firstName: true, lastName: true } },
  product: { select: { id: true, slug: true, name: true, price: true } },
} as const;

export interface ReviewInput {
  rating: number;
  title: string;
  body: string;
}

export interface ReviewFilter {
  sort?: string;
  stars?: string;
}

const newestFirst: ReviewOrderByWithRelationInput[] = [{ createdAt: 'desc' }, { id: 'desc' }];
const orders = new Map<string, ReviewOrderByWithRelationInput[]>([
  ['oldest', [{ createdAt: 'asc' }, { id: 'asc' }]],
  ['helpful', [{ helpfulCount: 'desc' }, { id: 'desc' }]],
  ['rating', [{ rating: 'desc' }, { id: 'desc' }]],
]);

/** One page of a product's published reviews. */
export async function listProductReviews(
  productId: number,
  filter: ReviewFilter,
  page: { skip: number; take: number },
) {
  const where: ReviewWhereInput = { productId, status: 'PUBLISHED' };
  if (/^[1-5]$/.test(filter.stars ?? '')) where.rating = Number(filter.stars);
  const [total, reviews] = await Promise.all([
    prisma.review.count({ where }),
    prisma.review.findMany({
      where,
      include: withAuthorAndProduct,
      orderBy: orders.get(filter.sort ?? '') ?? newestFirst,
      skip: page.skip,
      take: page.take,
    }),
  ]);
  return { total, reviews };
}

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

/** All reviews that a customer wrote, also those that nobody else sees. */
export async function listCustomerReviews(customerId: number, onlyPublished: boolean) {
  return prisma.review.findMany({
    where: { customerId, status: onlyPublished ? 'PUBLISHED' : undefined },
    include: withAuthorAndProduct,
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: 200,
  });
}

/** A review that this visitor may see: published ones, one's own, and for staff all. */
export async function findVisibleReview(id: number, viewer: CurrentCustomer | null) {
  const review = await prisma.review.findUnique({ where: { id }, include: withAuthorAndProduct });
  if (!review) return null;
  const visible = review.status === 'PUBLISHED' || (viewer !== null && canEdit(review, viewer));
  return visible ? review : null;
}

/** Authors change their own reviews, staff all of them. */
export function canEdit(review: { customerId: number }, viewer: CurrentCustomer): boolean {
  return review.customerId === viewer.id || viewer.role !== 'CUSTOMER';
}

/** Checks the fields of a form or JSON body; `errors` is empty when they are fine. */
export function validateReview(body: unknown): { input: ReviewInput; errors: Record<string, string> } {
  const fields = (body ?? {}) as Record<string, unknown>;
  const input = {
    rating: Number(fields.rating),
    title: typeof fields.title === 'string' ? fields.title.trim() : '',
    body: typeof fields.body === 'string' ? fields.body.trim() : '',
  };
  const errors: Record<string, string> = {};
  if (!Number.isInteger(input.rating) || input.rating < 1 || input.rating > 5) {
    errors.rating = 'must be a whole number from 1 to 5';
  }
  if (input.title.length < 3 || input.title.length > 120) errors.title = 'must have 3 to 120 characters';
  if (input.body.length < 10 || input.body.length > 5000) errors.body = 'must have 10 to 5000 characters';
  return { input, errors };
}

function initialStatus(input: ReviewInput): ReviewStatus {
  return looksLikeSpam(`${input.title} ${input.body}`) ? 'PENDING' : 'PUBLISHED';
}

/** Stores a review, or returns null when the customer has already reviewed the product. */
export async function createReview(productId: number, author: CurrentCustomer, input: ReviewInput) {
  const existing = await prisma.review.findUnique({
    where: { productId_customerId: { productId, customerId: author.id } },
  });
  if (existing) return null;
  const verified = await hasPurchased(author.id, productId);
  try {
    const review = await prisma.review.create({
      data: { ...input, productId, customerId: author.id, verified, status: initialStatus(input) },
      include: withAuthorAndProduct,
    });
    await refreshProductRating(productId);
    return review;
  } catch (error) {
    // Sent twice at the same moment, as by a double click.
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') return null;
    throw error;
  }
}

export async function updateReview(id: number, input: ReviewInput) {
  const review = await prisma.review.update({
    where: { id },
    data: { ...input, status: initialStatus(input) },
    include: withAuthorAndProduct,
  });
  await refreshProductRating(review.productId);
  return review;
}

/** Deletes a review; its votes, reports and moderation entries go with it. */
export async function deleteReview(id: number): Promise<void> {
  const review = await prisma.review.delete({ where: { id } });
  await refreshProductRating(review.productId);
}

/** Average, number and share of each star of a product's published reviews. */
export async function ratingSummary(productId: number) {
  const groups = await prisma.review.groupBy({
    by: ['rating'],
    where: { productId, status: 'PUBLISHED' },
    _count: { _all: true },
  });
  const count = groups.reduce((sum, group) => sum + group._count._all, 0);
  const points = groups.reduce((sum, group) => sum + group.rating * group._count._all, 0);
  const histogram = [1, 2, 3, 4, 5].map((value) => ({
    stars: value,
    count: groups.find((group) => group.rating === value)?._count._all ?? 0,
  }));
  return { average: count === 0 ? 0 : Math.round((points / count) * 100) / 100, count, histogram };
}
