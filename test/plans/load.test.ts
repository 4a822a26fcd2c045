import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPlans, parsePlan, requirePlans } from '../../migration-plans/plan/load.ts';
import { problemOfContent } from '../../migration-plans/revision/validate.ts';
import { state } from '../routing/plans.ts';
import { minimal, REVIEWS } from './texts.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
let root: string;
let folders = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'strangler-test-plans-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function load(files: Record<string, string | Buffer>) {
  const dir = join(root, String(folders++));
  await mkdir(dir);
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const { plans, findings } = await loadPlans(dir, NOW);
  const shown = findings.map(
    ({ code, place, message }) =>
      `${place?.file.slice(dir.length + 1)}:${place?.line}:${place?.column} ${code} ${message}`,
  );
  return { dir, plans, findings, shown };
}

describe('a plan', () => {
  it('is read with units resolved and defaults filled in', async () => {
    const { plans, shown } = await load({ 'reviews.yaml': REVIEWS });
    expect(shown).toEqual([]);
    const plan = plans.reviews!;
    expect(
      plan.routes.map(({ id, effect, shadow, timeouts }) => [
        id,
        effect,
        shadow,
        timeouts.headersMs,
        timeouts.idleMs,
      ]),
    ).toEqual([
      ['GET /products/:slug/reviews', 'read', true, 30_000, 10_000],
      ['POST /products/:slug/reviews', 'write', true, 5000, 10_000],
      ['GET /api/votes', 'read', true, 30_000, 10_000],
      ['POST,DELETE /api/votes', 'write', true, 30_000, 10_000],
      ['POST /search/reviews', 'read', false, 30_000, 10_000],
    ]);
    expect(plan.except).toEqual([{ methods: ['GET'], template: '/products/featured/reviews' }]);
    expect(plan.stickyBy).toEqual([
      { by: 'cookie', name: 'sid' },
      { by: 'header', name: 'x-user' },
      { by: 'client-address' },
    ]);
    expect(plan).toMatchObject({
      readAfterWriteMs: 1500,
      service: { name: 'reviews', namespace: undefined, scheme: 'http' },
      shadow: {
        sampleBp: 10_000,
        noiseProbeBp: 2000,
        maxBodyBytes: 1_572_864,
        timeoutMs: 5000,
        sandbox: undefined,
        headers: { monolith: {}, service: { 'x-shadow': '1', cookie: null } },
      },
      gates: {
        canary: { minCompared: 300, maxMismatchBp: 25, minComparedPerRoute: 7 },
        cutover: { minRequests: 10, maxErrorBp: 100, maxLatencyRatio: 1.5 },
        rollback: { auto: false, maxErrorBp: 200, minRequests: 50 },
      },
      rollout: { stepsBp: [100, 5000, 10_000] },
      redact: [{ json: '$.email' }, { header: 'x-key' }],
    });
    expect(plan.compare).toEqual({
      headers: ['content-type', 'etag'],
      rules: [
        {
          id: 'unordered $.items',
          routes: [],
          at: { json: '$.items' },
          do: { kind: 'unordered' },
          reason: 'no order promised',
          owner: 'qa',
          expires: '2027-01-01',
        },
        {
          id: 'format x-token',
          routes: ['GET /api/votes', 'POST,DELETE /api/votes'],
          at: { header: 'x-token' },
          do: { kind: 'format' },
          reason: 'random',
          owner: 'qa',
          expires: undefined,
        },
      ],
    });
  });

  it('needs no more than a capability and routes, and what follows is a valid revision', async () => {
    const { plans, shown } = await load({ 'files.yml': minimal('files', ["'* /files/*'"]) });
    expect(shown).toEqual([]);
    expect(plans.files!.routes.map(({ id, effect }) => [id, effect])).toEqual([
      ['GET,HEAD,OPTIONS,TRACE /files/*', 'read'],
      ['* /files/*', 'write'],
    ]);
    const content = JSON.parse(JSON.stringify({ plans, states: { files: state() } }));
    expect(problemOfContent(content)).toBeUndefined();
  });

  it('other files of the folder are no plans', async () => {
    const { plans, shown } = await load({
      'a.yaml': minimal('a', ['GET /a']),
      'a.decisions.yaml': 'not: a plan',
      'README.md': '#',
      '.hidden.yaml': 'x: 1',
    });
    expect([Object.keys(plans), shown]).toEqual([['a'], []]);
  });
});

