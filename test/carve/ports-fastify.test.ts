import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monolithPatch } from '../../cli/carve/ports/monolith/patch.ts';
import { portFiles } from '../../cli/carve/ports/service-files.ts';
import { identityStubOf, stubOf } from '../../cli/carve/ports/stub.ts';
import { type Folder, folderOf, portOf, type Running, specOf, start, withoutPatch } from './ports-support.ts';

const monolithFiles = {
  'package.json': '{ "type": "module" }',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      noUncheckedIndexedAccess: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      noImplicitReturns: true,
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      types: ['node'],
      skipLibCheck: true,
    },
    include: ['src'],
  }),
  'src/app.ts': `import cookie from '@fastify/cookie';
import Fastify, { type FastifyInstance } from 'fastify';
import { requireUser } from './auth.ts';
import session from './session.ts';

export async function buildApp(): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-hooks', 'seen');
    if (request.url.startsWith('/__ports')) return reply.code(418).send('the hooks of the application');
  });
  await app.register(cookie);
  await app.register(session);
  app.get('/me', async (request) => ({ customer: request.customer }));
  app.get('/mine', { preHandler: requireUser }, async (request) => ({ user: request.user }));
  return app;
}
`,
  'src/main.ts': `import { buildApp } from './app.ts';

const app = await buildApp();
await app.listen({ port: Number(process.env['PORT'] ?? 0), host: '127.0.0.1' });
const address = app.server.address();
console.log('listening ' + (typeof address === 'object' && address ? address.port : 0));
`,
  'src/session.ts': `import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyRequest {
    customer: { id: number; since: Date } | null;
  }
}

export default fp(async function session(app: FastifyInstance) {
  app.decorateRequest('customer', null);
  app.addHook('preHandler', async (request, reply) => {
    if (request.cookies['sid'] === 'banned') return reply.code(403).type('text/plain').send('go away');
    if (request.cookies['sid'] === '7') request.customer = { id: 7, since: new Date(1000) };
    if (request.cookies['sid'] === 'rolling') reply.setCookie('sid', '7', { path: '/' });
  });
});
`,
  'src/auth.ts': `import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    user?: { name: string };
  }
}

/** Old style, with a callback. */
export function requireUser(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
  const name = request.headers.authorization;
  if (name === undefined) {
    reply.code(302).header('location', '/login?next=' + encodeURIComponent(request.url)).send();
    return;
  }
  if (name === 'broken') return done(new Error('the directory is away'));
  request.user = { name };
  done();
}
`,
  'src/catalog/service.ts': `export interface Product { id: number; price: number }
export class CatalogError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.name = 'CatalogError';
    this.code = code;
  }
}
const stock = new Map<number, Product>([[1, { id: 1, price: 9.5 }]]);
class Catalog {
  private readonly stock: Map<number, Product>;
  constructor(given: Map<number, Product>) { this.stock = given; }
  async find(id: number): Promise<Product | undefined> { return this.stock.get(id); }
}
export const catalog = new Catalog(stock);
export const prices = { async total(ids: number[], factor = 1): Promise<number> {
  return ids.reduce((sum, id) => sum + (stock.get(id)?.price ?? 0), 0) * factor;
} };
export default async function reserve(id: number): Promise<void> {
  throw new CatalogError('none left of ' + id, 'EMPTY');
}
async function inStock<T extends number>(id: T): Promise<boolean> { return stock.has(id); }
`,
};

const file = 'src/catalog/service.ts';
const spec = specOf({
  framework: 'fastify',
  language: 'ts',
  modules: 'esm',
  layout: { base: '/monolith', packageDir: '', otherPackages: [], importExtension: '.ts' },
  app: {
    file: 'src/app.ts',
    exported: 'buildApp',
    kind: 'factory',
    args: '',
    created: { file: 'src/app.ts', line: 7 },
  },
  ports: [
    portOf({
      file,
      name: 'catalog.find',
      form: 'method',
      parameterText: 'id: number',
      returnType: 'Promise<Product | undefined>',
    }),
    portOf({
      file,
      name: 'prices.total',
      form: 'method',
      parameterText: 'ids: number[], factor = 1',
      returnType: 'Promise<number>',
    }),
    portOf({
      file,
      name: 'reserve',
      exported: 'default',
      parameterText: 'id: number',
      returnType: 'Promise<void>',
    }),
    portOf({
      file,
      name: 'inStock',
      typeParameterText: '<T extends number>',
      parameterText: 'id: T',
      returnType: 'Promise<boolean>',
      batch: true,
    }),
  ],
  identity: [
    {
      name: 'session hook',
      file: 'src/session.ts',
      line: 12,
      framework: 'fastify',
      properties: ['customer'],
    },
    {
      name: 'requireUser',
      file: 'src/auth.ts',
      line: 10,
      framework: 'fastify',
      properties: ['user'],
      form: 'function',
    },
  ],
  errorClasses: [{ name: 'CatalogError', file, exported: 'CatalogError' }],
});

