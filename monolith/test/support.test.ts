import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { openShop, type TestShop, tokenOf } from './shop.ts';

let shop: TestShop;

beforeAll(async () => {
  shop = await openShop();
});

afterAll(() => shop?.stop());

/** Opens the chat and returns a function that waits for the next message. */
async function chat(cookie = '') {
  const socket = new WebSocket(`${shop.url.replace('http', 'ws')}/support/ws`, { headers: { cookie } });
  const waiting: ((text: string) => void)[] = [];
  const arrived: string[] = [];
  socket.on('message', (data) => {
    const { from, text } = JSON.parse(data.toString()) as { from: string; text: string };
    const line = `${from}: ${text}`;
    const next = waiting.shift();
    if (next) next(line);
    else arrived.push(line);
  });
  const next = () => {
    const line = arrived.shift();
    return line === undefined
      ? new Promise<string>((resolve) => waiting.push(resolve))
      : Promise.resolve(line);
  };
  return { socket, next };
}

it('the chat greets, echoes and answers', async () => {
  const login = await shop
    .browser()
    .post('/api/login')
    .send({ email: 'customer1@example.com', password: 'letmein' });
  const cookie = (login.headers['set-cookie'] as unknown as string[])[0]?.split(';')[0];
  const { socket, next } = await chat(cookie);
  expect(await next()).toContain(`Hello, ${login.body.customer.firstName}`);
  socket.send('How do I return this?');
  expect(await next()).toBe('you: How do I return this?');
  expect(await next()).toBe('support: You can return everything within 30 days.');
  socket.close();
});

it('the chat hangs up on who floods it', async () => {
  const { socket, next } = await chat();
  await next();
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  for (let number = 0; number < 60; number++) socket.send(`message ${number}`);
  expect(await closed).toBe(1008);
});

it('tickets are between their author and the staff', async () => {
  const browser = await shop.login('customer2@example.com');
  const _csrf = tokenOf((await browser.get('/support')).text);
  const form = { _csrf, subject: 'Where is it?', text: '<b>Hello</b>' };
  const answer = await browser.post('/support/tickets').type('form').send(form).expect(302);
  const path = new URL(answer.headers.location ?? '').pathname;
  expect((await browser.get(path).expect(200)).text).toContain('&lt;b&gt;Hello');
  await (await shop.login('customer3@example.com')).get(path).expect(404);
  const id = path.split('/').pop();
  const staff = await shop.login('moderator@example.com');
  await staff.post(`/api/support/tickets/${id}/messages`).send({ text: 'On its way' }).expect(201);
  expect((await browser.get(path)).text).toContain('answered');
});
