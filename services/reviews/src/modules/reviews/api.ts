import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { absoluteUrl, envelope, etagOf, fairOrder, idOf, matchesEtag, pageOf } from '../../helpers.ts';
import { gzipped } from '../../plugins/compression.ts';
import { apiError } from '../../plugins/errors.ts';
import { findCustomer, publicName } from '../accounts/service.ts';
import { findProductById } from '../catalog/service.ts';
import { presentReview } from './presenters.ts';
import * as reviews from './service.ts';

interface ById {
  Params: { id: string };
}

interface ListQuery {
  page?: string;
  perPage?: string;
  sort?: string;
  stars?: string;
}

/** JSON for the mobile app and for the widgets on the product page. */
export default async function reviewApi(app: FastifyInstance) {
  app.get<ById & { Querystring: ListQuery }>('/products/:id/reviews', gzipped, async (request, reply) => {
    const product = await productOf(request);
    if (!product) return productNotFound(request, reply);
    const page = pageOf(request.query);
    const { total, reviews: list } = await reviews.listProductReviews(product.id, request.query, page);
    return {
      ...envelope(request),
      product: { id: product.id, slug: product.slug, name: product.name },
      page: page.page,
      perPage: page.perPage,
      total,
      reviews: list.map((review) => presentReview(review, request)),
    };
  });

  app.post<ById>('/products/:id/reviews', async (request, reply) => {
    if (!request.customer) return notLoggedIn(request, reply);
    const product = await productOf(request);
    if (!product) return productNotFound(request, reply);
    const { input, errors } = reviews.validateReview(request.body);
    if (Object.keys(errors).length > 0) return invalid(request, reply, errors);
    const review = await reviews.createReview(product.id, request.customer, input);
    if (!review) {
      return apiError(request, reply, 409, 'ALREADY_REVIEWED', 'You have already reviewed this product');
    }
    reply.code(201).header('location', absoluteUrl(request, `/api/reviews/${review.id}`));
    return { ...envelope(request), review: presentReview(review, request) };
  });

  app.get<ById>('/products/:id/rating', async (request, reply) => {
    const product = await productOf(request);
    if (!product) return productNotFound(request, reply);
    const rating = await reviews.ratingSummary(product.id);
    const etag = etagOf(JSON.stringify(rating));
    reply.header('cache-control', 'public, max-age=60').header('etag', etag);
    if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
    return {
      productId: product.id,
      average: rating.average,
      count: rating.count,
      histogram: fairOrder(rating.histogram, request),
    };
  });

  app.get('/reviews/recent', async (request) => {
    const list = await reviews.latestReviews(10);
    return { ...envelope(request), reviews: list.map((review) => presentReview(review, request)) };
  });

  app.get<ById>('/customers/:id/reviews', async (request, reply) => {
    const customer = await findCustomer(idOf(request.params.id) ?? 0);
    if (!customer) return apiError(request, reply, 404, 'CUSTOMER_NOT_FOUND', 'No such customer');
    const list = await reviews.listCustomerReviews(customer.id, request.customer?.id !== customer.id);
    return {
      ...envelope(request),
      customer: { id: customer.id, name: publicName(customer) },
      reviews: list.map((review) => presentReview(review, request)),
    };
  });

  app.get<ById>('/reviews/:id', async (request, reply) => {
    const review = await visibleReview(request);
    if (!review) return reviewNotFound(request, reply);
    return { ...envelope(request), review: presentReview(review, request) };
  });

  app.put<ById>('/reviews/:id', async (request, reply) => {
    const review = await editableReview(request, reply);
    if (!review) return reply;
    const { input, errors } = reviews.validateReview(request.body);
    if (Object.keys(errors).length > 0) return invalid(request, reply, errors);
    const changed = await reviews.updateReview(review.id, input);
    return { ...envelope(request), review: presentReview(changed, request) };
  });

  app.delete<ById>('/reviews/:id', async (request, reply) => {
    const review = await editableReview(request, reply);
    if (!review) return reply;
    await reviews.deleteReview(review.id);
    return reply.code(204).send();
  });
}

async function productOf(request: FastifyRequest<ById>) {
  const id = idOf(request.params.id);
  return id === undefined ? null : findProductById(id);
}

async function visibleReview(request: FastifyRequest<ById>) {
  const id = idOf(request.params.id);
  return id === undefined ? null : reviews.findVisibleReview(id, request.customer);
}

/** The review if the caller may change it; otherwise the error has been sent. */
async function editableReview(request: FastifyRequest<ById>, reply: FastifyReply) {
  if (!request.customer) {
    notLoggedIn(request, reply);
    return null;
  }
  const review = await visibleReview(request);
  if (!review) {
    reviewNotFound(request, reply);
    return null;
  }
  if (!reviews.canEdit(review, request.customer)) {
    apiError(request, reply, 403, 'FORBIDDEN', 'This is not your review');
    return null;
  }
  return review;
}

function notLoggedIn(request: FastifyRequest, reply: FastifyReply) {
  return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
}

function productNotFound(request: FastifyRequest, reply: FastifyReply) {
  return apiError(request, reply, 404, 'PRODUCT_NOT_FOUND', 'No such product');
}

function reviewNotFound(request: FastifyRequest, reply: FastifyReply) {
  return apiError(request, reply, 404, 'REVIEW_NOT_FOUND', 'No such review');
}

function invalid(request: FastifyRequest, reply: FastifyReply, errors: Record<string, string>) {
  return apiError(request, reply, 422, 'VALIDATION_FAILED', 'Some fields are not valid', errors);
}
