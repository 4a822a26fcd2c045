import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { wantedAddresses } from '../../cli/local-stack/dev/asked-ports.ts';
import { assignAddresses } from '../../cli/local-stack/dev/ports.ts';
import { choosePort } from '../../cli/local-stack/process/ports.ts';
import { parseProject } from '../../migration-plans/project/load.ts';

const HOST = '127.0.0.1';
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function takenPort(): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, HOST, done));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

it('refuses a taken port that was asked for, and names the setting', async () => {
  const port = await takenPort();
  await expect(choosePort({ host: HOST, asked: { port, setting: '--listen' } })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining(String(port)),
    remedy: expect.stringContaining('--listen'),
  });
});

it('takes another port when none was asked for, and says so', async () => {
  const preferred = await takenPort();
  const chosen = await choosePort({ host: HOST, preferred });
  expect(chosen.moved).toBe(true);
  expect(chosen.port).not.toBe(preferred);
});

it('never gives one port to two parts', async () => {
  const { port } = await choosePort({ host: HOST });
  const other = await choosePort({ host: HOST, preferred: port, given: new Set([port]) });
  expect(other.port).not.toBe(port);
});

const project = (yaml: string) => parseProject(yaml, '/project/strangler.yaml', {});

it('takes a default of ours for a wish and a written port for a demand', () => {
  const loaded = project('version: 1\nmonolith:\n  url: http://127.0.0.1:0\n');
  const flags = { listen: undefined, admin: undefined };
  const silent = wantedAddresses(loaded, flags, () => false);
  expect(silent.edge.setting).toBeUndefined();
  expect(silent.monolith.setting).toBeUndefined();
  const written = wantedAddresses(loaded, flags, (path) => path.join('.') === 'edge.admin');
  expect(written.admin.setting).toContain('edge.admin');
  expect(written.edge.setting).toBeUndefined();
  const flagged = wantedAddresses(loaded, { listen: '[::1]:81', admin: undefined }, () => true);
  expect(flagged.edge).toEqual({ host: '::1', port: 81, setting: '--listen' });
});

it('keeps the ports of the last time, and reports those that were taken meanwhile', async () => {
  const taken = await takenPort();
  const { port: free } = await choosePort({ host: HOST });
  const loaded = project(
    'version: 1\nmonolith:\n  url: http://127.0.0.1:0\nedge:\n  listen: 127.0.0.1:0\n  admin: 127.0.0.1:0\ndev:\n  processes:\n    monolith: { command: [a] }\n    reviews: { command: [b] }\n',
  );
  const notices: string[] = [];
  const addresses = await assignAddresses(
    loaded,
    wantedAddresses(loaded, { listen: undefined, admin: undefined }, () => true),
    { reviews: taken, monolith: free, 'cloud-map': (await choosePort({ host: HOST })).port },
    (event) => event.event === 'notice' && notices.push(event.message),
  );
  expect(addresses.processes.monolith?.port).toBe(free);
  expect(addresses.processes.reviews?.port).not.toBe(taken);
  expect(notices).toEqual([expect.stringContaining(`port ${taken} is taken`)]);
  const all = [addresses.edge, addresses.admin, addresses.cloudMap, ...Object.values(addresses.processes)];
  expect(new Set(all.map(({ port }) => port)).size).toBe(all.length);
});
