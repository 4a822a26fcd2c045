/** Tiny monoliths of four shapes, the services generated from them, and what starts and asks those. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll } from 'vitest';
import { type ServiceSurroundings, serviceFiles } from '../../cli/carve/service/files.ts';
import type { OutputFile, ServiceSpec } from '../../cli/carve/service/spec.ts';

const root = resolve(import.meta.dirname, '../..');

export interface Shape {
  /** Files of the monolith; those in `taken` go to the service as they are. */
  monolith: Record<string, string>;
  taken: string[];
  spec: Partial<ServiceSpec> & Pick<ServiceSpec, 'framework' | 'language' | 'modules' | 'app'>;
}

const created = { file: '', line: 1 };

/** A route that answers, one that takes its time, and one that shows what stands before it. */
export const SHAPES: Record<'express-cjs' | 'express-ts' | 'fastify-esm' | 'fastify-ts', Shape> = {
  'express-cjs': {
    monolith: {
      'package.json': '{ "name": "shop", "dependencies": { "express": "^5.0.0" } }',
      'app.js': `const express = require('express');
const app = express();
app.use((req, res, next) => (req.headers.authorization || !req.path.startsWith('/private') ? next() : res.status(401).end()));
app.use(express.json());
app.get('/items/:id', (req, res) => res.json({ id: req.params.id }));
app.get('/slow', (_req, res) => setTimeout(() => res.json({ slow: true }), 1000));
app.post('/items', (req, res) => res.status(201).json(req.body));
module.exports = app;
`,
    },
    taken: ['app.js'],
    spec: {
      framework: 'express',
      language: 'js',
      modules: 'cjs',
      app: { file: 'app.js', exported: 'module.exports', kind: 'value', args: '', created },
    },
  },
  'express-ts': {
    monolith: {
      'package.json': '{ "name": "shop", "type": "module", "dependencies": { "express": "^5.0.0" } }',
      'tsconfig.json': STRICTEST('nodenext'),
      'src/express.d.ts': `declare module 'express' {
  import type { IncomingMessage, Server, ServerResponse } from 'node:http';
  type Handler = (request: IncomingMessage & { params: Record<string, string>; body: unknown }, response: ServerResponse & { json(body: unknown): void; status(code: number): { json(body: unknown): void } }) => void;
  interface Express { get(path: string, handler: Handler): void; post(path: string, handler: Handler): void; use(handler: unknown): void; listen(port: number, hostname: string, done?: (error?: Error) => void): Server }
  const express: { (): Express; json(): unknown };
  export default express;
}
`,
      'src/app.ts': `import express from 'express';

export function createApp(options: { greeting: string }) {
  const app = express();
  app.use(express.json());
  app.get('/items/:id', (request, response) => response.json({ id: request.params['id'], ...options }));
  app.get('/slow', (_request, response) => void setTimeout(() => response.json({ slow: true }), 1000));
  app.post('/items', (request, response) => response.status(201).json(request.body));
  return app;
}
`,
    },
    taken: ['src/express.d.ts', 'src/app.ts'],
    spec: {
      framework: 'express',
      language: 'ts',
      modules: 'esm',
      app: {
        file: 'src/app.ts',
        exported: 'createApp',
        kind: 'factory',
        args: "{ greeting: 'hi' }",
        created,
      },
    },
  },
  'fastify-esm': {
    monolith: {
      'package.json': '{ "name": "shop", "type": "module", "dependencies": { "fastify": "^5.0.0" } }',
      'app.js': `import Fastify from 'fastify';

export default async function build() {
  const app = Fastify({ trustProxy: true });
  app.addHook('onRequest', async (request, reply) => {
    if (request.url === '/healthz' || request.url.startsWith('/private')) return reply.code(401).send();
  });
  app.get('/items/:id', async (request) => ({ id: request.params.id, ip: request.ip }));
  app.get('/slow', async () => new Promise((resolve) => setTimeout(resolve, 1000, { slow: true })));
  app.post('/items', async (request, reply) => reply.code(201).send(request.body));
  return app;
}
`,
    },
    taken: ['app.js'],
    spec: {
      framework: 'fastify',
      language: 'js',
      modules: 'esm',
      app: { file: 'app.js', exported: 'default', kind: 'factory', args: '', created },
    },
  },
  'fastify-ts': {
    monolith: {
      'package.json': '{ "name": "shop", "type": "module", "dependencies": { "fastify": "^5.0.0" } }',
      'tsconfig.json': STRICTEST('nodenext'),
      'src/app.ts': `import Fastify from 'fastify';

export const app = Fastify();
app.get<{ Params: { id: string } }>('/items/:id', async (request) => ({ id: request.params.id }));
app.get('/slow', async () => new Promise((resolve) => setTimeout(resolve, 1000, { slow: true })));
app.post('/items', async (request, reply) => reply.code(201).send(request.body));
`,
    },
    taken: ['src/app.ts'],
    spec: {
      framework: 'fastify',
      language: 'ts',
      modules: 'esm',
      app: { file: 'src/app.ts', exported: 'app', kind: 'value', args: '', created },
    },
  },
};

