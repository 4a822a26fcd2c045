import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CopySender } from '../../edge-proxy/shadow/copy-sender.ts';
import { ByteBudget } from '../../edge-proxy/shadow/queue.ts';

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

function sender(): CopySender {
  const options = { connectionsPerOrigin: 4, budget: new ByteBudget(10_000_000) };
  const copies = new CopySender(options, () => performance.now());
  closing.push(() => copies.close());
  return copies;
}

const call = (origin: string, url = '/items/1') => ({
  origin,
  method: 'GET',
  url,
  headers: ['Host', 'shop.example', 'Accept', '*/*'],
  maxBodyBytes: 1_000_000,
  timeoutMs: 20_000,
});

describe('the sender of copies', () => {
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
    const copies = sender();
    for (const bytes of [11, 200_000]) {
      const answer = await copies.send(call(origin, `/${bytes}`), 20_000);
      expect(answer).toMatchObject({ status: 200, bodyBytes: bytes });
      if (typeof answer === 'string' || 'failure' in answer) throw new Error('no answer');
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
    expect(await sender().send(call('http://127.0.0.1:1'), 20_000)).toMatchObject({ failure: 'connect' });
  });

  it('ends what is on its way when told to stop', async () => {
    const copies = sender();
    const asked = Promise.withResolvers<void>();
    const origin = await serve(() => asked.resolve());
    const sent = copies.send(call(origin), 20_000);
    await asked.promise;
    copies.stop();
    expect(await sent).toHaveProperty('failure');
  });

  it('sends nothing that waited for a connection when told to stop', async () => {
    const copies = sender();
    const full = Promise.withResolvers<void>();
    let asked = 0;
    const origin = await serve(() => {
      asked += 1;
      if (asked === 4) full.resolve();
    });
    const sent = Array.from({ length: 8 }, () => copies.send(call(origin), 20_000));
    await full.promise;
    copies.stop();
    for (const answer of await Promise.all(sent)) expect(answer).toHaveProperty('failure', 'other');
    expect(asked).toBe(4);
  });

  it('takes no answer for one that only says that it will come', async () => {
    const origin = await serve((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.writeHead(203, ['X-Real', 'yes']);
      response.end('body');
    });
    expect(await sender().send(call(origin), 20_000)).toMatchObject({
      status: 203,
      rawHeaders: expect.arrayContaining(['X-Real', 'yes']),
      bodyBytes: 4,
    });
  });

  it('ends what takes longer than its time limit, wherever it is stuck, and tells it as such', async () => {
    const stuck = await serve((_request, response) => {
      response.writeHead(200);
      response.write('half');
    });
    const silent = await serve(() => undefined);
    const copies = sender();
    for (const origin of [stuck, silent])
      expect(await copies.send({ ...call(origin), timeoutMs: 50 }, 20_000)).toMatchObject({
        failure: 'timeout',
      });
  });

  it('tells an answer that was cut, and one that is no HTTP', async () => {
    const cut = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => request.socket.destroy());
    });
    const other = await serve((request) => request.socket.end('no http at all\r\n\r\n'));
    const copies = sender();
    expect(await copies.send(call(cut), 20_000)).toMatchObject({ failure: 'cut' });
    expect(await copies.send(call(other), 20_000)).toMatchObject({ failure: 'malformed' });
  });

  it('keeps connections to a bound, and gives up copies for which none comes free in time', async () => {
    let open = 0;
    let most = 0;
    const answers: (() => void)[] = [];
    const full = Promise.withResolvers<void>();
    const origin = await serve((_request, response) => {
      open += 1;
      most = Math.max(most, open);
      answers.push(() => {
        open -= 1;
        response.end('ok');
      });
      if (answers.length === 4) full.resolve();
    });
    const copies = sender();
    const first = Array.from({ length: 4 }, () => copies.send(call(origin), 20_000));
    await full.promise;
    const late = copies.send(call(origin), -1);
    const waiting = copies.send(call(origin), 20_000);
    await copies.send(call('http://127.0.0.1:1'), 20_000);
    for (const answer of answers.splice(0)) answer();
    expect(await late).toBe('expired');
    for (const answer of await Promise.all(first))
      expect(answer).toMatchObject({ status: 200, bodyBytes: 2 });
    await expect.poll(() => answers.length).toBe(1);
    answers[0]?.();
    expect(await waiting).toMatchObject({ status: 200 });
    expect(most).toBe(4);
  });
});
