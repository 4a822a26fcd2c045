import { callPort } from '../../../service/ports/client.ts';

export interface CheckoutInput {
  cartId: string;
  customerId: number;
  addressId: number;
  shippingCode: string;
  paymentMethod: string;
  cardNumber: string;
}

/** Why a checkout was refused, in words for the customer. */
export class CheckoutError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Turns a cart into a paid order. One transaction over carts, stock, promotions, orders, payments, shipping and
 * loyalty points: either all of it happens, or the cart stays as it was.
 */
export async function checkout(input: CheckoutInput): Promise<{
    events: {
        id: number;
        orderId: number;
        type: string;
        message: string;
        createdAt: Date;
    }[];
} & {
    id: number;
    number: string;
    customerId: number;
    addressId: number | null;
    status: any;
    subtotalCents: number;
    discountCents: number;
    shippingCents: number;
    totalCents: number;
    createdAt: Date;
    updatedAt: Date;
}> {
  return callPort('src/modules/orders/checkout.checkout', [input]) as Promise<{
    events: {
        id: number;
        orderId: number;
        type: string;
        message: string;
        createdAt: Date;
    }[];
} & {
    id: number;
    number: string;
    customerId: number;
    addressId: number | null;
    status: any;
    subtotalCents: number;
    discountCents: number;
    shippingCents: number;
    totalCents: number;
    createdAt: Date;
    updatedAt: Date;
}>;
}
