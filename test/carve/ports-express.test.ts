import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { monolithPatch } from '../../cli/carve/ports/monolith/patch.ts';
import { portFiles } from '../../cli/carve/ports/service-files.ts';
import { type Stub, stubOf } from '../../cli/carve/ports/stub.ts';
import {
  type Folder,
  folderOf,
  portOf,
  type Running,
  specOf,
  start,
  withoutPatch,
  write,
} from './ports-support.ts';

const monolithFiles = {
  'app.js': `const express = require('express');
const app = express();

app.set('strict routing', true);
app.set('query parser', (text) => ({ text }));
app.use(express.json({ limit: 100 }));
app.use((req, res, next) => {
  if (req.get('x-user') === undefined) return res.status(401).json({ error: 'who are you?' });
  next();
});
app.get('/books', (req, res) => res.json({ query: req.query }));
app.use((err, req, res, next) => res.status(500).json({ error: err.message }));

module.exports = app;
`,
  'server.js': `const app = require('./app');
let sockets = 0;
const server = app.listen(Number(process.env.PORT || 0), '127.0.0.1', () => console.log('listening ' + server.address().port));
server.on('connection', () => { sockets += 1; console.log('connections ' + sockets); });
`,
  'services/books.js': `class CheckoutError extends Error {
  constructor(message, code) { super(message); this.name = 'CheckoutError'; this.code = code; this.statusCode = 409; }
}
let counted = 0;
exports.CheckoutError = CheckoutError;
exports.exists = async (id) => id > 3;
exports.find = (filter, take = 3) => ({ filter, take, at: new Date(0), big: 2n ** 70n, none: undefined });
exports.buy = async () => { throw new CheckoutError('sold out', 'SOLD_OUT'); };
exports.count = async () => { counted += 1; return counted; };
exports.slow = (ms) => new Promise((resolve) => setTimeout(resolve, ms, 'late'));
exports.fat = async (size) => 'x'.repeat(size);
exports.odd = async () => ({ list: [{ save() {} }] });
exports.crash = async () => { setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20); await new Promise(() => {}); };
async function hidden(...words) { return words.join(' '); }
`,
};

const names = ['exists', 'find', 'buy', 'count', 'slow', 'fat', 'odd', 'crash', 'hidden'];
const writes = ['buy', 'count', 'crash'];
const spec = specOf({
  ports: names.map((name) =>
    portOf({
      file: 'services/books.js',
      name,
      exported: name === 'hidden' ? 'hidden' : `module.exports.${name}`,
      form: name === 'hidden' ? 'function' : 'arrow',
      parameterText:
        { exists: 'id', find: 'filter, take = 3', slow: 'ms', fat: 'size', hidden: '...words' }[name] ?? '',
      batch: name === 'exists',
      models: [{ name: 'Book', access: writes.includes(name) ? 'write' : 'read' }],
    }),
  ),
  errorClasses: [{ name: 'CheckoutError', file: 'errors.js', exported: 'CheckoutError' }],
});

/** The service: stubs where the functions were, the client, and a module that hands them out. */
function serviceFiles(): Record<string, string> {
  const stubs = spec.ports.map((port): [string, Stub] => [port.name, stubOf(port, spec)]);
  const files: Record<string, string> = {
    'package.json': '{}',
    'errors.js':
      "exports.CheckoutError = class CheckoutError extends Error { get kind() { return 'checkout'; } };\n",
    'services/books.js': `const { callPort } = require('${stubs[0]![1].imports[0]!.request}');\n${stubs
      .map(([name, stub]) => `exports.${name} = ${stub.text};`)
      .join('\n')}\n`,
  };
  for (const { path, text } of portFiles(spec)) files[path] = text;
  return files;
}

const token = 'a long random token';
let monolith: Folder;
let service: Folder;
let running: Running;
// biome-ignore lint/suspicious/noExplicitAny: the functions of the service, whatever they return
let books: Record<string, (...args: unknown[]) => Promise<any>>;
// biome-ignore lint/suspicious/noExplicitAny: as above
let generated: (name: string) => any;

