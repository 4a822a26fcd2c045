/** Functions that stayed in the monolith, by address. */

export interface PortFacts {
  /** Whether it only reads, so that a call that was lost may be made once more. */
  reads: boolean;
  /** Longest time of one call in ms; without it PORT_TIMEOUT_MS, or 5000. */
  timeout?: number;
}

/** The monolith answers only a service that has the same list. */
export const portsDigest = '9c5a63d170fee3d2';

/** Where the monolith has them: below MONOLITH_PORTS_PATH, or /__ports. */
export const portsFolder = 'orders';

export const ports: { [address: string]: PortFacts } = {
  'src/modules/carts/service.cartTotals': { reads: true },
  'src/modules/carts/service.findCart': { reads: true },
  'src/modules/orders/checkout.checkout': { reads: false },
  'src/modules/orders/service.cancelOrder': { reads: false },
  'src/modules/orders/service.productsToReview': { reads: true },
  'src/modules/shipping/service.listMethods': { reads: true },
};

export interface IdentityFacts {
  /** What it sets on the request. */
  properties: string[];
  /** Headers that it reads besides those that are always asked with. */
  headers: string[];
}

/** Middleware and hooks that ask the monolith who is calling. */
export const identities: { [name: string]: IdentityFacts } = {
  'src/plugins/session.session': { properties: ['customer'], headers: [] },
};
