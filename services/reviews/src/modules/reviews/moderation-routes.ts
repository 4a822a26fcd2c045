import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { envelope, escapeHtml, formatDate, idOf, redirectTo, textField } from '../../helpers.ts';
import { apiError, notFoundPage } from '../../plugins/errors.ts';
import { checkCsrf, csrfToken, requireStaff, setFlash } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';
import { publicName } from '../accounts/service.ts';
import { moderate, moderationHistory, moderationQueue } from './moderation.ts';
import { presentReview } from './presenters.ts';
import { findVisibleReview } from './service.ts';

interface ById {
  Params: { id: string };
}

const decisions = { publish: 'PUBLISHED', reject: 'REJECTED', hold: 'PENDING' } as const;

function decisionOf(body: unknown) {
  const name = textField(body, 'decision');
  return Object.hasOwn(decisions, name) ? decisions[name as keyof typeof decisions] : undefined;
}

async function reviewForStaff(request: FastifyRequest<ById>) {
  const id = idOf(request.params.id);
  return id === undefined ? null : findVisibleReview(id, request.customer);
}

/** What moderators use: the queue in the back office, and the same as JSON. */
export default async function moderationRoutes(app: FastifyInstance) {
  app.get('/admin/reviews', { preHandler: requireStaff }, async (request, reply) => {
    const queue = await moderationQueue(50);
    const csrf = csrfToken(request, reply);
    const rows = queue
      .map(
        (review) => `<tr>
  <td><a href="/reviews/${review.id}">${review.id}</a></td><td>${formatDate(review.createdAt)}</td>
  <td>${escapeHtml(publicName(review.customer))}</td><td>${escapeHtml(review.product.name)}</td>
  <td>${escapeHtml(review.title)}</td><td>${review.status}</td>
  <td>${escapeHtml(review.reports.map((report) => report.reason).join(', '))}</td>
  <td><form method="post" action="/admin/reviews/${review.id}/moderate"><input type="hidden" name="_csrf" value="${csrf}"><input name="reason"><button name="decision" value="publish">Publish</button><button name="decision" value="reject">Reject</button></form></td>
</tr>`,
      )
      .join('\n');
    return sendPage(request, reply, {
      title: 'Reviews to look at',
      body: `<h1>Reviews to look at</h1>\n<table>\n${rows}\n</table>`,
    });
  });

  app.post<ById>(
    '/admin/reviews/:id/moderate',
    { preHandler: [requireStaff, checkCsrf] },
    async (request, reply) => {
      const review = await reviewForStaff(request);
      if (!review) return notFoundPage(request, reply, 'This review');
      const decision = decisionOf(request.body);
      if (decision) {
        await moderate(
          review.id,
          request.customer!.id,
          decision,
          textField(request.body, 'reason').slice(0, 500),
        );
        setFlash(reply, 'notice', `Review ${review.id} is ${decision.toLowerCase()}.`);
      } else {
        setFlash(reply, 'error', 'Unknown decision.');
      }
      return redirectTo(request, reply, '/admin/reviews');
    },
  );

  app.get<ById>('/api/reviews/:id/moderation', { preHandler: staffOnly }, async (request, reply) => {
    const review = await reviewForStaff(request);
    if (!review) return apiError(request, reply, 404, 'REVIEW_NOT_FOUND', 'No such review');
    const { entries, reports } = await moderationHistory(review.id);
    return {
      ...envelope(request),
      reviewId: review.id,
      status: review.status.toLowerCase(),
      history: entries.map((entry) => ({
        from: entry.fromStatus.toLowerCase(),
        to: entry.toStatus.toLowerCase(),
        moderator: entry.moderatorId,
        reason: entry.reason,
        at: entry.createdAt,
      })),
      reports: reports.map(({ id, reason, note, resolvedAt }) => ({
        id,
        reason,
        note,
        open: resolvedAt === null,
      })),
    };
  });

  app.post<ById>('/api/reviews/:id/moderation', { preHandler: staffOnly }, async (request, reply) => {
    const review = await reviewForStaff(request);
    if (!review) return apiError(request, reply, 404, 'REVIEW_NOT_FOUND', 'No such review');
    const decision = decisionOf(request.body);
    if (!decision) {
      return apiError(request, reply, 422, 'VALIDATION_FAILED', 'Some fields are not valid', {
        decision: 'must be publish, reject or hold',
      });
    }
    const reason = textField(request.body, 'reason').slice(0, 500);
    const moderated = await moderate(review.id, request.customer!.id, decision, reason);
    return { ...envelope(request), review: presentReview(moderated, request) };
  });
}

async function staffOnly(request: FastifyRequest, reply: FastifyReply) {
  if (!request.customer) return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
  if (request.customer.role === 'CUSTOMER') return apiError(request, reply, 403, 'FORBIDDEN', 'Staff only');
}