describe('mistakes', () => {
  it('of one file are all reported at once, each with its place and the way out', async () => {
    const { plans, findings, shown } = await load({
      'reviews.yaml': `apiVersion: strangler/v1
capability: Reviews
rutes: []
routes:
  - get /x
  - { route: GET /y, timeouts: { headers: 5, heders: 5s }, effect: reads }
stickyBy: [ sid, { cookie: a, header: b } ]
gates: { canary: { maxMismatch: 0.1 } }
compare: { rules: [ { at: { json: $.a }, do: { kind: ignore } } ] }
`,
    });
    expect(plans).toEqual({});
    expect(shown).toEqual([
      'reviews.yaml:2:13 PLAN_VALUE "capability" must be a name of lower-case letters, digits and "-", such as order-history, not "Reviews"',
      'reviews.yaml:3:1 PLAN_UNKNOWN_KEY unknown key "rutes"',
      'reviews.yaml:6:43 PLAN_VALUE "routes[1].timeouts.headers" must be a duration such as 250ms, 5s, 2m or 1h, not 5',
      'reviews.yaml:6:46 PLAN_UNKNOWN_KEY unknown key "heders" in "routes[1].timeouts"',
      'reviews.yaml:6:68 PLAN_VALUE "routes[1].effect" is "reads", but must be "read" or "write"',
      'reviews.yaml:7:13 PLAN_VALUE "stickyBy[0]" is "sid", but must be "client-address"',
      'reviews.yaml:7:18 PLAN_CHOICE "stickyBy[1]" needs exactly one of: cookie, header',
      'reviews.yaml:8:33 PLAN_VALUE "gates.canary.maxMismatch" must be a share such as 25% or 0.1%, not 0.1',
      'reviews.yaml:9:21 PLAN_MISSING_KEY "compare.rules[0]" needs "reason"',
      'reviews.yaml:9:21 PLAN_MISSING_KEY "compare.rules[0]" needs "owner"',
    ]);
    expect(findings.map(({ remedy }) => remedy)).toContain('Did you mean "routes"?');
    expect(findings.map(({ remedy }) => remedy)).toContain('Did you mean "headers"?');
  });

  it('in meaning are reported once the form is right', async () => {
    const { shown } = await load({
      'reviews.yaml': minimal(
        'reviews',
        ['get /x', 'GET /a/{id}', 'GET /a//b', 'GTE /g', 'GET /ok'],
        `
service: { name: reviews }
shadow: { sample: 101%, sandbox: { service: { name: reviews } } }
rollout: { steps: [5%, 5%] }
timeouts: { connect: 0s }
redact: [ { pattern: '(a+)+$' }, { pattern: '(' }, { json: 'email' } ]
compare:
  rules:
    - { at: { json: '$[' }, do: { kind: keyed }, reason: r, owner: o }
    - { at: { html: '>>' }, do: { kind: ignore, by: id }, reason: r, owner: o, routes: [GET /okay] }
    - { at: { json: $.a }, do: { kind: ignore }, reason: r, owner: o, expires: 2026-02-30 }
    - { at: { json: $.b }, do: { kind: ignore }, reason: r, owner: o, expires: 2026-05-31 }
`,
      ),
    });
    expect(shown.map((line) => line.replace(/^reviews.yaml:(\d+):\d+ (\w+).*$/, '$1 $2'))).toEqual([
      '4 PLAN_ROUTE',
      '5 PLAN_ROUTE',
      '6 PLAN_ROUTE',
      '7 PLAN_METHOD',
      '11 PLAN_VALUE',
      '11 PLAN_SANDBOX',
      '12 PLAN_VALUE',
      '13 PLAN_VALUE',
      '14 PLAN_PATTERN',
      '14 PLAN_PATTERN',
      '14 PLAN_JSONPATH',
      '17 PLAN_JSONPATH',
      '17 PLAN_RULE',
      '18 PLAN_SELECTOR',
      '18 PLAN_RULE',
      '18 PLAN_RULE',
      '19 PLAN_VALUE',
      '20 PLAN_RULE_EXPIRED',
    ]);
  });

  it('of several files come together, and no broken plan is returned', async () => {
    const { plans, shown } = await load({
      'a.yaml': minimal('a', ['GET /a']),
      'b.yaml': minimal('b', ['GET /b', 'x']),
      'c.yaml': 'capability: [',
      'd.yaml': minimal('a', ['GET /d']),
      'e.yaml': '',
    });
    expect(Object.keys(plans)).toEqual(['a']);
    expect(new Set(shown.map((line) => line.slice(0, 6)))).toEqual(
      new Set(['b.yaml', 'c.yaml', 'd.yaml', 'e.yaml']),
    );
    expect(shown.find((line) => line.includes('DUPLICATE_CAPABILITY'))).toMatch(
      /d\.yaml:2:13 .*a\.yaml:2:13$/,
    );
  });

  it('an expired rule is a warning: the plan still loads', async () => {
    const { plans, findings } = await load({
      'a.yaml': minimal(
        'a',
        ['GET /a'],
        'compare: { rules: [ { at: { json: $.a }, do: { kind: ignore }, reason: r, owner: ann, expires: 2026-05-31 } ] }\n',
      ),
    });
    expect(Object.keys(plans)).toEqual(['a']);
    expect(findings).toMatchObject([
      { severity: 'warning', code: 'PLAN_RULE_EXPIRED', remedy: expect.stringContaining('ann') },
    ]);
  });

  it('a missing folder, and a folder named like a plan, are findings', async () => {
    expect((await loadPlans(join(root, 'nowhere'))).findings).toMatchObject([{ code: 'PLAN_FOLDER' }]);
    const dir = join(root, 'odd');
    await mkdir(join(dir, 'x.yaml'), { recursive: true });
    expect((await loadPlans(dir)).findings).toMatchObject([{ code: 'PLAN_UNREADABLE' }]);
  });

  it('become one error for who needs the plans', async () => {
    const { dir } = await load({ 'a.yaml': minimal('a', ['GET a', 'b c']) });
    await expect(requirePlans(dir)).rejects.toMatchObject({
      code: 'PLAN_INVALID',
      exitCode: 2,
      findings: [{ code: 'PLAN_ROUTE' }, { code: 'PLAN_ROUTE' }],
    });
  });
});

