/** The recorded exchanges as contract tests of the service: data, rows, and a test that needs Node and nothing else. Pure. */
import type { CapturedAnswer } from '../../../migration-plans/compare/answer.ts';
import { redactAnswer } from '../../../migration-plans/redact/exchange.ts';
import type { Redactor } from '../../../migration-plans/redact/redactor.ts';
import type { OutputFile } from '../service/spec.ts';
import { callerOf } from './callers.ts';
import type { JudgedTrial } from './judge.ts';
import type { TrialRequest } from './requests.ts';
import { steadyBody, type Varying, varyingOf } from './steady.ts';

export interface RecordedExchange {
  name: string;
  /** Who asked; absent: nobody in particular. */
  as?: string;
  /** Loopback address that it came from: applications count by address how often they are asked. */
  from: string;
  request: { method: string; url: string; headers: Record<string, string>; body: string | null };
  answer: { status: number; type: string | null; location: string | null; body: string | null };
  /** Places whose values the monolith itself gives differently each time: only their presence is asked. */
  varies: string[];
}

/** Longest body that is kept in the repository, in characters. */
const MAX_BODY = 20_000;

export function contractFiles(
  folder: string,
  trials: readonly JudgedTrial[],
  routeOf: (request: TrialRequest) => string,
  seed: string,
  redactor: Redactor,
  recordedAt: Date,
  secrets: readonly string[] = [],
): OutputFile[] {
  const hide = hider(secrets);
  const varying = varyingOf(trials, routeOf, recordedAt);
  const byRoute = new Map<string, RecordedExchange[]>();
  const order: string[] = [];
  for (const trial of trials) {
    if (!('status' in trial.monolith) || trial.differences.length > 0) continue;
    const route = routeOf(trial.request);
    if (!byRoute.has(route)) order.push(route);
    byRoute.set(route, [
      ...(byRoute.get(route) ?? []),
      recorded(trial.request, trial.monolith, { redactor, recordedAt, hide, varying: varying(route) }),
    ]);
  }
  if (order.length === 0) return [];
  const names = fileNames(order);
  const exchanges = order.map(
    (route): OutputFile => ({
      path: `${folder}${names.get(route)}.json`,
      text: `${JSON.stringify({ route, exchanges: byRoute.get(route) }, null, 2)}\n`,
    }),
  );
  const sequence = trials
    .filter((trial) => 'status' in trial.monolith && trial.differences.length === 0)
    .map(({ request }) => names.get(routeOf(request)) ?? '');
  return [
    ...exchanges,
    { path: `${folder}order.json`, text: `${JSON.stringify(sequence)}\n` },
    ...(seed === '' ? [] : [{ path: `${folder}seed.sql`, text: SEED_HEAD + seed }]),
    { path: `${folder}contract.test.mjs`, text: TEST },
  ];
}

interface Recording {
  redactor: Redactor;
  recordedAt: Date;
  hide(text: string): string;
  varying: Varying;
}

function recorded(
  request: TrialRequest,
  answer: CapturedAnswer,
  { redactor, recordedAt, hide, varying }: Recording,
): RecordedExchange {
  const { body } = redactAnswer(answer, redactor);
  const header = (name: string): string | null => {
    const at = answer.rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
    return at === -1 ? null : (answer.rawHeaders[at + 1] ?? null);
  };
  const type = header('content-type')?.split(';')[0]?.trim() ?? null;
  const steady =
    body === undefined || body.length > MAX_BODY
      ? { body: null, varies: [] }
      : steadyBody(body, type, varying, recordedAt);
  const location = header('location');
  return {
    name: request.name,
    ...(request.as !== undefined && { as: request.as }),
    from: callerOf(request),
    request: {
      method: request.method,
      url: hide(request.url),
      headers: Object.fromEntries(
        Object.entries(request.headers)
          .filter(([name]) => request.as === undefined || !CREDENTIALS.test(name))
          .map(([name, value]) => [name, hide(value)]),
      ),
      body: request.body === null ? null : hide(request.body),
    },
    answer: {
      status: answer.status,
      type,
      location: location === null ? null : hide(location),
      body: steady.body === null ? null : hide(steady.body),
    },
    varies: steady.varies,
  };
}

/** What says who is calling: the contract's test is given it anew. */
const CREDENTIALS = /^(?:cookie|authorization)$|csrf|xsrf/i;

/** Shorter ones are no secrets, and would be found in ordinary words. */
const LEAST_SECRET = 4;

/** Takes secrets out of a text, also as they stand in addresses, forms, JSON and HTML. */
export function hider(secrets: readonly string[]): (text: string) => string {
  const all = [...new Set(secrets.flatMap(formsOfSecret))]
    .filter((secret) => secret.length >= LEAST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (text) => all.reduce((result, secret) => result.replaceAll(secret, HIDDEN), text);
}

function formsOfSecret(secret: string): string[] {
  const inAddress = encodeURIComponent(secret);
  const inForm = new URLSearchParams([['', secret]]).toString().slice(1);
  const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const inHtml = secret.replace(/[&<>"]/g, (character) => HTML[character] ?? character);
  return [
    secret,
    inAddress,
    lower(inAddress),
    inForm,
    lower(inForm),
    JSON.stringify(secret).slice(1, -1),
    inHtml,
    inHtml.replaceAll("'", '&#39;'),
  ];
}

const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const HIDDEN = '«signed in»';

/** `GET /books/:id` → `get-books-id`, each once. */
function fileNames(routes: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const used = new Set(['order', 'seed']);
  for (const route of routes) {
    const plain =
      route
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '')
        .slice(0, 80) || 'route';
    let name = plain;
    for (let n = 2; used.has(name); n++) name = `${plain}-${n}`;
    used.add(name);
    names.set(route, name);
  }
  return names;
}

const SEED_HEAD = `-- The rows that the exchanges beside were recorded on: made up from the data model, nobody's data.
-- psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f seed.sql     (into empty tables)
`;

const TEST = `/**
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

const base = process.env.BASE_URL?.replace(/\\/$/, '');
const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const routes = new Map();
const next = (name) => {
  if (!routes.has(name)) routes.set(name, { ...read(name + '.json'), at: 0 });
  const route = routes.get(name);
  return { route: route.route, ...route.exchanges[route.at++] };
};

/** On the loopback each from an address of its own, as it was recorded. */
const local = /^https?:\\/\\/(127\\.|localhost)/.test(base ?? '');
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
`;
