import { escapeHtml, formatDate } from '../../helpers.ts';
import type { CurrentCustomer } from '../../plugins/session.ts';
import { stars } from '../../views/layout.ts';
import { publicName } from '../accounts/service.ts';
import { badgesOf } from './presenters.ts';
import { canEdit, type ReviewInput, type ReviewWithDetails } from './service.ts';

interface ReviewCard {
  review: ReviewWithDetails;
  viewer: CurrentCustomer | null;
  csrf: string;
}

/** A review in a list or on its own page. */
export function reviewCard({ review, viewer, csrf }: ReviewCard): string {
  const badges = badgesOf(review)
    .map((badge) => ` <span class="badge">${badge}</span>`)
    .join('');
  return `<article class="review" id="review-${review.id}">
  <h3><a href="/reviews/${review.id}">${escapeHtml(review.title)}</a> ${stars(review.rating)}${badges}</h3>
  <p class="meta">by ${escapeHtml(publicName(review.customer))} on ${formatDate(review.createdAt)}</p>
  <p>${escapeHtml(review.body)}</p>
  <p class="votes">${review.helpfulCount} of ${review.helpfulCount + review.unhelpfulCount} found this helpful</p>
${viewer ? reviewActions(review, viewer, csrf) : ''}</article>
`;
}

function reviewActions(review: ReviewWithDetails, viewer: CurrentCustomer, csrf: string): string {
  const token = `<input type="hidden" name="_csrf" value="${csrf}">`;
  const own = canEdit(review, viewer)
    ? `  <form method="post" action="/reviews/${review.id}/delete">${token}<a href="/reviews/${review.id}/edit">Edit</a> <button>Delete</button></form>\n`
    : '';
  if (review.customerId === viewer.id) return own;
  return `  <form method="post" action="/reviews/${review.id}/vote">${token}<button name="helpful" value="yes">Helpful</button><button name="helpful" value="no">Not helpful</button></form>
  <form method="post" action="/reviews/${review.id}/report">${token}<select name="reason"><option>spam</option><option>offensive</option><option>off-topic</option><option>other</option></select><button>Report</button></form>
${own}`;
}

/** The form for a new or a changed review. */
export function reviewForm(
  action: string,
  csrf: string,
  values: Partial<ReviewInput> = {},
  errors: Record<string, string> = {},
): string {
  const error = (name: string) =>
    errors[name] ? ` <em class="error">${name} ${escapeHtml(errors[name])}</em>` : '';
  const options = [5, 4, 3, 2, 1]
    .map((value) => `<option${value === values.rating ? ' selected' : ''}>${value}</option>`)
    .join('');
  return `<form class="review-form" method="post" action="${escapeHtml(action)}">
  <input type="hidden" name="_csrf" value="${csrf}">
  <label>Stars <select name="rating">${options}</select></label>${error('rating')}
  <label>Title <input name="title" maxlength="120" value="${escapeHtml(values.title)}"></label>${error('title')}
  <label>Your review <textarea name="body" rows="6">${escapeHtml(values.body)}</textarea></label>${error('body')}
  <button>Save review</button>
</form>
`;
}

/** Average and bars above a product's reviews. */
export function ratingOverview(
  slug: string,
  rating: { average: number; count: number; histogram: { stars: number; count: number }[] },
): string {
  const bars = [...rating.histogram]
    .reverse()
    .map((bar) => {
      const share = rating.count === 0 ? 0 : Math.round((bar.count / rating.count) * 100);
      return `  <li><a href="/products/${escapeHtml(slug)}/reviews?stars=${bar.stars}">${bar.stars} stars</a> ${bar.count} (${share} %)</li>`;
    })
    .join('\n');
  return `<section class="rating">
<p>${stars(rating.average)} ${rating.average.toFixed(1)} from ${rating.count} reviews</p>
<ul>
${bars}
</ul>
</section>
`;
}
