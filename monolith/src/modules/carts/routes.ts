import type { FastifyInstance } from 'fastify';
import { escapeHtml, formatEuro, idOf, redirectTo, textField } from '../../helpers.ts';
import { checkCsrf, csrfToken, setFlash } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';
import { findPromotion, isUsable } from '../promotions/service.ts';
import { currentCart, setCartCount } from './cookies.ts';
import * as carts from './service.ts';

const form = { preHandler: checkCsrf };
const messages = {
  added: 'In your cart.',
  'unknown-product': 'This product does not exist (any more).',
  'out-of-stock': 'We do not have that many.',
};

/** The cart's pages, below /cart. */
export default async function cartRoutes(app: FastifyInstance) {
  app.get('/', async (request, reply) => {
    const cart = await carts.findCart(request.cookies.cart);
    if (!cart || cart.items.length === 0) {
      return sendPage(request, reply, {
        title: 'Your cart',
        body: '<h1>Your cart</h1>\n<p>It is empty.</p>',
      });
    }
    const totals = await carts.cartTotals(cart);
    const token = `<input type="hidden" name="_csrf" value="${csrfToken(request, reply)}">`;
    const rows = cart.items.map(
      (item) => `<tr><td><a href="/products/${item.product.slug}">${escapeHtml(item.product.name)}</a></td>
<td><form method="post" action="/cart/items/${item.id}">${token}<input name="quantity" value="${item.quantity}" size="2"><button>Change</button></form></td>
<td>${formatEuro(item.quantity * item.unitPriceCents)}</td></tr>`,
    );
    return sendPage(request, reply, {
      title: 'Your cart',
      body: `<h1>Your cart</h1>
<table>
${rows.join('\n')}
</table>
<p>Discount ${formatEuro(totals.discountCents)}, total <b>${formatEuro(totals.totalCents)}</b></p>
<form method="post" action="/cart/promotion">${token}<input name="code" value="${escapeHtml(cart.promotionCode)}"><button>Use code</button></form>
<p><a href="/checkout">Checkout</a></p>`,
    });
  });

  app.post('/items', form, async (request, reply) => {
    const cartId = await currentCart(request, reply);
    const quantity = Math.min(99, Math.max(1, Number.parseInt(textField(request.body, 'quantity'), 10) || 1));
    const result = await carts.addToCart(cartId, idOf(textField(request.body, 'productId')) ?? 0, quantity);
    setCartCount(reply, await carts.findCart(cartId));
    setFlash(reply, result === 'added' ? 'notice' : 'error', messages[result]);
    return redirectTo(request, reply, '/cart');
  });

  app.post<{ Params: { id: string } }>('/items/:id', form, async (request, reply) => {
    const cartId = await currentCart(request, reply);
    const quantity = Number.parseInt(textField(request.body, 'quantity'), 10) || 0;
    await carts.setQuantity(cartId, idOf(request.params.id) ?? 0, quantity);
    setCartCount(reply, await carts.findCart(cartId));
    setFlash(reply, 'notice', 'Your cart was changed.');
    return redirectTo(request, reply, '/cart');
  });

  app.post('/promotion', form, async (request, reply) => {
    const cartId = await currentCart(request, reply);
    const promotion = await findPromotion(textField(request.body, 'code'));
    if (promotion && isUsable(promotion)) {
      await carts.setPromotion(cartId, promotion.code);
      setFlash(reply, 'notice', `${promotion.title}: the code is used at checkout.`);
    } else {
      await carts.setPromotion(cartId, null);
      setFlash(reply, 'error', 'This code is not valid.');
    }
    return redirectTo(request, reply, '/cart');
  });
}
