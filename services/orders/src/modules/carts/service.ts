import { callPort } from '../../../service/ports/client.ts';

export async function findCart(cartId: string | undefined): Promise<({
    items: ({
        product: {
            active: boolean;
            name: string;
            slug: string;
        };
    } & {
        id: number;
        cartId: string;
        productId: number;
        quantity: number;
        unitPriceCents: number;
    })[];
} & {
    id: string;
    customerId: number | null;
    promotionCode: string | null;
    createdAt: Date;
    updatedAt: Date;
}) | null> {
  return callPort('src/modules/carts/service.findCart', [cartId]) as Promise<({
    items: ({
        product: {
            active: boolean;
            name: string;
            slug: string;
        };
    } & {
        id: number;
        cartId: string;
        productId: number;
        quantity: number;
        unitPriceCents: number;
    })[];
} & {
    id: string;
    customerId: number | null;
    promotionCode: string | null;
    createdAt: Date;
    updatedAt: Date;
}) | null>;
}

export type CartWithItems = NonNullable<Awaited<ReturnType<typeof findCart>>>;

/** Sums of a cart, all in cents. */
export async function cartTotals(cart: CartWithItems): Promise<{
    pieces: number;
    subtotalCents: number;
    discountCents: number;
    totalCents: number;
}> {
  return callPort('src/modules/carts/service.cartTotals', [cart]) as Promise<{
    pieces: number;
    subtotalCents: number;
    discountCents: number;
    totalCents: number;
}>;
}
