import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAKERS } from '../../cli/carve/makers.ts';
import { produce } from '../../cli/carve/produce.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-package-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const PACKAGE = {
  name: 'shop',
  version: '4.2.0',
  description: 'A shop.',
  license: 'MIT',
  limits: { notes: 3 },
  main: 'app.js',
  workspaces: ['packages/*'],
  scripts: { start: 'node app.js' },
  dependencies: { express: '^4.18.2', '@prisma/client': '^6.19.0', jest: '*' },
};
const app = (first: string, version: string): string => `
const express = require('express');
const { PrismaClient } = require('@prisma/client');
${first}
const prisma = new PrismaClient();
const app = express();
app.get('/notes', async (req, res) => res.json({ version: ${version}, notes: await prisma.note.findMany() }));
module.exports = app;
app.listen(3000);
`;

async function carved(source: string): Promise<{ path: string; text: string }[]> {
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write('package.json', JSON.stringify(PACKAGE));
  write('app.js', source);
  write(
    'schema.prisma',
    'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\ngenerator client {\n  provider = "prisma-client-js"\n}\nmodel Note {\n  id Int @id\n}\n',
  );
  const { service, plan } = await produce(
    { capability: 'notes', dir: folder, capabilities: ['notes=app.js,Note'] },
    MAKERS,
  );
  if (service === undefined) throw new Error(`refused: ${plan.refusals.map(({ key }) => key).join(', ')}`);
  return service.files;
}

describe('a package.json that the code reads', () => {
  it.each([
    ['as a module', app("const pkg = require('./package.json');", 'pkg.version')],
    [
      'as a file',
      app(
        "const { readFileSync } = require('node:fs');\nconst { join } = require('node:path');",
        "JSON.parse(readFileSync(join(__dirname, 'package.json'), 'utf8')).version",
      ),
    ],
  ])('%s is written once, and says of itself what the monolith’s says', async (_, source) => {
    const found = (await carved(source)).filter(({ path }) => path === 'package.json');
    expect(found).toHaveLength(1);
    const written = JSON.parse(found[0]?.text ?? '{}');
    expect(written).toMatchObject({
      name: 'shop',
      version: '4.2.0',
      description: 'A shop.',
      license: 'MIT',
      limits: { notes: 3 },
      private: true,
      scripts: { start: 'node service/main.js' },
    });
    expect(written.dependencies).not.toHaveProperty('jest');
    expect(written).not.toHaveProperty('main');
    expect(written).not.toHaveProperty('workspaces');
  });

  it('is the service’s own where nobody reads it', async () => {
    const files = await carved(app('', "'1'"));
    expect(JSON.parse(files.find(({ path }) => path === 'package.json')?.text ?? '{}')).toMatchObject({
      name: 'notes-service',
      version: '1.0.0',
    });
  });
});
