/** How the service gets the application out of code that was written to start it. */
import { describe, expect, it } from 'vitest';
import { brokenIn, type Sliced, slice } from './slice-support.ts';

const DB = "import { PrismaClient } from '@prisma/client';\nexport const prisma = new PrismaClient();\n";
const HEAD = "import express from 'express';\nimport { prisma } from './db.js';\n";
const ROUTE = "app.get('/notes', async (req, res) => res.json(await prisma.note.findMany()));";

function sliced(files: Record<string, string>): Sliced {
  const result = slice({ 'db.js': DB, ...files });
  expect(brokenIn(result)).toEqual([]);
  return result;
}

describe('an application', () => {
  it('that is exported is taken as it is', () => {
    const { spec, text } = sliced({
      'app.js': `${HEAD}export const app = express();\n${ROUTE}\n`,
      'index.js': "import { app } from './app.js';\napp.listen(3000);\n",
    });
    expect(spec.app).toMatchObject({ file: 'app.js', exported: 'app', kind: 'value', args: '' });
    expect(text['index.js']).toBeUndefined();
  });
  it('that a factory makes is made with the plain arguments of today', () => {
    // Analysed by itself, the slice lacks the call that hands over the prefix.
    const { spec } = slice({
      'db.js': DB,
      'app.js': `${HEAD}export function createApp({ prefix }) {\n  const app = express();\n  app.get(prefix + '/notes', async (req, res) => res.json(await prisma.note.findMany()));\n  return app;\n}\n`,
      'index.js': "import { createApp } from './app.js';\ncreateApp({ prefix: '/api' }).listen(3000);\n",
    });
    expect(spec.app).toMatchObject({ exported: 'createApp', kind: 'factory', args: "{ prefix: '/api' }" });
  });
  it('that a factory with defaults makes is made without arguments', () => {
    const { spec } = sliced({
      'app.js': `${HEAD}export default function make(port = 1) {\n  const app = express();\n  ${ROUTE}\n  return app;\n}\n`,
      'index.js':
        "import make from './app.js';\nconst port = Number(process.env.PORT);\nmake(port).listen(port);\n",
    });
    expect(spec.app).toMatchObject({ exported: 'default', kind: 'factory', args: '' });
  });
  it('that nobody exports is exported at the end of its file', () => {
    const { spec, text } = sliced({
      'index.js': `${HEAD}const app = express();\n${ROUTE}\napp.listen(3000);\n`,
    });
    expect(spec.app).toMatchObject({ file: 'index.js', exported: 'app', kind: 'value' });
    expect(text['index.js']).toBe(`${HEAD}const app = express();\n${ROUTE}\n\nexport { app };\n`);
  });
  it('that a function makes and starts is given back where it would listen', () => {
    const { spec, text } = sliced({
      'index.js': `${HEAD}async function bootstrap() {
  const app = express();
  ${ROUTE}
  await new Promise((resolve) => app.listen(3000, resolve));
  console.log('up');
}
bootstrap().catch(console.error);
`,
    });
    expect(spec.app).toMatchObject({ exported: 'bootstrap', kind: 'factory' });
    expect(text['index.js']).toBe(`${HEAD}async function bootstrap() {
  const app = express();
  ${ROUTE}
  return app;
}

export { bootstrap };
`);
  });
  it('that an object holds is taken out of its field', () => {
    const { spec, text } = sliced({
      'index.js': `${HEAD}class Server {
  app = express();
  constructor() {
    this.app.get('/notes', async (req, res) => res.json(await prisma.note.findMany()));
  }
}
const server = new Server();
server.app.listen(3000);
`,
    });
    expect(spec.app).toMatchObject({ exported: 'application', kind: 'value' });
    expect(text['index.js']?.endsWith('\nexport const application = server.app;\n')).toBe(true);
  });
  it('that CommonJS exports is taken as module.exports or by its name', () => {
    const file = (end: string): Record<string, string> => ({
      'app.js': `const express = require('express');\nconst { PrismaClient } = require('@prisma/client');\nconst prisma = new PrismaClient();\nconst app = express();\n${ROUTE}\n${end}\n`,
      'db.js': '',
    });
    expect(slice(file('module.exports = app;')).spec.app).toMatchObject({ exported: 'module.exports' });
    expect(slice(file('module.exports = { app };')).spec.app).toMatchObject({ exported: 'app' });
    expect(slice(file('exports.server = app;')).spec.app).toMatchObject({ exported: 'server' });
    expect(slice(file('app.listen(3000);')).text['app.js']).toMatch(/\nmodule\.exports\.app = app;\n$/);
  });
  it('that TypeScript exports by `export =` is taken without another export', () => {
    const result = slice({
      'app.ts': `import express = require('express');\nimport { prisma } from './db';\nconst app = express();\n${ROUTE.replace('(req, res)', '(req: any, res: any)')}\nexport = app;\n`,
      'db.ts': DB,
    });
    expect(result.spec.app).toMatchObject({ file: 'app.ts', exported: 'module.exports' });
    expect(result.text['app.ts']).not.toContain('export {');
  });
  it('that is out of reach is refused with its place and what would help', () => {
    expect(() =>
      slice({
        'db.js': DB,
        'index.js': `${HEAD}(async () => {\n  const app = express();\n  ${ROUTE}\n  app.listen(3000);\n})();\n`,
      }),
    ).toThrowError(
      expect.objectContaining({
        code: 'CARVE_NO_APPLICATION',
        place: { file: 'index.js', line: 4 },
        remedy: expect.stringContaining('export the application'),
      }),
    );
  });
});
