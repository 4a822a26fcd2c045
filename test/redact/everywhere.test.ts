import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { contractCases, contractTestFile } from '../../cli/report/export/contract-tests.ts';
import { buildReport } from '../../cli/report/model.ts';
import { writeReport } from '../../cli/report/write.ts';
import { startEdge } from '../../edge-proxy/server.ts';
import { createShadow } from '../../edge-proxy/shadow/pipeline.ts';
import type { StateStore } from '../../migration-plans/state-store/port.ts';
import { openStateStore } from '../../migration-plans/state-store/postgres.ts';
import { keeper } from '../edge/support/keep.ts';
import { MemoryStore } from '../edge/support/memory-store.ts';
import { origin } from '../edge/support/origin.ts';
import { Places, partsWith } from '../edge/support/places.ts';
import { plan, planRoute, revision, state } from '../edge/support/revisions.ts';
import { admin, TOKEN, until } from '../edge/support/run.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Secrets of a user that pass through the edge, and then looked for in every place where something may have stayed. */
const SECRETS = {
  cookie: 'sid-9f8e7d6c5b4a39281706',
  bearer: 'mF_9.B5f-4.1JqM-secret',
  apiKey: 'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
  query: 'reset-3f2b1a0987654321',
  password: 'correct horse battery',
  email: 'ada.lovelace@mail.example.org',
  card: '4111111111111111',
  iban: 'DE89370400440532013000',
  phone: '+491701234567',
  csrf: '8d1f0a2b4c6e8f90a1b2c3d4e5f60718',
  setCookie: 'new-77aa88bb99cc00dd11ee',
  custom: 'CUST-000-4711-SECRET',
};

