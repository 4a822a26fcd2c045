import type { FastifyInstance, FastifyRequest } from 'fastify';
import { prisma } from '../../database/client.ts';
import { escapeHtml, formatDate, formatEuro, idOf, pageOf, redirectTo, textField } from '../../helpers.ts';
import { notFoundPage } from '../../plugins/errors.ts';
import { checkCsrf, csrfToken, requireLogin, setFlash } from '../../plugins/session.ts';
import { pager, sendPage } from '../../views/layout.ts';
import { cartTotals, findCart } from '../carts/service.ts';
import { OutOfStockError } from '../inventory/service.ts';
import { PaymentDeclinedError } from '../payments/service.ts';
import { listMethods } from '../shipping/service.ts';
import { CheckoutError, checkout } from './checkout.ts';
import { invoiceText, orderPage } from './pages.ts';
import * as orders from './service.ts';

interface ById {
  Params: { id: string };
}

const form = { preHandler: [requireLogin, checkCsrf] };

/** An order that the visitor may see: one's own, and for staff all. */
export async function visibleOrder(request: FastifyRequest<ById>) {
  const order = await orders.findOrder(idOf(request.params.id) ?? 0);
  const viewer = request.customer;
  if (!order || !viewer) return null;
  return order.customerId === viewer.id || viewer.role !== 'CUSTOMER' ? order : null;
}

/** What went wrong at the checkout, when it is the customer's to solve. */
export function checkoutProblem(error: unknown): { code: string; message: string } | undefined {
  if (error instanceof CheckoutError) return { code: error.code, message: error.message };
  if (error instanceof OutOfStockError)
    return { code: 'OUT_OF_STOCK', message: 'Something in your cart is sold out' };
  if (error instanceof PaymentDeclinedError) return { code: 'PAYMENT_DECLINED', message: error.message };
  return undefined;
}

export default async function orderRoutes(app: FastifyInstance) {
  app.get('/checkout', { preHandler: requireLogin }, async (request, reply) => {
    const cart = await findCart(request.cookies.cart);
    if (!cart || cart.items.length === 0) return redirectTo(request, reply, '/cart');
    const [totals, addresses, methods] = await Promise.all([
      cartTotals(cart),
      prisma.address.findMany({ where: { customerId: request.customer!.id }, orderBy: { id: 'asc' } }),
      listMethods(),
    ]);
    const addressOptions = addresses.map(
      (address) =>
        `<option value="${address.id}">${escapeHtml(`${address.street}, ${address.city}`)}</option>`,
    );
    const methodOptions = methods.map(
      (method) =>
        `<option value="${method.code}">${escapeHtml(method.name)} ${formatEuro(method.cents)}</option>`,
    );
    return sendPage(request, reply, {
      title: 'Checkout',
      body: `<h1>Checkout</h1>
<p>${totals.pieces} pieces, ${formatEuro(totals.totalCents)} plus shipping</p>
<form method="post" action="/checkout"><input type="hidden" name="_csrf" value="${csrfToken(request, reply)}">
<select name="addressId">${addressOptions.join('')}</select>
<select name="shipping">${methodOptions.join('')}</select>
<select name="payment"><option>card</option><option>invoice</option><option>prepaid</option></select>
<input name="cardNumber" placeholder="Card number"><button>Buy now</button>
</form>`,
    });
  });

  app.post('/checkout', form, async (request, reply) => {
    try {
      const order = await checkout({
        cartId: request.cookies.cart ?? '',
        customerId: request.customer!.id,
        addressId: idOf(textField(request.body, 'addressId')) ?? 0,
        shippingCode: textField(request.body, 'shipping'),
        paymentMethod: textField(request.body, 'payment'),
        cardNumber: textField(request.body, 'cardNumber'),
      });
      reply.clearCookie('cart', { path: '/' }).clearCookie('cart_count', { path: '/' });
      setFlash(reply, 'notice', 'Thank you for your order!');
      return redirectTo(request, reply, `/orders/${order.id}`);
    } catch (error) {
      const problem = checkoutProblem(error);
      if (!problem) throw error;
      setFlash(reply, 'error', problem.message);
      return redirectTo(request, reply, problem.code === 'CART_EMPTY' ? '/cart' : '/checkout');
    }
  });

  app.get<{ Querystring: { page?: string } }>(
    '/account/orders',
    { preHandler: requireLogin },
    async (request, reply) => {
      const page = pageOf(request.query);
      const { total, orders: list } = await orders.listOrders(request.customer!.id, page);
      const rows = list.map(
        (order) =>
          `<tr><td><a href="/orders/${order.id}">${order.number}</a></td><td>${formatDate(order.createdAt)}</td><td>${order.items.length} items</td><td>${formatEuro(order.totalCents)}</td><td>${order.status.toLowerCase()}</td></tr>`,
      );
      return sendPage(request, reply, {
        title: 'Your orders',
        body: `<h1>Your orders</h1>\n<table>\n${rows.join('\n')}\n</table>\n${pager('/account/orders', {}, page.page, Math.ceil(total / page.perPage))}`,
      });
    },
  );

  app.get<ById>('/orders/:id', { preHandler: requireLogin }, async (request, reply) => {
    const order = await visibleOrder(request);
    if (!order) return notFoundPage(request, reply, 'This order');
    const toReview = await orders.productsToReview(order);
    return sendPage(request, reply, {
      title: `Order ${order.number}`,
      body: orderPage(order, toReview, csrfToken(request, reply)),
    });
  });

  app.get<ById>('/orders/:id/invoice', { preHandler: requireLogin }, async (request, reply) => {
    const order = await visibleOrder(request);
    if (!order) return notFoundPage(request, reply, 'This order');
    reply.header('content-disposition', `attachment; filename="invoice-${order.number}.txt"`);
    return reply.type('text/plain; charset=utf-8').send(invoiceText(order));
  });

  app.post<ById>('/orders/:id/cancel', form, async (request, reply) => {
    const order = await visibleOrder(request);
    if (!order) return notFoundPage(request, reply, 'This order');
    if (await orders.cancelOrder(order)) setFlash(reply, 'notice', 'The order was cancelled.');
    else setFlash(reply, 'error', 'This order can no longer be cancelled.');
    return redirectTo(request, reply, `/orders/${order.id}`);
  });
}
