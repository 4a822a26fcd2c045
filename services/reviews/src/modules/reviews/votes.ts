import { prisma, type Tx } from '../../database/client.ts';

/**
 * Notes whether a customer found a review helpful. Voting twice is the same as voting once, voting differently
 * changes the vote.
 */
export async function castVote(reviewId: number, customerId: number, helpful: boolean) {
  return prisma.$transaction(async (tx) => {
    await lockReview(tx, reviewId);
    const before = await tx.reviewVote.findUnique({
      where: { reviewId_customerId: { reviewId, customerId } },
    });
    if (before?.helpful !== helpful) {
      await tx.reviewVote.upsert({
        where: { reviewId_customerId: { reviewId, customerId } },
        create: { reviewId, customerId, helpful },
        update: { helpful },
      });
      const step = { helpfulCount: 0, unhelpfulCount: 0 };
      step[helpful ? 'helpfulCount' : 'unhelpfulCount'] += 1;
      if (before) step[before.helpful ? 'helpfulCount' : 'unhelpfulCount'] -= 1;
      await tx.review.update({
        where: { id: reviewId },
        data: {
          helpfulCount: { increment: step.helpfulCount },
          unhelpfulCount: { increment: step.unhelpfulCount },
        },
      });
    }
    const review = await tx.review.findUniqueOrThrow({ where: { id: reviewId } });
    return { review, changed: before?.helpful !== helpful };
  });
}

/** Takes a vote back; false when there was none. */
export async function withdrawVote(reviewId: number, customerId: number): Promise<boolean> {
  return prisma.$transaction(async (tx) => {
    await lockReview(tx, reviewId);
    const vote = await tx.reviewVote.findUnique({ where: { reviewId_customerId: { reviewId, customerId } } });
    if (!vote) return false;
    await tx.reviewVote.delete({ where: { id: vote.id } });
    await tx.review.update({
      where: { id: reviewId },
      data: vote.helpful ? { helpfulCount: { decrement: 1 } } : { unhelpfulCount: { decrement: 1 } },
    });
    return true;
  });
}

/** Votes on the same review wait for each other, so that the counters stay right. */
async function lockReview(tx: Tx, reviewId: number): Promise<void> {
  await tx.$queryRaw`SELECT id FROM reviews WHERE id = ${reviewId} FOR UPDATE`;
}

/** Who voted on a review. */
export async function listVotes(reviewId: number) {
  return prisma.reviewVote.findMany({
    where: { reviewId },
    select: {
      helpful: true,
      createdAt: true,
      customer: { select: { id: true, firstName: true, lastName: true } },
    },
  });
}