/** The service keeps the layout: what stayed in the monolith is a stub at its place. */
function serviceFiles(): Record<string, string> {
  const [find, total, reserve, inStock] = spec.ports.map((port) => stubOf(port, spec).text);
  const [session, requireUser] = spec.identity.map((item) => identityStubOf(item, spec));
  const replaced = (text: string, from: RegExp, to: string) => {
    if (!from.test(text)) throw new Error(`not found: ${from}`);
    return text.replace(from, () => to);
  };
  const imported = (stub: { imports: { request: string; names: string[] }[] }) =>
    `import { ${stub.imports[0]!.names.join(', ')} } from '${stub.imports[0]!.request}';\n`;
  const files: Record<string, string> = {
    ...monolithFiles,
    'tsconfig.json': monolithFiles['tsconfig.json'].replace('"src"]', '"src", "service"]'),
    'src/session.ts': `${imported(session!)}${replaced(monolithFiles['src/session.ts'], /async \(request, reply\) => \{[\s\S]*?\n {2}\}/, session!.text)}`,
    'src/auth.ts': `${imported(requireUser!)}declare module 'fastify' {\n  interface FastifyRequest {\n    user?: { name: string };\n  }\n}\nexport ${requireUser!.text}\n`,
    [file]: `${imported(stubOf(spec.ports[0]!, spec))}export interface Product { id: number; price: number }
export class CatalogError extends Error {
  readonly code: string = 'made here';
}
class Catalog {
  async find${find}
}
export const catalog = new Catalog();
export const prices = { async total${total} };
export default ${reserve}
export ${inStock}
`,
    'src/app.ts': monolithFiles['src/app.ts'].replace(
      "app.get('/me'",
      `app.get('/catalog', async () => ({
    found: await catalog.find(1),
    none: (await catalog.find(2)) === undefined,
    total: await prices.total([1, 1]),
    double: await prices.total([1], 2),
    in: await inStock(1),
    many: await inStockMany([[1], [2]]),
    error: await reserve(3).catch((error: unknown) => error instanceof CatalogError && [error.message, error.code]),
  }));
  app.get('/me'`,
    ),
  };
  files['src/app.ts'] =
    `import reserve, { CatalogError, catalog, inStock, prices } from './catalog/service.ts';\nimport { inStockMany } from '../service/ports/many.ts';\n${files['src/app.ts']}`;
  for (const { path, text } of portFiles(spec)) files[path] = text;
  return files;
}

const token = 'a long random token';
let monolith: Folder;
let service: Folder;
let old: Running;
let carved: Running;

beforeAll(async () => {
  monolith = folderOf(monolithFiles);
  writeFileSync(join(monolith.path, 'monolith.patch'), monolithPatch(spec, monolith.read)!.patch);
  execFileSync('patch', ['-s', '-p1', '-i', 'monolith.patch'], { cwd: monolith.path });
  service = folderOf(serviceFiles());
  old = await start(monolith.path, 'src/main.ts', { MONOLITH_PORTS_TOKEN: token });
  carved = await start(service.path, 'src/main.ts', { MONOLITH_PORTS_TOKEN: token, MONOLITH_URL: old.url });
});

afterAll(async () => {
  await carved?.kill();
  await old?.kill();
  service?.remove();
  monolith?.remove();
});

async function see(url: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, { headers, redirect: 'manual' });
  const seen = [...response.headers].filter(([name]) => !['date', 'retry-after'].includes(name)).sort();
  return { status: response.status, headers: seen, text: await response.text() };
}

const typeCheck = (folder: Folder): string => {
  try {
    return execFileSync(
      process.execPath,
      [join(import.meta.dirname, '../../node_modules/typescript/bin/tsc'), '-p', folder.path],
      { encoding: 'utf8', stdio: 'pipe' },
    );
  } catch (error) {
    return String((error as { stdout: unknown }).stdout);
  }
};

