/**
 * The service answers as the monolith did when it was carved. The exchanges beside were recorded from the monolith, on the rows of
 * seed.sql, in the order of order.json. Against a service whose database holds these rows and nothing else:
 *
 *     BASE_URL=http://127.0.0.1:3101 node --test test/contract/
 *
 * Exchanges of somebody who is signed in come after all others. They are compared where a header of a fresh sign-in is given, on an
 * account that the rows of sample 1 belong to, such as AS_CUSTOMER='{"cookie":"sid=…"}'; without it they are skipped.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { test } from 'node:test';

const base = process.env.BASE_URL?.replace(/\/$/, '');
const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const routes = new Map();
const next = (name) => {
  if (!routes.has(name)) routes.set(name, { ...read(name + '.json'), at: 0 });
  const route = routes.get(name);
  return { route: route.route, ...route.exchanges[route.at++] };
};

/** On the loopback each from an address of its own, as it was recorded. */
const local = /^https?:\/\/(127\.|localhost)/.test(base ?? '');
const send = ({ method, url, headers, body }, from) =>
  new Promise((resolve, reject) => {
    const options = { method, headers, agent: false, ...(local && from && { localAddress: from }) };
    const request = (base.startsWith('https:') ? https : http).request(base + url, options, async (answer) => {
      const chunks = [];
      for await (const chunk of answer) chunks.push(chunk);
      resolve({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(chunks).toString() });
    });
    request.on('error', (error) => {
      // Some systems give the loopback one address only.
      if (from && ['EADDRNOTAVAIL', 'EINVAL'].includes(error.code))
        send({ method, url, headers, body }).then(resolve, reject);
      else reject(error);
    });
    request.end(body ?? undefined);
  });

const variable = (as) => 'AS_' + as.toUpperCase().replaceAll('-', '_');
const signedIn = (as) => (as === undefined ? {} : JSON.parse(process.env[variable(as)] ?? '{}'));
function reasonToSkip(as, { url, body }) {
  if (as === undefined) return false;
  if (process.env[variable(as)] === undefined) return variable(as) + ' is not set: ' + as + ' is not signed in';
  return (url + (body ?? '')).includes('«') && 'it holds a value of the sign-in when it was recorded';
}

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
    const { route, name: what, as, from, request, answer } = next(name);
    const label = route + ' ' + request.url + ' (' + what + (as === undefined ? '' : ', as ' + as) + ')';
    await contract.test(label, { skip: reasonToSkip(as, request) }, async () => {
      const { status, headers, text } = await send(
        { ...request, headers: { ...request.headers, ...signedIn(as) } },
        from,
      );
      assert.equal(status, answer.status, text.slice(0, 500));
      assert.equal(headers['content-type']?.split(';')[0].trim() ?? null, answer.type);
      if (answer.location !== null && !answer.location.includes('«')) assert.equal(headers.location, answer.location);
      if (answer.body === null || request.method === 'HEAD') return;
      if (/json$/.test(answer.type ?? '')) like(JSON.parse(text), JSON.parse(answer.body), '$');
      else if (!answer.body.includes('«')) assert.equal(text, answer.body);
    });
  }
});
