import { prisma } from '../../database/client.ts';
import { priceToCents, randomToken } from '../../helpers.ts';
import { findProductById } from '../catalog/service.ts';
import { stockOf } from '../inventory/service.ts';
import { discountFor } from '../promotions/service.ts';

const withItems = {
  items: {
    include: { product: { select: { slug: true, name: true, active: true } } },
    orderBy: { id: 'asc' },
  },
} as const;

export async function findCart(cartId: string | undefined) {
  if (!cartId) return null;
  return prisma.cart.findUnique({ where: { id: cartId }, include: withItems });
}

export type CartWithItems = NonNullable<Awaited<ReturnType<typeof findCart>>>;

export async function createCart(customerId: number | null) {
  return prisma.cart.create({ data: { id: randomToken(12), customerId } });
}

/** The cart of a visitor who logs in becomes the customer's. */
export async function adoptCart(cartId: string, customerId: number): Promise<void> {
  await prisma.cart.updateMany({ where: { id: cartId, customerId: null }, data: { customerId } });
}

export type AddResult = 'added' | 'unknown-product' | 'out-of-stock';

/** Puts pieces of a product into a cart; the price is fixed now. */
export async function addToCart(cartId: string, productId: number, quantity: number): Promise<AddResult> {
  const product = await findProductById(productId);
  if (!product) return 'unknown-product';
  const existing = await prisma.cartItem.findUnique({ where: { cartId_productId: { cartId, productId } } });
  const wanted = (existing?.quantity ?? 0) + quantity;
  if ((await stockOf(productId)) < wanted) return 'out-of-stock';
  await prisma.cartItem.upsert({
    where: { cartId_productId: { cartId, productId } },
    create: { cartId, productId, quantity, unitPriceCents: priceToCents(product.price) },
    update: { quantity: wanted },
  });
  await touch(cartId);
  return 'added';
}

/** Sets the quantity of an item; 0 removes it. False when the cart has no such item. */
export async function setQuantity(cartId: string, itemId: number, quantity: number): Promise<boolean> {
  const where = { id: itemId, cartId };
  const result =
    quantity <= 0
      ? await prisma.cartItem.deleteMany({ where })
      : await prisma.cartItem.updateMany({ where, data: { quantity: Math.min(99, quantity) } });
  await touch(cartId);
  return result.count > 0;
}

export async function setPromotion(cartId: string, code: string | null): Promise<void> {
  await prisma.cart.update({ where: { id: cartId }, data: { promotionCode: code } });
}

/** Sums of a cart, all in cents. */
export async function cartTotals(cart: CartWithItems) {
  const subtotalCents = cart.items.reduce((sum, item) => sum + item.quantity * item.unitPriceCents, 0);
  const promotion = cart.promotionCode
    ? await prisma.promotion.findUnique({ where: { code: cart.promotionCode } })
    : null;
  const discountCents = promotion ? discountFor(promotion, subtotalCents) : 0;
  const pieces = cart.items.reduce((sum, item) => sum + item.quantity, 0);
  return { pieces, subtotalCents, discountCents, totalCents: subtotalCents - discountCents };
}

async function touch(cartId: string): Promise<void> {
  await prisma.cart.update({ where: { id: cartId }, data: { updatedAt: new Date() } });
}
