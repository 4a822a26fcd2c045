import { hashPassword } from '../modules/accounts/passwords.ts';
import type { Context } from './scale.ts';
import { TableWriter } from './table-writer.ts';
import { cities, firstNames, lastNames, streets } from './words.ts';

/** Cheap scrypt parameters, so that thousands of sample accounts are there at once. Real ones get the real cost. */
const cost = 16;
const customerPassword = 'letmein';
const staffPassword = 'letmein-staff';

export interface People {
  tables: TableWriter[];
  /** The id of a customer's first address. */
  addressOf(customerId: number): number | null;
}

/** Customers with addresses, sessions and the rest of their accounts; the staff comes after the last customer. */
export function seedPeople({ scale, random, daysAgo }: Context): People {
  const customers = new TableWriter('customers', {
    id: 'int',
    email: 'text',
    password_hash: 'text',
    first_name: 'text',
    last_name: 'text',
    phone: 'text',
    role: '"Role"',
    loyalty_points: 'int',
    created_at: 'timestamp',
    last_login_at: 'timestamp',
  });
  const addresses = new TableWriter('addresses', {
    id: 'int',
    customer_id: 'int',
    street: 'text',
    zip: 'text',
    city: 'text',
    country: 'text',
    is_default: 'bool',
  });
  const sessions = new TableWriter('Session', {
    id: 'text',
    customer_id: 'int',
    user_agent: 'text',
    created_at: 'timestamp',
    expires_at: 'timestamp',
  });
  const resets = new TableWriter('password_resets', {
    customer_id: 'int',
    token: 'text',
    created_at: 'timestamp',
    used_at: 'timestamp',
  });
  const subscribers = new TableWriter('newsletter_subscribers', {
    email: 'text',
    token: 'text',
    created_at: 'timestamp',
  });

  const firstAddress = new Map<number, number>();
  const person = (id: number, email: string, password: string, role: string) => {
    const joined = random.int(30, 3600);
    const lastLogin = random.chance(0.7) ? daysAgo(random.next() * 30) : null;
    const salt = Buffer.from(random.hex(16), 'hex');
    customers.add(
      id,
      email,
      hashPassword(password, cost, 1, salt),
      random.pick(firstNames),
      random.pick(lastNames),
      random.chance(0.5) ? `+49 40 ${random.int(100_000, 999_999)}` : null,
      role,
      random.int(0, 2000),
      daysAgo(joined),
      lastLogin,
    );
    for (let number = random.chance(0.2) ? 2 : 1, first = true; number > 0; number--, first = false) {
      const street = `${random.pick(streets)} ${random.int(1, 140)}`;
      if (first) firstAddress.set(id, addressId);
      addresses.add(
        addressId++,
        id,
        street,
        String(random.int(20_000, 29_999)),
        random.pick(cities),
        'DE',
        first,
      );
    }
    if (random.chance(0.05)) {
      const started = random.next() * 30;
      sessions.add(random.hex(48), id, 'Mozilla/5.0', daysAgo(started), daysAgo(started - 3650));
    }
    if (random.chance(0.02)) resets.add(id, random.hex(40), daysAgo(random.next() * 300), null);
    if (random.chance(0.2)) subscribers.add(email, random.hex(32), daysAgo(random.int(0, joined)));
  };

  let addressId = 1;
  for (let id = 1; id <= scale.customers; id++) {
    person(id, `customer${id}@example.com`, customerPassword, 'CUSTOMER');
  }
  person(scale.customers + 1, 'admin@example.com', staffPassword, 'ADMIN');
  person(scale.customers + 2, 'moderator@example.com', staffPassword, 'STAFF');
  return {
    tables: [customers, addresses, sessions, resets, subscribers],
    addressOf: (customerId) => firstAddress.get(customerId) ?? null,
  };
}