describe('claims', () => {
  const conflict = async (a: string[], b: string[], moreA = '') => {
    const { shown } = await load({ 'a.yaml': minimal('a', a, moreA), 'b.yaml': minimal('b', b) });
    return shown;
  };

  it.each([
    [['GET /x/:id'], ['GET /x/:name']],
    [['GET /x/:id'], ['HEAD /x/new']],
    [['GET /x/:id/z'], ['GET /x/y/:z']],
    [["'* /x/*'"], ['POST /x/a/b/c']],
    [['GET /x/*'], ['GET /:any/y/*']],
    [['GET,POST /x'], ['POST /x']],
    [['GET /caf%c3%a9'], ['GET /café']],
  ])('%j and %j of two plans overlap', async (a, b) => {
    expect(await conflict(a, b)).toEqual([expect.stringMatching(/^b\.yaml:4:5 PLAN_OVERLAP .*a\.yaml:4:5/)]);
  });

  it.each([
    [['GET /x/:id'], ['POST /x/:id']],
    [['GET /x'], ['GET /x/']],
    [['GET /x/*'], ['GET /x']],
    [['GET /x/:a/b'], ['GET /x/:a/c']],
    [['GET /x/:a'], ['GET /x/:a/b']],
    [['HEAD /x'], ['POST /x']],
  ])('%j and %j do not', async (a, b) => expect(await conflict(a, b)).toEqual([]));

  it('an exception settles whose the shared requests are', async () => {
    expect(await conflict(['GET /p/:slug'], ['GET /p/featured'], 'except: [ GET /p/featured ]\n')).toEqual(
      [],
    );
    expect(
      await conflict(['GET,POST /p/:slug'], ['GET,POST /p/featured'], 'except: [ GET /p/featured ]\n'),
    ).toHaveLength(1);
  });

  it('the remedy of an overlap, put into the plan, removes it', async () => {
    const texts = { 'a.yaml': minimal('a', ['GET /x/:id/*']), 'b.yaml': minimal('b', ['GET /:y/1/:z/k']) };
    const { findings } = await load(texts);
    const remedy = /"(except: .*)"/.exec(findings[0]!.remedy!)![1];
    const fixed = await load({ ...texts, 'a.yaml': `${texts['a.yaml']}${remedy}\n` });
    expect(fixed.shown).toEqual([]);
  });

  it('that can never match within a plan are errors, useless exceptions warnings', async () => {
    const { shown } = await load({
      'a.yaml': minimal(
        'a',
        ['GET /x/:id', 'GET,POST /x/:name', 'GET /y/1', 'HEAD /x/:id', 'GET /x/new'],
        'except: [ GET /y/:n, GET /elsewhere ]\n',
      ),
    });
    expect(shown.map((line) => line.replace(/ the .*| can .*/, ''))).toEqual([
      'a.yaml:5:5 PLAN_ROUTE_SHADOWED "GET /x/:name"',
      'a.yaml:6:5 PLAN_ROUTE_SHADOWED "GET /y/1"',
      'a.yaml:9:22 PLAN_EXCEPT_UNUSED',
    ]);
  });

  it('a table that is moved has one owner', async () => {
    const data = (stage: string) => `data: { stage: ${stage}, tables: [T] }\n`;
    const both = async (a: string, b: string) =>
      (
        await load({
          'a.yaml': minimal('a', ['GET /a'], data(a)),
          'b.yaml': minimal('b', ['GET /b'], data(b)),
        })
      ).findings;
    expect(await both('own-database', 'shared-database')).toMatchObject([
      { code: 'PLAN_TABLE_SHARED', severity: 'error' },
    ]);
    expect(await both('shared-database', 'shared-database')).toMatchObject([{ severity: 'warning' }]);
  });

  it('of 1 000 plans are checked against each other in about the time that reading takes', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 1000 }, (_, n) => [
        `cap-${n}.yaml`,
        minimal(
          `cap-${n}`,
          Array.from({ length: 10 }, (_, r) => `GET /cap-${n}/r${r}/:id`),
        ),
      ]),
    );
    const { plans, shown } = await load(files);
    expect([Object.keys(plans).length, shown]).toEqual([1000, []]);
  });
});

