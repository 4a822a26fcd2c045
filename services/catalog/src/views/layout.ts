import type { FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml } from '../helpers.ts';
import { takeFlash } from '../plugins/session.ts';

export interface Page {
  title: string;
  body: string;
  /** Short text for search engines. */
  description?: string;
}

/** Answers a page in the shop's frame. */
export function sendPage(request: FastifyRequest, reply: FastifyReply, page: Page): FastifyReply {
  const html = layout(request, reply, page);
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'private, no-cache');
  return reply.type('text/html; charset=utf-8').send(html);
}

function layout(request: FastifyRequest, reply: FastifyReply, page: Page): string {
  const flash = takeFlash(request, reply);
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>${escapeHtml(page.title)} - Old Harbour Shop</title>
  <meta name="description" content="${escapeHtml(page.description ?? 'Everything for kitchen, bath and garden')}">
  <link rel="stylesheet" href="/assets/shop.css">
</head>
<body>
${header(request)}
${flash ? `<p class="flash flash-${flash.kind}" role="status">${escapeHtml(flash.text)}</p>` : ''}
<main>
${page.body}
</main>
<footer>
  <p><a href="/support">Support</a> | <a href="/promotions">Offers</a> | <a href="/sitemap.xml">Sitemap</a></p>
  <p class="debug">Page ${escapeHtml(request.id)} rendered at ${new Date().toISOString()}</p>
</footer>
</body>
</html>
`;
}

function header(request: FastifyRequest): string {
  const pieces = Number(request.cookies.cart_count ?? 0) || 0;
  const customer = request.customer;
  const account = customer
    ? `<a href="/account">Hello, ${escapeHtml(customer.firstName)}</a>${
        customer.role === 'CUSTOMER' ? '' : ' <a href="/admin">Back office</a>'
      }`
    : '<a href="/login">Log in</a>';
  return `<header>
  <a class="logo" href="/">Old Harbour Shop</a>
  <form action="/search" method="get"><input type="search" name="q" aria-label="Search"><button>Search</button></form>
  <nav><a href="/products">Products</a> <a href="/cart">Cart (${pieces})</a> ${account}</nav>
</header>`;
}

/** Links to the pages of a list. */
export function pager(path: string, query: Record<string, string>, page: number, pages: number): string {
  const link = (number: number, label: string) => {
    const params = new URLSearchParams({ ...query, page: String(number) });
    return `<a href="${escapeHtml(`${path}?${params}`)}">${label}</a>`;
  };
  const parts = [];
  if (page > 1) parts.push(link(page - 1, 'Previous'));
  parts.push(`<span>Page ${page} of ${Math.max(1, pages)}</span>`);
  if (page < pages) parts.push(link(page + 1, 'Next'));
  return `<p class="pager">${parts.join(' ')}</p>`;
}

/** ★★★★☆ */
export function stars(rating: number): string {
  const full = Math.round(rating);
  return `<span class="stars" title="${rating} of 5">${'★'.repeat(full)}${'☆'.repeat(5 - full)}</span>`;
}
