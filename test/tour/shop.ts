import type { Shop } from './customer.ts';

/** The sample shop behind a URL, with the logins of its sample data (see the monolith's README). */
export function shopAt(url: string, products: readonly number[]): Shop {
  const { hostname, port } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 80),
    products,
    password: 'letmein',
    email: (customer) => `customer${customer}@example.com`,
  };
}
