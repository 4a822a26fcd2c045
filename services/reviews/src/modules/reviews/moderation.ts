import type { ReviewStatus } from '../../../generated/enums.ts';
import { prisma } from '../../database/client.ts';
import { writeAudit } from '../admin/audit.ts';
import { refreshProductRating } from '../catalog/service.ts';
import { notify } from '../notifications/service.ts';
import { withAuthorAndProduct } from './service.ts';

export const reportReasons = ['spam', 'offensive', 'off-topic', 'other'];

/** Notes a complaint about a review. Three open ones hide it until somebody has looked. */
export async function reportReview(reviewId: number, reporterId: number, reason: string, note: string) {
  const report = await prisma.reviewReport.create({
    data: { reviewId, reporterId, reason, note: note || null },
  });
  const open = await prisma.reviewReport.count({ where: { reviewId, resolvedAt: null } });
  if (open >= 3) await moderate(reviewId, null, 'PENDING', 'reported by several customers');
  return report;
}

/** Publishes or rejects a review, tells its author, and closes the complaints about it. */
export async function moderate(
  reviewId: number,
  moderatorId: number | null,
  toStatus: ReviewStatus,
  reason: string,
) {
  const review = await prisma.$transaction(async (tx) => {
    const before = await tx.review.findUniqueOrThrow({ where: { id: reviewId } });
    await tx.reviewModeration.create({
      data: { reviewId, moderatorId, fromStatus: before.status, toStatus, reason: reason || null },
    });
    if (moderatorId !== null) {
      await tx.reviewReport.updateMany({
        where: { reviewId, resolvedAt: null },
        data: { resolvedAt: new Date() },
      });
    }
    return tx.review.update({
      where: { id: reviewId },
      data: { status: toStatus },
      include: withAuthorAndProduct,
    });
  });
  await refreshProductRating(review.productId);
  await writeAudit(moderatorId, 'review.moderated', `review:${reviewId}`, { toStatus, reason });
  if (toStatus !== 'PENDING') {
    const result = toStatus === 'PUBLISHED' ? 'is online now' : 'was not accepted';
    await notify(review.customerId, 'review', `Your review of ${review.product.name} ${result}.`);
  }
  return review;
}

/** What moderators have to look at, longest waiting first. */
export async function moderationQueue(take: number) {
  return prisma.review.findMany({
    where: { OR: [{ status: 'PENDING' }, { reports: { some: { resolvedAt: null } } }] },
    include: { ...withAuthorAndProduct, reports: { where: { resolvedAt: null }, orderBy: { id: 'asc' } } },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    take,
  });
}

/** Everything that moderators did with a review, and the complaints about it. */
export async function moderationHistory(reviewId: number) {
  const [entries, reports] = await Promise.all([
    prisma.reviewModeration.findMany({ where: { reviewId }, orderBy: { id: 'asc' } }),
    prisma.reviewReport.findMany({ where: { reviewId } }),
  ]);
  return { entries, reports };
}
