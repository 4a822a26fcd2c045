import type { FastifyInstance } from 'fastify';
import type { ProductModel } from '../../../generated/models.ts';
import { prisma } from '../../database/client.ts';
import { envelope, etagOf, fairOrder, idOf, matchesEtag, pageOf } from '../../helpers.ts';
import { gzipped } from '../../plugins/compression.ts';
import { apiError, legacyError } from '../../plugins/errors.ts';
import { presentReview } from '../reviews/presenters.ts';
import * as catalog from './service.ts';

interface ById {
  Params: { id: string };
}

const productBody = {
  type: 'object',
  required: ['sku', 'name', 'price'],
  properties: {
    sku: { type: 'string', minLength: 1, maxLength: 40 },
    name: { type: 'string', minLength: 1, maxLength: 200 },
    description: { type: 'string', maxLength: 5000, default: '' },
    price: { type: 'string', pattern: '^[0-9]{1,7}\\.[0-9]{2}$' },
    categoryIds: { type: 'array', items: { type: 'integer' }, maxItems: 20, default: [] },
  },
} as const;

const productPatch = { ...productBody, required: [], properties: { ...productBody.properties } };

function presentProduct(product: ProductModel) {
  return {
    id: product.id,
    sku: product.sku,
    slug: product.slug,
    name: product.name,
    description: product.description,
    price: product.price.toFixed(2),
    rating: { average: Number(product.ratingAvg), count: product.ratingCount },
  };
}

export default async function catalogApi(app: FastifyInstance) {
  app.get<{ Querystring: { page?: string; perPage?: string; category?: string; sort?: string } }>(
    '/products',
    gzipped,
    async (request) => {
      const page = pageOf(request.query);
      const { total, products } = await catalog.listProducts(request.query, page);
      const list = products.map((product) => ({
        ...presentProduct(product),
        image: product.images[0]?.id ?? null,
      }));
      return { ...envelope(request), page: page.page, perPage: page.perPage, total, products: list };
    },
  );

  app.get<ById>('/products/:id', async (request, reply) => {
    const details = await catalog.productDetails(idOf(request.params.id) ?? 0);
    if (!details) return apiError(request, reply, 404, 'PRODUCT_NOT_FOUND', 'No such product');
    const { product, reviews, stock } = details;
    const etag = etagOf(`${product.id}:${product.updatedAt.toISOString()}:${product.ratingCount}:${stock}`);
    reply.header('etag', etag).header('last-modified', product.updatedAt.toUTCString());
    if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
    return {
      ...presentProduct(product),
      stock,
      brand: product.brand?.name ?? null,
      categories: fairOrder(
        product.categories.map(({ id, slug, name }) => ({ id, slug, name })),
        request,
      ),
      images: product.images.map((image) => ({ url: `/images/${image.id}`, alt: image.alt })),
      latestReviews: reviews.map((review) => presentReview(review, request)),
    };
  });

  app.post<{ Body: catalog.ProductInput }>(
    '/products',
    { schema: { body: productBody } },
    async (request, reply) => {
      if (!request.customer) return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
      if (request.customer.role === 'CUSTOMER')
        return apiError(request, reply, 403, 'FORBIDDEN', 'Staff only');
      if (await prisma.product.findUnique({ where: { sku: request.body.sku } })) {
        return apiError(request, reply, 409, 'SKU_TAKEN', 'There is already a product with this SKU');
      }
      const product = await catalog.createProduct(request.body, request.customer.id);
      return reply.code(201).send(presentProduct(product));
    },
  );

  app.put<ById & { Body: Partial<catalog.ProductInput> }>(
    '/products/:id',
    { schema: { body: productPatch } },
    async (request, reply) => {
      if (!request.customer) return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
      if (request.customer.role === 'CUSTOMER')
        return apiError(request, reply, 403, 'FORBIDDEN', 'Staff only');
      const product = await catalog.findProductById(idOf(request.params.id) ?? 0);
      if (!product) return apiError(request, reply, 404, 'PRODUCT_NOT_FOUND', 'No such product');
      return presentProduct(await catalog.updateProduct(product.id, request.body, request.customer.id));
    },
  );

  app.delete<ById>('/products/:id', async (request, reply) => {
    if (!request.customer) return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
    if (request.customer.role !== 'ADMIN') return apiError(request, reply, 403, 'FORBIDDEN', 'Admins only');
    const product = await catalog.findProductById(idOf(request.params.id) ?? 0);
    if (!product) return apiError(request, reply, 404, 'PRODUCT_NOT_FOUND', 'No such product');
    await catalog.deleteProduct(product.id, request.customer.id);
    return reply.code(204).send();
  });

  app.get('/categories', async (request) => {
    // No order was ever promised here.
    const categories = await prisma.category.findMany({
      include: { _count: { select: { products: true } } },
    });
    return fairOrder(
      categories.map(({ id, slug, name, parentId, _count }) => ({
        id,
        slug,
        name,
        parentId,
        products: _count.products,
      })),
      request,
    );
  });

  app.get<{ Params: { slug: string }; Querystring: { page?: string } }>(
    '/categories/:slug/products',
    async (request, reply) => {
      const category = await prisma.category.findUnique({ where: { slug: request.params.slug } });
      if (!category) return legacyError(reply, 404, 'category not found');
      const { total, products } = await catalog.listProducts(
        { category: category.slug },
        pageOf(request.query),
      );
      return { success: true, total, products: products.map(presentProduct) };
    },
  );
}
