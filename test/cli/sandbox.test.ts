import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startCloudMapEndpoint } from '../../cli/cloud-map/server.ts';
import { openStateFolder } from '../../cli/local-stack/folder/state-folder.ts';
import { usePostgres } from '../../cli/local-stack/postgres/embedded.ts';
import type { ReportView } from '../../cli/report/view.ts';
import { createDiscoveryClient } from '../../edge-proxy/discovery/client.ts';
import { eventually, temporaryFolder } from '../local-stack/temporary-folder.ts';
import { projectWith, startCommand, stranglerHere } from './run-command.ts';

// Processes are started: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 120_000 });

/** A shop that takes reviews and numbers them from `first`; `rating` is what it makes of the stars. */
async function shop(
  first: number,
  rating: (stars: number) => unknown,
): Promise<{ port: number; taken: string[] }> {
  const taken: string[] = [];
  let next = first;
  const server: Server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') return void response.end('{"reviews":[]}');
    taken.push(body);
    const { stars } = JSON.parse(body) as { stars: number };
    response.writeHead(201, { location: `/reviews/${next}` });
    response.end(JSON.stringify({ id: next++, rating: rating(stars), createdAt: new Date().toISOString() }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, taken };
}

it('tells from a real edge, by the real commands, that writes are answered in another form', async () => {
  const monolith = await shop(900, (stars) => stars);
  const service = await shop(1, (stars) => stars);
  const sandbox = await shop(7, (stars) => `${stars}`);
  const cloudMap = await startCloudMapEndpoint({
    dataDir: temporaryFolder(),
    port: 0,
    operationDelayMs: 0,
    healthDelayMs: 0,
  });
  onTestFinished(() => cloudMap.close());
  const client = createDiscoveryClient({ endpoint: cloudMap.url });
  await client.createHttpNamespace({ Name: 'shop' });
  const NamespaceId = (await client.listNamespaces({})).Namespaces?.[0]?.Id;
  for (const [name, { port }] of [
    ['reviews', service],
    ['reviews-trial', sandbox],
  ] as const) {
    const made = await client.createService({ Name: name, NamespaceId });
    await client.registerInstance({
      ServiceId: made.Service?.Id,
      InstanceId: name,
      Attributes: { AWS_INSTANCE_IPV4: '127.0.0.1', AWS_INSTANCE_PORT: String(port), version: '2.0.0' },
    });
  }
  client.destroy();

  const { folder, remove } = projectWith(
    {
      'strangler.yaml': `version: 1
monolith: { url: "http://127.0.0.1:${monolith.port}" }
cloudMap: { endpoint: "${cloudMap.url}", namespace: shop }
`,
      'migration-plans/reviews.yaml': `apiVersion: strangler/v1
capability: reviews
routes: [ GET /reviews, POST /reviews ]
stickyBy: [ { header: x-user } ]
shadow:
  # Writes are tried out here.
  sandbox: { service: { name: reviews-trial } }
`,
    },
    true,
  );
  onTestFinished(remove);
  // Held for the whole test, so that not every command starts it anew.
  const postgres = await usePostgres({ folder: openStateFolder(join(folder, '.strangler'), '1.0.0') });
  onTestFinished(() => postgres.release());
  const run = (...argv: string[]) => stranglerHere(argv, { cwd: folder });
  const edge = startCommand(['edge', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--json'], {
    cwd: folder,
  });
  const ended = once(edge, 'exit');
  onTestFinished(async () => {
    edge.kill('SIGTERM');
    await ended;
  });
  edge.stderr?.resume();
  let url: string | undefined;
  createInterface({ input: edge.stdout! }).on('line', (line) => {
    const event = JSON.parse(line) as { event?: string; url: string };
    if (event.event === 'ready') url = event.url;
  });
  await eventually(() => url);
  expect((await run('plan', 'show', 'reviews')).stdout).toContain('writes mirrored to reviews-trial');
  expect((await run('apply')).code).toBe(0);
  expect((await run('shadow', 'reviews', '--reason', 'try writes')).code).toBe(0);

  for (let stars = 1; stars <= 5; stars += 1) {
    const answer = await fetch(`${url}/reviews`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': 'jo' },
      body: JSON.stringify({ stars }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([201, { id: 899 + stars, rating: stars }]);
  }
  const report = async (): Promise<ReportView> => {
    const { code } = await run('report', 'reviews', '--out', 'qa');
    expect(code).toBe(0);
    return JSON.parse(readFileSync(join(folder, 'qa/reviews.json'), 'utf8')) as ReportView;
  };
  const view = await eventually(async () => {
    const made = await report();
    return made.writes?.rows[0]?.compared === 5 && made;
  });
  expect(sandbox.taken).toEqual(monolith.taken);
  expect(service.taken).toEqual([]);
  expect(view.verdict).toMatchObject({ value: 'no-go', rule: 'shadow.sandboxWrites' });
  expect(view.clusters).toMatchObject([
    { lane: 'write', kind: 'type', path: '$.rating', seen: 5, state: 'difference' },
  ]);
  const page = readFileSync(join(folder, 'qa/reviews.html'), 'utf8');
  expect(page).toContain('Writes in the sandbox');
  expect(page).toContain('A write: it is not offered to be sent again.');

  // A write is never sent again by replaying it, and what is accepted by a rule is hidden from then on.
  const { id } = view.clusters[0]!;
  const replayed = await run('report', 'reviews', 'replay', '--json');
  expect(replayed.stdout).not.toContain('"fixed":1');
  expect(monolith.taken).toHaveLength(5);
  const accepted = await run('report', 'reviews', 'accept', id, '--reason', 'the app reads both');
  expect(accepted.code).toBe(0);
  const plan = readFileSync(join(folder, 'migration-plans/reviews.yaml'), 'utf8');
  expect(plan).toContain('# Writes are tried out here.');
  expect(plan).toContain('the app reads both');
});
