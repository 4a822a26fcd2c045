import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml, idOf, pageOf, redirectTo, textField } from '../../helpers.ts';
import { gzipped } from '../../plugins/compression.ts';
import { notFoundPage } from '../../plugins/errors.ts';
import { checkCsrf, csrfToken, requireLogin, setFlash } from '../../plugins/session.ts';
import { pager, sendPage } from '../../views/layout.ts';
import { findProductBySlug } from '../catalog/service.ts';
import { reportReasons, reportReview } from './moderation.ts';
import { ratingOverview, reviewCard, reviewForm } from './pages.ts';
import * as reviews from './service.ts';
import { castVote } from './votes.ts';

interface ListQuery {
  page?: string;
  perPage?: string;
  sort?: string;
  stars?: string;
}

interface ById {
  Params: { id: string };
}

const form = { preHandler: [requireLogin, checkCsrf] };

/** The pages of the reviews, on the same addresses since the shop began. */
export default async function reviewRoutes(app: FastifyInstance) {
  app.get<{ Params: { slug: string }; Querystring: ListQuery }>(
    '/products/:slug/reviews',
    gzipped,
    async (request, reply) => {
      const product = await findProductBySlug(request.params.slug);
      if (!product) return notFoundPage(request, reply, 'This product');
      const page = pageOf(request.query, 10);
      const [{ total, reviews: list }, rating] = await Promise.all([
        reviews.listProductReviews(product.id, request.query, page),
        reviews.ratingSummary(product.id),
      ]);
      const csrf = csrfToken(request, reply);
      const path = `/products/${product.slug}/reviews`;
      const cards = list.map((review) => reviewCard({ review, viewer: request.customer, csrf })).join('');
      const { sort = '', stars = '' } = request.query;
      return sendPage(request, reply, {
        title: `Reviews of ${product.name}`,
        description: `${rating.count} customers reviewed ${product.name}`,
        body: `<h1>Reviews of <a href="/products/${product.slug}">${escapeHtml(product.name)}</a></h1>
${ratingOverview(product.slug, rating)}${cards || '<p>No reviews here yet.</p>\n'}
${pager(path, { sort, stars }, page.page, Math.ceil(total / page.perPage))}
<h2>Write a review</h2>
${request.customer ? reviewForm(path, csrf) : `<p><a href="/login?next=${encodeURIComponent(path)}">Log in</a> to write a review.</p>\n`}`,
      });
    },
  );

  app.post<{ Params: { slug: string } }>('/products/:slug/reviews', form, async (request, reply) => {
    const product = await findProductBySlug(request.params.slug);
    if (!product) return notFoundPage(request, reply, 'This product');
    const path = `/products/${product.slug}/reviews`;
    const { input, errors } = reviews.validateReview(request.body);
    if (Object.keys(errors).length > 0) {
      reply.code(422);
      return sendPage(request, reply, {
        title: `Review ${product.name}`,
        body: `<h1>Please check your review</h1>\n${reviewForm(path, csrfToken(request, reply), input, errors)}`,
      });
    }
    const review = await reviews.createReview(product.id, request.customer!, input);
    if (!review) setFlash(reply, 'error', 'You have already reviewed this product.');
    else if (review.status === 'PENDING')
      setFlash(reply, 'notice', 'Thank you! We will look at your review first.');
    else setFlash(reply, 'notice', 'Thank you for your review!');
    return redirectTo(request, reply, path);
  });

  app.get<ById>('/reviews/:id', async (request, reply) => {
    const review = await visibleReview(request);
    if (!review) return notFoundPage(request, reply, 'This review');
    const card = reviewCard({ review, viewer: request.customer, csrf: csrfToken(request, reply) });
    return sendPage(request, reply, {
      title: review.title,
      body: `<p><a href="/products/${review.product.slug}">${escapeHtml(review.product.name)}</a></p>\n${card}`,
    });
  });

  app.get<ById>('/reviews/:id/edit', { preHandler: requireLogin }, async (request, reply) => {
    const review = await editableReview(request, reply);
    if (!review) return reply;
    return sendPage(request, reply, {
      title: 'Change your review',
      body: `<h1>Change your review of ${escapeHtml(review.product.name)}</h1>\n${reviewForm(`/reviews/${review.id}/edit`, csrfToken(request, reply), review)}`,
    });
  });

  app.post<ById>('/reviews/:id/edit', form, async (request, reply) => {
    const review = await editableReview(request, reply);
    if (!review) return reply;
    const { input, errors } = reviews.validateReview(request.body);
    if (Object.keys(errors).length > 0) {
      reply.code(422);
      return sendPage(request, reply, {
        title: 'Change your review',
        body: `<h1>Please check your review</h1>\n${reviewForm(`/reviews/${review.id}/edit`, csrfToken(request, reply), input, errors)}`,
      });
    }
    await reviews.updateReview(review.id, input);
    setFlash(reply, 'notice', 'Your review was changed.');
    return redirectTo(request, reply, `/reviews/${review.id}`);
  });

  app.post<ById>('/reviews/:id/delete', form, async (request, reply) => {
    const review = await editableReview(request, reply);
    if (!review) return reply;
    await reviews.deleteReview(review.id);
    setFlash(reply, 'notice', 'The review was deleted.');
    return redirectTo(request, reply, `/products/${review.product.slug}/reviews`);
  });

  app.post<ById>('/reviews/:id/vote', form, async (request, reply) => {
    const review = await visibleReview(request);
    if (!review) return notFoundPage(request, reply, 'This review');
    const back = `/products/${review.product.slug}/reviews`;
    if (review.customerId === request.customer!.id) {
      setFlash(reply, 'error', 'You cannot vote on your own review.');
      return redirectTo(request, reply, back);
    }
    await castVote(review.id, request.customer!.id, textField(request.body, 'helpful') !== 'no');
    setFlash(reply, 'notice', 'Thank you for your vote.');
    return redirectTo(request, reply, back);
  });

  app.post<ById>('/reviews/:id/report', form, async (request, reply) => {
    const review = await visibleReview(request);
    if (!review) return notFoundPage(request, reply, 'This review');
    const reason = textField(request.body, 'reason');
    if (reportReasons.includes(reason)) {
      await reportReview(
        review.id,
        request.customer!.id,
        reason,
        textField(request.body, 'note').slice(0, 500),
      );
      setFlash(reply, 'notice', 'Thank you, we will look at it.');
    } else {
      setFlash(reply, 'error', 'Please choose a reason.');
    }
    return redirectTo(request, reply, `/products/${review.product.slug}/reviews`);
  });

  app.get('/account/reviews', { preHandler: requireLogin }, async (request, reply) => {
    const viewer = request.customer!;
    const own = await reviews.listCustomerReviews(viewer.id, false);
    const csrf = csrfToken(request, reply);
    const cards = own
      .map((review) => {
        const state = review.status === 'PUBLISHED' ? '' : ` (${review.status.toLowerCase()})`;
        return `<h2><a href="/products/${review.product.slug}">${escapeHtml(review.product.name)}</a>${state}</h2>\n${reviewCard({ review, viewer, csrf })}`;
      })
      .join('');
    return sendPage(request, reply, {
      title: 'Your reviews',
      body: `<h1>Your reviews</h1>\n${cards || '<p>You have not written any reviews yet.</p>\n'}`,
    });
  });
}

async function visibleReview(request: FastifyRequest<ById>) {
  const id = idOf(request.params.id);
  return id === undefined ? null : reviews.findVisibleReview(id, request.customer);
}

/** The review if the visitor may change it; otherwise the answer has been sent. */
async function editableReview(request: FastifyRequest<ById>, reply: FastifyReply) {
  const review = await visibleReview(request);
  if (!review) {
    notFoundPage(request, reply, 'This review');
    return null;
  }
  if (!reviews.canEdit(review, request.customer!)) {
    reply.code(403).type('text/plain; charset=utf-8').send('Forbidden');
    return null;
  }
  return review;
}
