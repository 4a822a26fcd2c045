import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MirrorThread } from '../../edge-proxy/shadow/mirror-thread.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function thread(): MirrorThread {
  const mirror = new MirrorThread(4, 10_000_000);
  closing.push(() => mirror.close());
  return mirror;
}

const call = (origin: string, url = '/items/1') => ({
  origin,
  method: 'GET',
  url,
  headers: ['Host', 'shop.example', 'Accept', '*/*'],
  maxBodyBytes: 1_000_000,
  timeoutMs: 20_000,
});

describe('the thread that sends copies', () => {
  it('tells the answer as it came, small bodies and large ones', async () => {
    const origin = await serve((request, response) => {
      response.writeHead(200, [
        'X-Host',
        request.headers.host ?? '',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
      ]);
      response.end('x'.repeat(Number(request.url?.slice(1))));
    });
    const mirror = thread();
    for (const bytes of [11, 200_000]) {
      const answer = await mirror.send(call(origin, `/${bytes}`));
      expect(answer).toMatchObject({ status: 200, bodyBytes: bytes });
      if (answer === undefined || 'failure' in answer) throw new Error('no answer');
      expect(Buffer.from(answer.body ?? []).toString()).toBe('x'.repeat(bytes));
      expect(answer.rawHeaders.slice(0, 6)).toEqual([
        'X-Host',
        'shop.example',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
      ]);
    }
  });

  it('tells what failed as an answer too', async () => {
    expect(await thread().send(call('http://127.0.0.1:1'))).toMatchObject({ failure: 'connect' });
  });

  it('ends what is on its way when told to stop', async () => {
    const mirror = thread();
    const asked = Promise.withResolvers<void>();
    const origin = await serve(() => asked.resolve());
    const sent = mirror.send(call(origin));
    await asked.promise;
    mirror.stop();
    expect(await sent).toHaveProperty('failure');
  });

  it('says of what it loses by being closed that nothing is known', async () => {
    const mirror = thread();
    const asked = Promise.withResolvers<void>();
    const origin = await serve(() => asked.resolve());
    const sent = mirror.send(call(origin));
    await asked.promise;
    await mirror.close();
    expect(await sent).toBeUndefined();
  });
});
