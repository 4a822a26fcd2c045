import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect, createServer } from 'node:net';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startCloudMapEndpoint } from '../../cli/cloud-map/server.ts';
import { sdkFor } from '../cloud-map/harness.ts';
import { type Generated, generate, launch, SHAPES, start, typeErrors } from './service-harness.ts';

describe.each(Object.entries(SHAPES))('a service of shape %s', (name, shape) => {
  let service: Generated;
  beforeAll(async () => {
    service = await generate(shape);
  });

  it('answers on its routes, the platform beside them, and finishes what is under way when it ends', async () => {
    const { url, child, ended, said } = await start(service, { DRAIN_DELAY_MS: '0' });
    expect(await (await fetch(`${url}/items/7`)).json()).toMatchObject({ id: '7' });
    const posted = await fetch(`${url}/items`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    expect([posted.status, await posted.json()]).toEqual([201, { a: 1 }]);
    expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
    expect(await (await fetch(`${url}/readyz`)).text()).toBe('ready\n');
    const head = await fetch(`${url}/healthz`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).not.toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(
      'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/items/:id",http_response_status_code="200"} 1',
    );
    expect(metrics).toMatch(/http_server_active_requests 0\n/);
    expect(metrics).toContain('process_cpu_seconds_total');
    const slow = ask(`${url}/slow`);
    await vi.waitFor(async () =>
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('active_requests 1\n'),
    );
    child.kill('SIGTERM');
    // Under way when it stops to listen.
    expect((await slow).status).toBe(200);
    expect(await ended).toEqual([0, null]);
    expect(said()).toMatch(/^items: listening on http:\/\/127\.0\.0\.1:\d+\n$/);
  });

  it.runIf(['express-cjs', 'fastify-ts'].includes(name))(
    'ends in order under load: no request fails, and who keeps a connection is sent elsewhere',
    async () => {
      const { url, child, ended } = await start(service, { DRAIN_DELAY_MS: '3000' });
      const agent = new Agent({ keepAlive: true, maxSockets: 4 });
      let served = 0;
      // As the edge does: asks on for a while after the instance took its leave, then no more.
      const customer = async () => {
        for (let farewells = 0; farewells < 4; served += 1) {
          const answer = await ask(`${url}/items/1`, agent);
          expect(answer.status).toBe(200);
          if (answer.connection === 'close') farewells += 1;
        }
      };
      const customers = Promise.all([customer(), customer(), customer(), customer()]);
      await vi.waitFor(() => expect(served).toBeGreaterThan(20), 10_000);
      child.kill('SIGTERM');
      await customers;
      expect(await ended).toEqual([0, null]);
      agent.destroy();
    },
  );

  it.runIf(shape.spec.language === 'ts')('type-checks as strictly as the monolith', () => {
    expect(typeErrors(service)).toBe('');
  });

  it('has files of its kind in service/', () => {
    const extension = shape.spec.language === 'ts' ? 'ts' : 'js';
    const own = service.files.filter((file) => file.path.startsWith('service/'));
    expect(own.every((file) => file.path.endsWith(`.${extension}`))).toBe(true);
    expect(own.some((file) => /strangler\/|edge-proxy|migration-plans/.test(file.text))).toBe(false);
  });
});

describe('the life of a service', () => {
  let service: Generated;
  beforeAll(async () => {
    service = await generate(SHAPES['fastify-esm'], {
      environment: [{ name: 'MONOLITH_URL', meaning: 'where the monolith answers', default: undefined }],
    });
  });
  const env = { MONOLITH_URL: 'http://127.0.0.1:1' };

  it('stays ready to answer, and says that it wants no more, while it takes its leave', async () => {
    const { url, child, ended } = await start(service, { ...env, DRAIN_DELAY_MS: '1500' });
    child.kill('SIGTERM');
    await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(503));
    const answer = await fetch(`${url}/items/1`);
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await ended).toEqual([0, null]);
  });

  it('ends at once at a second signal', async () => {
    const { url, child, ended } = await start(service, { ...env, DRAIN_DELAY_MS: '60000' });
    child.kill('SIGTERM');
    await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(503));
    child.kill('SIGTERM');
    expect(await ended).toEqual([1, null]);
  });

  it('ends when the supervisor that forked it is gone', async () => {
    const { child } = await start(service, { ...env, DRAIN_DELAY_MS: '60000' });
    // Not `close`: Node emits none for a child whose channel its parent has closed.
    const exited = once(child, 'exit');
    child.disconnect();
    expect(await exited).toEqual([0, null]);
  });

  it('cuts off requests that take longer than the limit', async () => {
    const { port, child, ended } = await start(service, {
      ...env,
      DRAIN_DELAY_MS: '0',
      FINISH_LIMIT_MS: '100',
    });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'POST /items HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    );
    await vi.waitFor(async () =>
      expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('active_requests 1\n'),
    );
    child.kill('SIGTERM');
    expect(await ended).toEqual([1, null]);
  });

  it('tells all mistakes in its settings at once, a line each, before the application is loaded', async () => {
    const { ended, said } = launch(service, {
      PORT: '70000',
      DRAIN_DELAY_MS: 'soon',
      CLOUD_MAP_ENDPOINT: 'here',
    });
    expect(await ended).toEqual([1, null]);
    expect(said().split('\n')).toEqual([
      'items: MONOLITH_URL is not set: where the monolith answers',
      'items: CLOUD_MAP_ENDPOINT must be a URL such as http://127.0.0.1:8001',
      'items: PORT must be a whole number from 0 to 65535, not "70000"',
      'items: DRAIN_DELAY_MS must be a whole number from 0 to 600000, not "soon"',
      '',
    ]);
  });

  it.each(['fastify-esm', 'express-cjs'] as const)(
    'says in one line that its port is taken (%s)',
    async (shape) => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as { port: number };
      const { ended, said } = launch(await generate(SHAPES[shape]), { PORT: String(port) });
      expect(await ended).toEqual([1, null]);
      expect(said()).toMatch(/^items: the port is taken: set PORT [^\n]+\n$/);
      taken.close();
    },
  );

  it('answers metrics on a port of their own when told so, and health on both', async () => {
    const admin = createServer().listen(0, '127.0.0.1');
    await once(admin, 'listening');
    const { port } = admin.address() as { port: number };
    await new Promise((resolve) => admin.close(resolve));
    const { url, child, ended } = await start(service, { ...env, ADMIN_PORT: String(port) });
    expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    // No route of the application has it.
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('is registered with its port and its health, and gone before it stops to serve', async () => {
    const cloudMap = await startCloudMapEndpoint({ operationDelayMs: 20, healthDelayMs: 0 });
    const sdk = sdkFor(cloudMap.url);
    const found = async () =>
      (await sdk.discoverInstances({ NamespaceName: 'shop', ServiceName: 'items', HealthStatus: 'HEALTHY' }))
        .Instances;
    const { url, port, child, ended } = await start(service, {
      ...env,
      CLOUD_MAP_ENDPOINT: cloudMap.url,
      CLOUD_MAP_NAMESPACE: 'shop',
      SERVICE_VERSION: '7',
      HEARTBEAT_MS: '50',
      DRAIN_DELAY_MS: '500',
    });
    const instance = await vi.waitFor(async () => {
      const list = await found();
      expect(list).toHaveLength(1);
      return list?.[0];
    }, 5000);
    expect(instance?.Attributes).toMatchObject({
      AWS_INSTANCE_IPV4: '127.0.0.1',
      AWS_INSTANCE_PORT: String(port),
      version: '7',
    });
    child.kill('SIGTERM');
    await vi.waitFor(async () => expect(await found()).toEqual([]), 5000);
    expect((await fetch(`${url}/items/1`)).status).toBe(200);
    expect(await ended).toEqual([0, null]);
    sdk.destroy();
    await cloudMap.close();
  });
});

