/** Classes of errors that the monolith throws: what it throws is of these here too. */
import { CheckoutError } from '../../src/modules/orders/checkout.ts';
import { OutOfStockError } from '../../src/modules/inventory/service.ts';
import { PaymentDeclinedError } from '../../src/modules/payments/service.ts';

type ErrorClass = new (...args: never[]) => Error;

export const errors: { [name: string]: ErrorClass } = { CheckoutError, OutOfStockError, PaymentDeclinedError };
