/**
 * The service answers as the monolith did when it was carved. The exchanges beside were recorded from the monolith, on the rows of
 * seed.sql, in the order of order.json. Against a service whose database holds these rows and nothing else:
 *
 *     BASE_URL=http://127.0.0.1:3101 node --test test/contract/
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const base = process.env.BASE_URL?.replace(/\/$/, '');
const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const routes = new Map();
const next = (name) => {
  if (!routes.has(name)) routes.set(name, { ...read(name + '.json'), at: 0 });
  const route = routes.get(name);
  return { route: route.route, ...route.exchanges[route.at++] };
};

/** What was redacted or varies says only that something is there. */
function like(actual, expected, path) {
  if (typeof expected === 'string' && /«[^»]*»/.test(expected)) return assert.notEqual(actual, undefined, path);
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), path + ' is a list');
    assert.equal(actual.length, expected.length, path + ': number of elements');
    return expected.forEach((item, index) => like(actual[index], item, path + '[' + index + ']'));
  }
  if (typeof expected === 'object' && expected !== null) {
    assert.ok(typeof actual === 'object' && actual !== null, path + ' is an object');
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), path + ': members');
    for (const key of Object.keys(expected)) like(actual[key], expected[key], path + '.' + key);
    return;
  }
  assert.deepEqual(actual, expected, path);
}

test('contract', { skip: base === undefined && 'BASE_URL is not set' }, async (contract) => {
  for (const name of read('order.json')) {
    const { route, name: what, request, answer } = next(name);
    await contract.test(route + ' ' + request.url + ' (' + what + ')', async () => {
      const { method, headers, body } = request;
      const got = await fetch(base + request.url, { method, headers, body, redirect: 'manual' });
      const text = await got.text();
      assert.equal(got.status, answer.status, text.slice(0, 500));
      assert.equal(got.headers.get('content-type')?.split(';')[0].trim() ?? null, answer.type);
      if (answer.location !== null && !answer.location.includes('«'))
        assert.equal(got.headers.get('location'), answer.location);
      if (answer.body === null || method === 'HEAD') return;
      if (/json$/.test(answer.type ?? '')) like(JSON.parse(text), JSON.parse(answer.body), '$');
      else if (!answer.body.includes('«')) assert.equal(text, answer.body);
    });
  }
});