/** Everything that could find fault with generated code. */
function STRICTEST(module: string): string {
  return `{
  // As strict as it gets.
  "compilerOptions": {
    "target": "es2022", "module": "${module}", "moduleResolution": "${module}", "types": ["node", "jest"],
    "strict": true, "noUncheckedIndexedAccess": true, "exactOptionalPropertyTypes": true, "noImplicitReturns": true,
    "noImplicitOverride": true, "noPropertyAccessFromIndexSignature": true, "noFallthroughCasesInSwitch": true,
    "noUnusedLocals": true, "noUnusedParameters": true, "isolatedModules": true, "verbatimModuleSyntax": true,
    "erasableSyntaxOnly": true, "allowImportingTsExtensions": true, "outDir": "dist", "declaration": true,
    "forceConsistentCasingInFileNames": true, "useUnknownInCatchVariables": true,
  },
}
`;
}

export const ROUTES: ServiceSpec['routes'] = [
  { method: 'GET', path: '/items/:id', file: 'app', line: 1 },
  { method: 'GET', path: '/slow', file: 'app', line: 1 },
  { method: 'POST', path: '/items', file: 'app', line: 1 },
];

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder with these files; removed after the tests of the file. */
export function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'strangler-service-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) write(folder, { path, text });
  return folder;
}

function write(folder: string, { path, text }: OutputFile): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A whole spec of which only what matters is said. */
export function specOf(base: string, given: Shape['spec']): ServiceSpec {
  return {
    capability: 'items',
    layout: { base, packageDir: '', otherPackages: [] },
    routes: ROUTES,
    stage: 'shared-database',
    models: { owned: [], shared: [] },
    allModels: [],
    schemaFiles: [],
    migrationFiles: [],
    client: undefined,
    dependencies: [given.framework],
    ports: [],
    identity: [],
    environment: [],
    plan: {
      version: 1,
      capability: 'items',
      routes: ROUTES,
      moved: [],
      copied: [],
      remote: [],
      stays: [],
      tables: [],
      refusals: [],
      resolved: [],
      staleDecisions: [],
      dependencies: [],
    },
    ...given,
  };
}

export interface Generated {
  folder: string;
  files: OutputFile[];
  taken: OutputFile[];
  spec: ServiceSpec;
  main: string;
}

/** Writes the service of a shape into a folder of its own, with the packages of this checkout. */
export async function generate(shape: Shape, surroundings: ServiceSurroundings = {}): Promise<Generated> {
  const spec = specOf(folderOf(shape.monolith), shape.spec);
  const taken = shape.taken.map((path) => ({ path, text: shape.monolith[path] ?? '' }));
  const files = await serviceFiles(spec, taken, surroundings);
  const folder = folderOf({});
  for (const file of [...files, ...taken]) write(folder, file);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const main = files.find((file) => /^service\/main\.[cm]?[jt]s$/.test(file.path))?.path ?? '';
  return { folder, files, taken, spec, main: join(folder, main) };
}

export interface Running {
  child: ChildProcess;
  url: string;
  port: number;
  /** What it has said on both outputs so far. */
  said(): string;
  /** Exit code and signal. */
  ended: Promise<[number | null, NodeJS.Signals | null]>;
}

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Forks a service and waits until it listens; its registration is off unless the environment says where. */
export async function start(service: Generated, env: Record<string, string> = {}): Promise<Running> {
  const { child, said, ended } = launch(service, env);
  const first = await Promise.race([once(child, 'message'), ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`the service ended before it listened: ${said()}`);
  const { port } = first[0] as { port: number };
  return { child, port, url: `http://127.0.0.1:${port}`, said, ended };
}

/** Forks a service that may well not start. */
export function launch(service: Generated, env: Record<string, string> = {}) {
  const child = fork(service.main, {
    cwd: service.folder,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      DRAIN_DELAY_MS: '300',
      ...(env.CLOUD_MAP_ENDPOINT === undefined && { REGISTRATION: 'off' }),
      ...env,
    },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  // Everything it said is there only when its outputs are closed.
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  void ended.then(() => running.delete(child));
  return { child, ended, said: () => text };
}

/** What the checkout's TypeScript says of a generated service; '' where all is well. */
export function typeErrors(service: Generated): string {
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit'], {
      cwd: service.folder,
      encoding: 'utf8',
    });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
