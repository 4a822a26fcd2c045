import type { FastifyReply, FastifyRequest } from 'fastify';
import { type CartWithItems, createCart, findCart } from './service.ts';

/** The visitor's cart, made when there is none yet. */
export async function currentCart(request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const cart = await findCart(request.cookies.cart);
  if (cart) return cart.id;
  const created = await createCart(request.customer?.id ?? null);
  reply.setCookie('cart', created.id, { path: '/', httpOnly: true, sameSite: 'lax', maxAge: 30 * 86_400 });
  return created.id;
}

/** The number in the page's head comes from a cookie, so that no page has to ask the database for it. */
export function setCartCount(reply: FastifyReply, cart: CartWithItems | null): void {
  const pieces = cart?.items.reduce((sum, item) => sum + item.quantity, 0) ?? 0;
  reply.setCookie('cart_count', String(pieces), { path: '/', maxAge: 30 * 86_400 });
}
