import type { FastifyInstance, FastifyRequest } from 'fastify';
import { envelope, fairOrder, idOf } from '../../helpers.ts';
import { legacyError } from '../../plugins/errors.ts';
import { publicName } from '../accounts/service.ts';
import { reportReasons, reportReview } from './moderation.ts';
import { findVisibleReview } from './service.ts';
import { castVote, listVotes, withdrawVote } from './votes.ts';

interface ById {
  Params: { id: string };
}

const voteBody = {
  type: 'object',
  required: ['helpful'],
  properties: { helpful: { type: 'boolean' } },
} as const;

/** Votes and complaints. They came with the first storefront and still answer errors in its form. */
export default async function reviewVotesApi(app: FastifyInstance) {
  app.get<ById>('/reviews/:id/votes', async (request, reply) => {
    const review = await visibleReview(request);
    if (!review) return legacyError(reply, 404, 'review not found');
    const votes = await listVotes(review.id);
    const list = votes.map((vote) => ({
      customer: { id: vote.customer.id, name: publicName(vote.customer) },
      helpful: vote.helpful,
      at: Math.floor(vote.createdAt.getTime() / 1000),
    }));
    return {
      ...envelope(request),
      reviewId: review.id,
      helpful: review.helpfulCount,
      unhelpful: review.unhelpfulCount,
      votes: fairOrder(list, request),
    };
  });

  app.post<ById & { Body: { helpful: boolean } }>(
    '/reviews/:id/votes',
    { schema: { body: voteBody } },
    async (request, reply) => {
      if (!request.customer) return legacyError(reply, 401, 'login required');
      const review = await visibleReview(request);
      if (!review) return legacyError(reply, 404, 'review not found');
      if (review.customerId === request.customer.id) {
        return legacyError(reply, 403, 'you cannot vote on your own review');
      }
      const result = await castVote(review.id, request.customer.id, request.body.helpful);
      return {
        success: true,
        changed: result.changed,
        helpful: result.review.helpfulCount,
        unhelpful: result.review.unhelpfulCount,
      };
    },
  );

  app.delete<ById>('/reviews/:id/votes', async (request, reply) => {
    if (!request.customer) return legacyError(reply, 401, 'login required');
    const review = await visibleReview(request);
    if (!review) return legacyError(reply, 404, 'review not found');
    const changed = await withdrawVote(review.id, request.customer.id);
    return { success: true, changed };
  });

  app.post<ById & { Body: { reason?: string; note?: string } | undefined }>(
    '/reviews/:id/reports',
    async (request, reply) => {
      if (!request.customer) return legacyError(reply, 401, 'login required');
      const review = await visibleReview(request);
      if (!review) return legacyError(reply, 404, 'review not found');
      const { reason = '', note = '' } = request.body ?? {};
      if (!reportReasons.includes(reason)) {
        return legacyError(reply, 400, `reason must be one of ${reportReasons.join(', ')}`);
      }
      const report = await reportReview(review.id, request.customer.id, reason, String(note).slice(0, 500));
      return reply.code(202).send({ success: true, reportId: report.id });
    },
  );
}

async function visibleReview(request: FastifyRequest<ById>) {
  const id = idOf(request.params.id);
  return id === undefined ? null : findVisibleReview(id, request.customer);
}