beforeAll(async () => {
  monolith = folderOf({ 'package.json': '{}', ...monolithFiles });
  const made = monolithPatch(spec, monolith.read)!;
  writeFileSync(join(monolith.path, 'monolith.patch'), made.patch);
  execFileSync('git', ['apply', 'monolith.patch'], { cwd: monolith.path });
  running = await start(monolith.path, 'server.js', { MONOLITH_PORTS_TOKEN: token });
  service = folderOf(serviceFiles());
  const { createRequire } = await import('node:module');
  generated = createRequire(join(service.path, 'package.json'));
  books = generated('./services/books.js');
});

afterAll(async () => {
  await running?.kill();
  monolith?.remove();
  service?.remove();
});

function point(url = running.url, settings: Record<string, string> = {}): void {
  for (const name of Object.keys(process.env)) if (/^PORT_TIMEOUT/.test(name)) delete process.env[name];
  Object.assign(process.env, { MONOLITH_URL: url, MONOLITH_PORTS_TOKEN: token, ...settings });
}

describe('a service that calls functions of an Express monolith', () => {
  it('gets what they return, with what JSON has no form for', async () => {
    point();
    expect(await books.exists!(4)).toBe(true);
    expect(await books.find!({ tags: new Set(['a']) })).toEqual({
      filter: { tags: new Set(['a']) },
      take: 3,
      at: new Date(0),
      big: 2n ** 70n,
      none: undefined,
    });
    expect(await books.hidden!('not', 'exported', 'before')).toBe('not exported before');
  });

  it('catches what they throw, of its own class of that name', async () => {
    point();
    const error = await books.buy!().catch((thrown: unknown) => thrown);
    const { CheckoutError } = generated('./errors.js');
    expect(error).toBeInstanceOf(CheckoutError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ message: 'sold out', code: 'SOLD_OUT', statusCode: 409, kind: 'checkout' });
    expect(error.stack).not.toContain('monolith');
    expect(error.stack).not.toContain(monolith.path);
  });

  it('asks for many rows in one call', async () => {
    point();
    const { existsMany } = generated('./service/ports/many.js');
    expect(await existsMany(Array.from({ length: 1200 }, (_, at) => [at]))).toEqual(
      Array.from({ length: 1200 }, (_, at) => at > 3),
    );
  });

  it('tells where in an argument or a result is what cannot be carried', async () => {
    point();
    await expect(books.find!({ done: () => 1 })).rejects.toMatchObject({
      code: 'PORT_VALUE',
      path: 'arguments[0].done',
    });
    await expect(books.odd!()).rejects.toMatchObject({ code: 'PORT_VALUE', path: 'result.list[0].save' });
  });

  it('refuses larger arguments and results than agreed', async () => {
    point();
    await expect(books.exists!('x'.repeat(1024 * 1024))).rejects.toMatchObject({
      code: 'PORT_TOO_LARGE',
      ran: 'no',
    });
    await expect(books.fat!(17 * 1024 * 1024)).rejects.toMatchObject({ code: 'PORT_TOO_LARGE', status: 503 });
    expect((await books.fat!(1024 * 1024)).length).toBe(1024 * 1024);
  });

  it('gives up after the time that is set in general or for one port', async () => {
    point(running.url, { PORT_TIMEOUT_MS: '200' });
    await expect(books.slow!(5000)).rejects.toMatchObject({
      code: 'PORT_TIMEOUT',
      statusCode: 503,
      ran: 'unknown',
    });
    point(running.url, { PORT_TIMEOUT_MS: '50', PORT_TIMEOUTS_MS: 'services/books.slow=5000' });
    expect(await books.slow!(200)).toBe('late');
  });

  it('keeps a few connections under load and leaves none behind', async () => {
    point();
    const calls = Array.from({ length: 400 }, (_, at) => books.exists!(at));
    expect((await Promise.all(calls)).filter(Boolean)).toHaveLength(396);
    const opened = Math.max(
      ...[...running.output().matchAll(/connections (\d+)/g)].map((found) => Number(found[1])),
    );
    expect(opened).toBeLessThanOrEqual(64);
    await expect
      .poll(() => openSockets(Number(new URL(running.url).port)), { timeout: 5000, interval: 100 })
      .toBe(0);
  });

  it('says what to do about a wrong token, another version and a monolith without ports', async () => {
    point(running.url, { MONOLITH_PORTS_TOKEN: 'wrong' });
    await expect(books.exists!(1)).rejects.toMatchObject({ code: 'PORT_TOKEN', status: 503 });
    point(running.url, { MONOLITH_PORTS_PATH: '/elsewhere' });
    await expect(books.exists!(1)).rejects.toMatchObject({ code: 'PORT_ANSWER' });
    delete process.env.MONOLITH_PORTS_PATH;
    point();
    const { send } = generated('./service/ports/transport.js');
    const old = {
      address: 'services/books.exists',
      digest: 'old',
      body: '{}',
      timeout: 1000,
      repeatable: false,
    };
    expect(await send(old)).toMatchObject({ status: 409 });
    delete process.env.MONOLITH_URL;
    await expect(books.exists!(1)).rejects.toThrow('set MONOLITH_URL');
  });

  it('answers 503 where the monolith is away, and says that nothing was done', async () => {
    const gone = await listener(() => {});
    point(gone.url);
    await gone.close();
    await expect(books.count!()).rejects.toMatchObject({ code: 'PORT_REFUSED', status: 503, ran: 'no' });
  });

  it('tries once more where it was refused, and finds the monolith again once it is back', async () => {
    const gone = await listener(() => {});
    await gone.close();
    point(gone.url);
    let attempts = 0;
    const count = () => {
      attempts += 1;
    };
    subscribe('http.client.request.start', count);
    await expect(books.count!()).rejects.toMatchObject({ code: 'PORT_REFUSED' });
    unsubscribe('http.client.request.start', count);
    expect(attempts).toBe(2);
    const back = await start(monolith.path, 'server.js', {
      MONOLITH_PORTS_TOKEN: token,
      PORT: String(gone.port),
    });
    expect(await books.exists!(9)).toBe(true);
    await back.kill();
  });

  it('does not hide that a write was lost when the monolith is killed in the middle of it', async () => {
    const doomed = await start(monolith.path, 'server.js', { MONOLITH_PORTS_TOKEN: token });
    point(doomed.url);
    await expect(books.crash!()).rejects.toMatchObject({ code: 'PORT_LOST', status: 503, ran: 'unknown' });
    await doomed.kill();
  });
});

