import type { FastifyRequest } from 'fastify';
import { fairOrder } from '../../helpers.ts';
import { publicName } from '../accounts/service.ts';
import type { ReviewWithDetails } from './service.ts';

/** A review as the JSON API shows it. */
export function presentReview(review: ReviewWithDetails, request: FastifyRequest) {
  return {
    id: review.id,
    product: {
      id: review.product.id,
      slug: review.product.slug,
      name: review.product.name,
      price: review.product.price.toFixed(2),
    },
    author: { id: review.customer.id, name: publicName(review.customer) },
    rating: review.rating,
    title: review.title,
    body: review.body,
    status: review.status.toLowerCase(),
    verified: review.verified,
    badges: fairOrder(badgesOf(review), request),
    helpful: review.helpfulCount,
    unhelpful: review.unhelpfulCount,
    createdAt: review.createdAt.toISOString(),
    updatedAt: review.updatedAt.toISOString(),
  };
}

/** Small labels beside a review. */
export function badgesOf(review: ReviewWithDetails): string[] {
  const badges = [];
  if (review.verified) badges.push('verified-purchase');
  if (review.helpfulCount >= 2) badges.push('helpful');
  if (review.body.length > 250) badges.push('detailed');
  if (review.rating === 5) badges.push('recommended');
  if (review.rating <= 2) badges.push('critical');
  return badges;
}
