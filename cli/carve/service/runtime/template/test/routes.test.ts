import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeFinder } from '../routes.ts';

const find = routeFinder([
  ['GET', '/articles/:slug'],
  ['GET', '/files/*'],
]);

test('labels a request with the template of its route', () => {
  assert.equal(find('GET', '/articles/first'), '/articles/:slug');
  assert.equal(find('HEAD', '/articles/first/'), '/articles/:slug');
  assert.equal(find('GET', '/files/a/b'), '/files/*');
});

test('knows no label for what is no route', () => {
  assert.equal(find('POST', '/articles/first'), undefined);
  assert.equal(find('GET', '/articles/first/second'), undefined);
});