describe('a monolith that answers badly', () => {
  let bad: Awaited<ReturnType<typeof listener>> | undefined;
  afterEach(() => bad?.close());

  it('makes a read once more after half an answer, but never a write', async () => {
    let requests = 0;
    bad = await listener((socket) => {
      requests += 1;
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"val');
    });
    point(bad.url);
    await expect(books.exists!(1)).rejects.toMatchObject({ code: 'PORT_LOST' });
    expect(requests).toBe(2);
    await expect(books.count!()).rejects.toMatchObject({ code: 'PORT_LOST', ran: 'unknown' });
    expect(requests).toBe(3);
  });

  it('is not believed when it is something else, or sends without end', async () => {
    bad = await listener((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'));
    point(bad.url);
    await expect(books.exists!(1)).rejects.toMatchObject({ code: 'PORT_ANSWER' });
    await bad.close();
    bad = await listener((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      const more = () => socket.write(chunk, (error) => error || more());
      more();
    });
    point(bad.url);
    await expect(books.exists!(1)).rejects.toMatchObject({ code: 'PORT_TOO_LARGE' });
  });
});

describe('the monolith with the patch', () => {
  const ask = async (
    headers: Record<string, string>,
    body = '{"args":[4]}',
    path = 'services/books.exists',
  ) => {
    const response = await fetch(`${running.url}/__ports/reviews/${path}`, { method: 'POST', headers, body });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const digest = () => generated('./service/ports/ports.js').portsDigest as string;

  it('calls nothing that is not in its list', async () => {
    const headers = { authorization: `Bearer ${token}`, 'x-ports-digest': digest() };
    expect((await ask(headers)).text).toBe('{"value":true}');
    for (const path of [
      'constructor',
      '__proto__',
      'toString',
      'services/books.CheckoutError',
      '..%2f..',
      '%',
    ])
      expect(await ask(headers, '{"args":[]}', path)).toMatchObject({ status: 404 });
  });

  it('refuses what is no call, and tells nothing of its inside', async () => {
    const headers = { authorization: `Bearer ${token}`, 'x-ports-digest': digest() };
    for (const body of ['', '{', '1', 'null', '{"args":4}', '{"args":[{"$":"nonsense"}]}']) {
      const answer = await ask(headers, body);
      expect(answer.status).toBe(400);
      expect(answer.text).not.toMatch(/at |node_modules|\.js:/);
    }
    expect(
      await ask(headers, `{"args":["${'x'.repeat(2_000_000)}"]}`).catch(() => ({ status: 413 })),
    ).toMatchObject({
      status: 413,
    });
    expect(await ask({ 'x-ports-digest': digest() })).toMatchObject({ status: 401 });
  });

  it('is as it was before without a token, and beside the ports', async () => {
    const plain = folderOf({ 'package.json': '{}', ...monolithFiles });
    const closed = await start(monolith.path, 'server.js');
    const original = await start(plain.path, 'server.js');
    const see = async (url: string, path: string, init: RequestInit) => {
      const response = await fetch(url + path, init);
      const headers = [...response.headers].filter(([name]) => name !== 'date');
      return { status: response.status, headers, text: await response.text() };
    };
    const user = { 'x-user': 'ann' };
    const requests: [string, RequestInit][] = [
      ['/__ports/reviews/services/books.exists', { method: 'POST', body: '{}', headers: user }],
      ['/__ports/reviews/services/books.exists', { method: 'POST', body: '{}' }],
      ['/books?a[b]=1', { headers: user }],
      ['/books/', { headers: user }],
      ['/', {}],
      ['/books', { method: 'POST', body: '{', headers: { ...user, 'content-type': 'application/json' } }],
    ];
    for (const [path, init] of requests)
      expect(await see(closed.url, path, init)).toEqual(await see(original.url, path, init));
    for (const [path, init] of requests.slice(2))
      expect(await see(running.url, path, init)).toEqual(await see(original.url, path, init));
    await closed.kill();
    await original.kill();
    plain.remove();
  });

  it('is the old text again when the patch is reversed, and refuses a text that changed', () => {
    const copy = folderOf({ ...monolithFiles });
    const { patch } = monolithPatch(spec, copy.read)!;
    writeFileSync(join(copy.path, 'monolith.patch'), patch);
    execFileSync('git', ['apply', 'monolith.patch'], { cwd: copy.path });
    expect(copy.read('app.js')).toContain('mountReviewsPorts(app);');
    // A carve afterwards makes the same patch.
    expect(monolithPatch(spec, withoutPatch(copy, 'strangler-ports-reviews.js'))!.patch).toBe(patch);
    execFileSync('patch', ['-s', '-R', '-p1', '-i', 'monolith.patch'], { cwd: copy.path });
    for (const [name, text] of Object.entries(monolithFiles)) expect(copy.read(name)).toBe(text);
    expect(copy.read('strangler-ports-reviews.js')).toBeUndefined();
    write(copy.path, { 'app.js': monolithFiles['app.js'].replace('const app', 'const application') });
    expect(() =>
      execFileSync('git', ['apply', 'monolith.patch'], { cwd: copy.path, stdio: 'pipe' }),
    ).toThrow();
    copy.remove();
  });
});

async function listener(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Connections of this process to the port that are still open. */
function openSockets(port: number): number {
  const handles = (process as unknown as { _getActiveHandles(): Partial<Socket>[] })._getActiveHandles();
  return handles.filter((handle) => handle.remotePort === port).length;
}
