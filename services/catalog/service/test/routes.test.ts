import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { routeFinder } from '../routes.ts';

const find = routeFinder([
  ['GET', '/articles/:slug'],
  ['GET', '/files/*'],
]);

test('labels a request with the template of its route', () => {
  equal(find('GET', '/articles/first'), '/articles/:slug');
  equal(find('HEAD', '/articles/first/'), '/articles/:slug');
  equal(find('GET', '/files/a/b'), '/files/*');
});

test('knows no label for what is no route', () => {
  equal(find('POST', '/articles/first'), undefined);
  equal(find('GET', '/articles/first/second'), undefined);
});
