import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseVariable, required } from '../about.ts';
import { instanceIdOf, readConfig } from '../config.ts';

/** What has to be set, set to something. */
const enough: Record<string, string> = {};
for (const variable of [databaseVariable, ...required.map(([name]) => name)]) {
  if (variable !== '') enough[variable] = 'something';
}

test('starts with what has to be set', () => {
  deepEqual(readConfig(enough).problems, []);
});

test('says all mistakes at once, a line each', () => {
  const { problems } = readConfig({ PORT: 'http', INSTANCE_ID: 'no spaces' });
  equal(problems.length, Object.keys(enough).length + 2);
  ok(problems.some((line) => line.startsWith('PORT must be a whole number')));
});

test('registers the address that it listens on, unless it is told another one', () => {
  equal(readConfig({ ...enough, HOST: '10.1.2.3' }).config.address, '10.1.2.3');
  equal(readConfig({ ...enough, ADVERTISED_IPV4: '10.9.9.9' }).config.address, '10.9.9.9');
  equal(instanceIdOf(readConfig({ ...enough, INSTANCE_ID: 'one' }).config, 1), 'one');
});
