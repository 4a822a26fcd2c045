import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';
import { expect, it, onTestFinished } from 'vitest';
import { contractCases, contractTestFile } from '../../cli/report/export/contract-tests.ts';
import { clusterOf } from './clusters.ts';

const ROUTE = 'GET /things/:id';
const compared = () => 100;

const CLUSTERS = [
  clusterOf(ROUTE, { kind: 'type', path: '$.items[*].a', shape: 'number→string' }),
  clusterOf(ROUTE, { kind: 'missing', path: "$['odd name']", shape: 'number→absent' }),
  clusterOf(ROUTE, { kind: 'length', path: '$.items', shape: 'shorter' }),
  clusterOf(ROUTE, { kind: 'order', path: '$.tags', shape: 'list' }),
  clusterOf(ROUTE, { kind: 'format', path: '$.at', shape: 'time→text' }),
  clusterOf(ROUTE, { kind: 'header-extra', path: 'header:x-debug', shape: 'absent→present' }),
  clusterOf(ROUTE, { kind: 'status', path: 'status', shape: '404→500' }, { url: '/none' }),
  clusterOf(
    ROUTE,
    { kind: 'value', path: 'html:main > h1', shape: 'text→text', left: 'Tea & cake' },
    { url: '/page' },
  ),
  clusterOf(ROUTE, { kind: 'value', path: '$.email', shape: 'text→text' }, { url: '/things/«email»' }),
  clusterOf(ROUTE, { kind: 'value', path: '$.a', shape: 'text→text' }, { method: 'DELETE' }),
  clusterOf(ROUTE, { kind: 'relation', path: '$.a', shape: 'again after 1 h' }),
];

it('skips what cannot be sent or checked, and says why', () => {
  const skipped = contractCases(CLUSTERS, compared).map(({ skip }) => skip);
  expect(skipped).toEqual([
    ...Array.from({ length: 8 }, () => null),
    'a part of its address was redacted',
    'DELETE may change data, so it is not sent again',
    'relation is not checked by one request',
  ]);
});

it('lets nothing that came from an answer become code', () => {
  const hostile = '*/ `$' + '{process.exit(9)}` \' " \u2028 </script> CASES $& $1';
  const cluster = clusterOf(hostile, { kind: 'value', path: 'html:h1', shape: 'x', left: hostile });
  const file = contractTestFile('things', contractCases([cluster], compared));
  const parsed = parseSync('things.contract.test.ts', file);
  expect(parsed.errors).toEqual([]);
  const cases = /const cases: Case\[\] = (\[[\s\S]*?\n\]);/.exec(file)![1]!;
  expect((JSON.parse(cases) as { check: unknown }[])[0]!.check).toEqual({ on: 'text', wanted: hostile });
  expect(parsed.module.staticImports.map(({ moduleRequest }) => moduleRequest.value)).toEqual(['vitest']);
});

const SOUND = { items: [{ a: 1 }, { a: 2 }], 'odd name': 1, tags: ['x', 'y'], at: '2026-01-01T00:00:00Z' };
const BROKEN = { items: [{ a: '1' }], tags: ['y', 'x'], at: 'yesterday' };

async function serve(broken: boolean): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/none') response.statusCode = broken ? 500 : 404;
    if (broken) response.setHeader('x-debug', '1');
    if (request.url === '/page') response.end(broken ? 'Tea &amp; cake' : '<h1>Tea & cake</h1>');
    else response.end(JSON.stringify(broken ? BROKEN : SOUND));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('makes tests that a sound service passes, and that fail for each difference of a broken one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'contract-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const root = resolve(import.meta.dirname, '../..');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(folder, 'things.contract.test.ts'),
    contractTestFile('things', contractCases(CLUSTERS, compared)),
  );
  const monolith = await serve(false);
  const run = async (service: string) => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const { NODE_OPTIONS: _, VITEST: _v, ...env } = process.env;
    await new Promise<void>((done) => {
      execFile(
        process.execPath,
        [vitest, 'run', '--reporter=json', `--outputFile=${folder}/out.json`, '--root', folder],
        { cwd: folder, env: { ...env, MONOLITH_URL: monolith, SERVICE_URL: service } },
        () => done(),
      );
    });
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(
      readFileSync(join(folder, 'out.json'), 'utf8'),
    ) as Record<string, number>;
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
  };
  expect(await run(await serve(false))).toEqual({ passed: 8, failed: 0, skipped: 3 });
  expect(await run(await serve(true))).toEqual({ passed: 0, failed: 8, skipped: 3 });
}, 60_000);