describe('what the application does with its server', () => {
  const base = SHAPES['express-cjs'];
  const withApp = (text: string) => generate({ ...base, monolith: { ...base.monolith, 'app.js': text } });

  it('holds: WebSockets reach it, beside the platform, and end with the service', async () => {
    // As packages for WebSockets do: another server behind the application's own `listen`.
    const service = await withApp(`const http = require('node:http');
const express = require('express');
const { WebSocketServer } = require('ws');
const app = express();
const server = http.createServer(app);
new WebSocketServer({ server, path: '/live' }).on('connection', (socket) => socket.on('message', (text) => socket.send('echo ' + text)));
app.listen = (...args) => server.listen(...args);
module.exports = app;
`);
    const { url, child, ended } = await start(service);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/live`);
    await once(socket, 'open');
    socket.send('hello');
    expect(String((await once(socket, 'message'))[0])).toBe('echo hello');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const closed = once(socket, 'close');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await closed;
  });

  it('ends the process when it throws outside of a request, as it would the monolith', async () => {
    const service = await withApp(`const app = require('express')();
app.get('/break', (_req, res) => { res.end('soon'); setTimeout(() => { throw new Error('broken'); }, 10); });
module.exports = app;
`);
    const { url, ended, said } = await start(service);
    expect(await (await fetch(`${url}/break`)).text()).toBe('soon');
    expect(await ended).toEqual([1, null]);
    expect(said()).toContain('Error: broken\n    at ');
  });

  it('is told as Node tells it when it cannot be made at all', async () => {
    const { ended, said } = launch(await withApp(`throw new Error('no such file');`));
    expect(await ended).toEqual([1, null]);
    expect(said()).toContain('Error: no such file\n    at ');
  });
});

function ask(url: string, agent?: Agent): Promise<{ status: number; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection }),
      );
    }).once('error', reject);
  });
}