const kept = keeper();
const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
let postgres: TestPostgres;
let real: StateStore;
let url: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.createDatabase();
  real = await openStateStore({ url });
});
afterAll(async () => {
  await real?.close();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const answering = (name: string, price: unknown, zipped: boolean) =>
  origin(name, (request, response) => {
    request.resume();
    response.setHeader('set-cookie', `session=${SECRETS.setCookie}${name}; HttpOnly`);
    if (request.url!.startsWith('/pages')) {
      response.setHeader('content-type', 'text/html');
      response.end(
        `<form><input type="hidden" name="_csrf" value="${SECRETS.csrf}"><p>${SECRETS.email} ${price}</p><p>card ${SECRETS.card}</p></form>`,
      );
      return true;
    }
    const body = JSON.stringify({
      price,
      email: SECRETS.email,
      password: SECRETS.password,
      payment: { cardNumber: SECRETS.card, iban: SECRETS.iban },
      note: `call ${SECRETS.phone}, key ${SECRETS.apiKey}`,
      customerNumber: SECRETS.custom,
      [`by-${name}`]: { token: SECRETS.csrf, of: SECRETS.email },
      [SECRETS.email]: price,
    });
    response.setHeader('content-type', 'application/json');
    if (zipped) response.setHeader('content-encoding', 'gzip');
    response.setHeader('x-auth-token', SECRETS.bearer);
    response.end(zipped ? gzipSync(body) : body);
    return true;
  });

it('keeps no secret in any file, table, log, metric or report', async () => {
  const monolith = await kept(answering('monolith', 19.9, false));
  const service = await kept(answering('service', '19.90', true));
  const capability = plan(
    'reviews',
    [planRoute('GET', '/reviews/:id'), planRoute('GET', '/pages/:id'), planRoute('POST', '/reviews')],
    {
      redact: [{ json: '$.customerNumber' }],
      shadow: {
        sampleBp: 10_000,
        noiseProbeBp: 5_000,
        maxBodyBytes: 65_536,
        timeoutMs: 2_000,
        sandbox: { service: { name: 'sandbox', namespace: undefined, scheme: 'http' } },
        headers: { monolith: {}, service: {} },
      },
    },
  );
  const capabilityState = state({ phase: 'shadow' });
  const memory = new MemoryStore();
  memory.publish(revision(1, [{ plan: capability, state: capabilityState }]));
  const store = Object.assign(memory.asStore(), { addEvidence: real.addEvidence.bind(real) });
  const log: string[] = [];
  const places = new Places({ 'strangler/reviews': service.url, 'strangler/sandbox': service.url });
  const { port } = new URL(service.url);
  const endpoint = {
    id: 'i',
    host: '127.0.0.1',
    port: Number(port),
    secure: false,
    version: '1',
    healthy: true,
  };
  const edge = await kept(
    startEdge(
      {
        monolith: monolith.url,
        store,
        stateFolder: folder,
        listen: { host: '127.0.0.1', port: 0 },
        admin: { host: '127.0.0.1', port: 0, token: TOKEN },
        accessLog: true,
        evidenceMs: 20,
        log: { level: 'trace', stream: { write: (line: string) => void log.push(line) } },
      },
      {
        ...partsWith(places),
        shadow: ({ id, options, sink }) =>
          createShadow({
            edge: id,
            monolithUrl: options.monolith,
            pickEndpoint: () => endpoint,
            endpointsOf: () => [],
            versionOf: () => '1',
            sink,
            flushMs: 20,
          }),
      },
    ),
  );
  const headers = {
    cookie: `session=${SECRETS.cookie}`,
    authorization: `Bearer ${SECRETS.bearer}`,
    'x-api-key': SECRETS.apiKey,
  };
  for (let i = 0; i < 6; i += 1) {
    for (const path of ['reviews', 'pages'])
      await (
        await fetch(
          `${edge.url}/${path}/1?token=${SECRETS.query}&email=${encodeURIComponent(SECRETS.email)}`,
          {
            headers,
          },
        )
      ).text();
    await (
      await fetch(`${edge.url}/reviews?reset_token=${SECRETS.query}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ password: SECRETS.password, email: SECRETS.email }),
      })
    ).text();
  }
  const compared = async (): Promise<number> =>
    Object.values((await real.evidence({ capability: 'reviews' })).funnel).reduce(
      (sum, each) => sum + each.compared,
      0,
    );
  await until(async () => (await compared()) === 18, 'everything is compared and stored');
  const summary = await real.evidence({ capability: 'reviews' });
  expect(summary.redactions).toBeGreaterThan(50);
  expect(summary.clusters.filter(({ route }) => route === 'POST /reviews').length).toBeGreaterThan(0);

  const origins = { monolith: monolith.url, service: service.url };
  const view = buildReport({
    plan: capability,
    state: capabilityState,
    revision: 1,
    summary,
    earlier: [],
    origins,
    now: new Date(),
  });
  expect(view.clusters.flatMap(({ examples }) => examples).length).toBeGreaterThan(3);
  const files = writeReport(view, join(folder, 'report'));
  const texts: Record<string, string> = {
    log: log.join(''),
    metrics: await (await admin(edge, '/metrics')).text(),
    status: JSON.stringify(edge.status()),
    tests: contractTestFile(
      'reviews',
      contractCases(summary.clusters, () => 10),
    ),
    ...files,
  };
  for (const [name, file] of Object.entries(files)) texts[name] = readFileSync(file, 'utf8');
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (name.isFile()) texts[`file ${name.name}`] = readFileSync(join(name.parentPath, name.name), 'latin1');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const tables = await client.query<{ tablename: string }>(
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
  );
  for (const { tablename } of tables.rows) {
    const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM "${tablename}" t`);
    texts[`table ${tablename}`] = rows.map(({ row }) => row).join('\n');
  }
  await client.end();
  expect(texts['table strangler_evidence']!.length).toBeGreaterThan(1_000);
  expect(texts.log).toContain('/reviews/1');

  const found = Object.entries(texts).flatMap(([place, text]) =>
    Object.entries(SECRETS).flatMap(([name, secret]) =>
      [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')]
        .filter((written) => text.includes(written))
        .map(() => `${name} in ${place}`),
    ),
  );
  expect(found).toEqual([]);
});
