import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { absoluteUrl, escapeHtml, fairOrder, formatEuro, pageOf, priceToCents } from '../../helpers.ts';
import { gzipped } from '../../plugins/compression.ts';
import { notFoundPage } from '../../plugins/errors.ts';
import { csrfToken } from '../../plugins/session.ts';
import { pager, sendPage, stars } from '../../views/layout.ts';
import { activePromotions } from '../promotions/service.ts';
import { reviewCard } from '../reviews/pages.ts';
import { latestReviews } from '../reviews/service.ts';
import { productGrid } from './pages.ts';
import * as catalog from './service.ts';

interface ListQuery {
  page?: string;
  sort?: string;
  category?: string;
  brand?: string;
}

/** The storefront. */
export default async function catalogRoutes(app: FastifyInstance) {
  app.get('/', gzipped, async (request, reply) => {
    const [categories, newest, reviews, promotions] = await Promise.all([
      catalog.categoryTree(),
      catalog.listProducts({ sort: 'newest' }, { skip: 0, take: 8 }),
      latestReviews(3),
      activePromotions(),
    ]);
    const csrf = csrfToken(request, reply);
    const offers = fairOrder(promotions, request)
      .slice(0, 2)
      .map((promotion) => `<li><b>${escapeHtml(promotion.code)}</b> ${escapeHtml(promotion.title)}</li>`);
    const links = categories.map(
      (category) => `<li><a href="/categories/${category.slug}">${escapeHtml(category.name)}</a></li>`,
    );
    return sendPage(request, reply, {
      title: 'Welcome',
      body: `<h1>Welcome ashore</h1>
<ul>${offers.join('')}</ul>
<h2>Departments</h2>
<ul>${links.join('')}</ul>
<h2>New</h2>
${productGrid(newest.products)}<h2>What others say</h2>
${reviews.map((review) => reviewCard({ review, viewer: request.customer, csrf })).join('')}`,
    });
  });

  app.get<{ Querystring: ListQuery }>('/products', gzipped, async (request, reply) => {
    const page = pageOf(request.query, 24);
    const { total, products } = await catalog.listProducts(request.query, page);
    const { sort = '', category = '', brand = '' } = request.query;
    return sendPage(request, reply, {
      title: 'All products',
      body: `<h1>All products</h1>
${productGrid(products)}${pager('/products', { sort, category, brand }, page.page, Math.ceil(total / page.perPage))}`,
    });
  });

  app.get<{ Params: { slug: string } }>('/products/:slug', gzipped, async (request, reply) => {
    const details = await catalog.productDetails(request.params.slug);
    if (!details) return notFoundPage(request, reply, 'This product');
    const { product, reviews, stock } = details;
    const related = await catalog.relatedProducts(product.id, 4);
    if (request.method === 'GET') await catalog.countView(product.id);
    const csrf = csrfToken(request, reply);
    const images = product.images.map(
      (image) => `<img src="/images/${image.id}" alt="${escapeHtml(image.alt)}" width="320" height="320">`,
    );
    const categories = fairOrder(product.categories, request).map(
      (category) => `<a href="/categories/${category.slug}">${escapeHtml(category.name)}</a>`,
    );
    return sendPage(request, reply, {
      title: product.name,
      description: product.description.slice(0, 150),
      body: `<h1>${escapeHtml(product.name)}</h1>
<p>${images.join('')}</p>
<p class="price">${formatEuro(priceToCents(product.price))} ${stars(Number(product.ratingAvg))} <a href="/products/${product.slug}/reviews">${product.ratingCount} reviews</a></p>
<p>${stock > 0 ? `${stock > 10 ? 'In stock' : `Only ${stock} left`}` : 'Sold out'}</p>
<p>${escapeHtml(product.description)}</p>
<p>${product.brand ? `By ${escapeHtml(product.brand.name)}, ` : ''}in ${categories.join(', ')}</p>
<form method="post" action="/cart/items"><input type="hidden" name="_csrf" value="${csrf}"><input type="hidden" name="productId" value="${product.id}"><input name="quantity" value="1" size="2"><button>Add to cart</button></form>
<h2>Reviews</h2>
${reviews.map((review) => reviewCard({ review, viewer: request.customer, csrf })).join('')}
<h2>You may also like</h2>
${productGrid(related)}`,
    });
  });

  app.get<{ Params: { slug: string }; Querystring: ListQuery }>(
    '/categories/:slug',
    gzipped,
    async (request, reply) => {
      const category = await prisma.category.findUnique({
        where: { slug: request.params.slug },
        include: { children: { orderBy: { name: 'asc' } } },
      });
      if (!category) return notFoundPage(request, reply, 'This department');
      const page = pageOf(request.query, 24);
      const filter = { category: category.slug, sort: request.query.sort };
      const { total, products } = await catalog.listProducts(filter, page);
      const children = category.children.map(
        (child) => `<li><a href="/categories/${child.slug}">${escapeHtml(child.name)}</a></li>`,
      );
      return sendPage(request, reply, {
        title: category.name,
        body: `<h1>${escapeHtml(category.name)}</h1>
<ul>${children.join('')}</ul>
${productGrid(products)}${pager(`/categories/${category.slug}`, {}, page.page, Math.ceil(total / page.perPage))}`,
      });
    },
  );

  app.get('/sitemap.xml', gzipped, async (request, reply) => {
    const products = await prisma.product.findMany({
      where: { active: true },
      select: { slug: true, updatedAt: true },
      orderBy: { id: 'asc' },
    });
    const entries = products.map(
      (product) =>
        `<url><loc>${absoluteUrl(request, `/products/${product.slug}`)}</loc><lastmod>${product.updatedAt.toISOString()}</lastmod></url>`,
    );
    return reply
      .type('application/xml; charset=utf-8')
      .send(
        `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${entries.join('\n')}\n</urlset>\n`,
      );
  });

  app.get('/robots.txt', async (request, reply) =>
    reply
      .type('text/plain; charset=utf-8')
      .send(`User-agent: *\nDisallow: /account\nSitemap: ${absoluteUrl(request, '/sitemap.xml')}\n`),
  );
}