describe('a Fastify monolith in TypeScript', () => {
  it('is called for methods, default exports and functions that it did not export', async () => {
    expect(JSON.parse((await see(carved.url, '/catalog')).text)).toEqual({
      found: { id: 1, price: 9.5 },
      none: true,
      total: 19,
      double: 19,
      in: true,
      many: [true, false],
      error: ['none left of 3', 'EMPTY'],
    });
  });

  it('type-checks with the patch as strictly as before, and so does the service', () => {
    expect(typeCheck(monolith)).toBe('');
    expect(typeCheck(service)).toBe('');
  }, 60_000);

  it('has no hook run for a port, and all of them for everything else', async () => {
    const closed = await start(monolith.path, 'src/main.ts');
    expect(await see(closed.url, '/__ports/reviews/x')).toMatchObject({ status: 418 });
    expect(await see(old.url, '/__ports/reviews/x')).toMatchObject({ status: 401 });
    expect((await see(old.url, '/nowhere')).headers).toContainEqual(['x-hooks', 'seen']);
    await closed.kill();
  });
});

describe('who is calling', () => {
  it('is what the monolith finds out, with the same properties', async () => {
    for (const [path, headers] of [
      ['/me', {}],
      ['/me', { cookie: 'sid=7' }],
      ['/mine', { authorization: 'ann' }],
      ['/me', { cookie: 'sid=rolling' }],
    ] as [string, Record<string, string>][])
      expect(await see(carved.url, path, headers)).toEqual(await see(old.url, path, headers));
    expect((await see(carved.url, '/me', { cookie: 'sid=7' })).text).toContain('1970-01-01T00:00:01.000Z');
  });

  it('is refused with the very answer of the monolith', async () => {
    for (const [path, headers] of [
      ['/me', { cookie: 'sid=banned' }],
      ['/mine?page=2', {}],
      ['/mine', { authorization: 'broken' }],
    ] as [string, Record<string, string>][])
      expect(await see(carved.url, path, headers)).toEqual(await see(old.url, path, headers));
    expect((await see(carved.url, '/mine?page=2')).headers).toContainEqual([
      'location',
      '/login?next=%2Fmine%3Fpage%3D2',
    ]);
  });

  it('is never nobody because the monolith is away', async () => {
    const lonely = await start(service.path, 'src/main.ts', {
      MONOLITH_PORTS_TOKEN: token,
      MONOLITH_URL: 'http://127.0.0.1:1',
    });
    expect(await see(lonely.url, '/me')).toMatchObject({ status: 503 });
    expect(await see(lonely.url, '/mine', { authorization: 'ann' })).toMatchObject({ status: 503 });
    await lonely.kill();
  });
});

describe('the patch of a TypeScript monolith', () => {
  it('is taken back to the byte', () => {
    const copy = folderOf(monolithFiles);
    const { patch } = monolithPatch(spec, copy.read)!;
    writeFileSync(join(copy.path, 'monolith.patch'), patch);
    execFileSync('git', ['apply', 'monolith.patch'], { cwd: copy.path });
    expect(monolithPatch(spec, withoutPatch(copy, 'src/strangler-ports-reviews.ts'))!.patch).toBe(patch);
    execFileSync('git', ['apply', '-R', 'monolith.patch'], { cwd: copy.path });
    for (const [name, text] of Object.entries(monolithFiles)) expect(copy.read(name)).toBe(text);
    copy.remove();
  });

  it('fails clearly where the monolith is no longer what was analysed', () => {
    const changed = {
      ...monolithFiles,
      'src/app.ts': monolithFiles['src/app.ts'].replace('const app =', '\n\n\n\n\n\n\n\nconst app ='),
    };
    expect(() => monolithPatch(spec, (path) => (changed as Record<string, string>)[path])).toThrow(
      expect.objectContaining({ code: 'CARVE_PORT_APP' }),
    );
    const without = { ...monolithFiles, [file]: 'export const nothing = 1;\n' };
    expect(() => monolithPatch(spec, (path) => (without as Record<string, string>)[path])).toThrow(
      expect.objectContaining({ code: 'CARVE_PORT_UNREACHABLE' }),
    );
  });
});
