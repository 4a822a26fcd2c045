import { expect, it } from 'vitest';
import { instanceIdOf, readConfig } from '../src/config.ts';

const database = { DATABASE_URL: 'postgresql://x/y' };

it('has defaults for everything but the database', () => {
  expect(readConfig(database)).toMatchObject({
    host: '127.0.0.1',
    address: '127.0.0.1',
    drainDelay: 1000,
    registration: { endpoint: undefined, region: 'eu-central-1', namespace: 'shop', service: 'reviews' },
  });
  expect(readConfig({ ...database, REGISTRATION: 'off' }).registration).toBeUndefined();
});

it.each([
  [{}, /DATABASE_URL is not set/],
  [{ ...database, PORT: '70000' }, /PORT must be a whole number from 0 to 65535/],
  [{ ...database, DRAIN_DELAY_MS: 'soon' }, /DRAIN_DELAY_MS must be/],
  [{ ...database, INSTANCE_ID: 'a b' }, /INSTANCE_ID may have/],
])('refuses %o', (env, message) => {
  expect(() => readConfig(env)).toThrow(message);
});

it('names an instance so that Cloud Map accepts it', () => {
  expect(instanceIdOf(readConfig(database), 3101)).toMatch(/^[0-9a-zA-Z_/:.@-]{1,64}$/);
  expect(instanceIdOf(readConfig({ ...database, INSTANCE_ID: 'mine' }), 3101)).toBe('mine');
});

it('advertises an address that others can reach when it listens on all', () => {
  expect(readConfig({ ...database, HOST: '0.0.0.0' }).address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  expect(readConfig({ ...database, HOST: '0.0.0.0' }).address).not.toBe('0.0.0.0');
  expect(readConfig({ ...database, HOST: '0.0.0.0', ADVERTISED_IPV4: '10.1.2.3' }).address).toBe('10.1.2.3');
});