describe('parsePlan', () => {
  it('judges a text without touching the disk', () => {
    expect(parsePlan(REVIEWS, 'x.yaml', NOW).loaded?.plan.capability).toBe('reviews');
    expect(parsePlan('a: 1', 'x.yaml', NOW).findings.length).toBeGreaterThan(0);
  });
});

describe('the sandbox of a plan', () => {
  const withSandbox = (sandbox: string) =>
    minimal(
      'reviews',
      ['GET /r', 'POST /r'],
      `service: { name: reviews }\nshadow: { sandbox: ${sandbox} }\n`,
    );

  it('is read with its headers', async () => {
    const { plans, shown } = await load({
      'reviews.yaml': withSandbox(
        '{ service: { name: trial }, headers: { authorization: x, cookie: null } }',
      ),
    });
    expect(shown).toEqual([]);
    expect(plans.reviews!.shadow.sandbox).toEqual({
      service: { name: 'trial', namespace: undefined, scheme: 'http' },
      headers: { authorization: 'x', cookie: null },
    });
  });

  it('may be the live service of no plan at all', async () => {
    const { shown } = await load({
      'orders.yaml': minimal('orders', ['GET /o'], 'service: { name: orders, namespace: prod }\n'),
      'reviews.yaml': withSandbox('{ service: { name: orders, namespace: prod } }'),
    });
    expect(shown).toEqual([
      expect.stringMatching(/^reviews\.yaml:\d+:\d+ PLAN_SANDBOX the sandbox is the service of "orders": /),
    ]);
  });

  it('is warned of where only strangler.yaml tells whether it is a live one', async () => {
    const { plans, findings } = await load({
      'reviews.yaml': withSandbox('{ service: { name: reviews, namespace: trial } }'),
    });
    expect(findings).toMatchObject([{ code: 'PLAN_SANDBOX', severity: 'warning' }]);
    expect(plans.reviews).toBeDefined();
  });
});
