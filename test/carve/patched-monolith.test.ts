import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAKERS } from '../../cli/carve/makers.ts';
import { applyPatch, reversePatch } from '../../cli/carve/patch.ts';
import { readTraces, traced, traceText, withoutAdded } from '../../cli/carve/ports/monolith/traces.ts';
import { type ProducedService, produce } from '../../cli/carve/produce.ts';

let folder: string;
const write = (name: string, text: string): void => {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'patched-'));
  write(
    'package.json',
    JSON.stringify({
      name: 'shop',
      type: 'module',
      dependencies: { express: '^4.18.2', '@prisma/client': '^6.19.0' },
    }),
  );
  write(
    'schema.prisma',
    'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\ngenerator client {\n  provider = "prisma-client-js"\n}\nmodel Note {\n  id Int @id\n  author Int\n}\nmodel Author {\n  id Int @id\n  name String\n}\nmodel Page {\n  id Int @id\n  author Int\n}\n',
  );
  write(
    'src/db.js',
    "import { PrismaClient } from '@prisma/client';\n\nexport const prisma = new PrismaClient();\n",
  );
  write(
    'src/authors.js',
    "import { prisma } from './db.js';\n\nasync function authorOf(id) {\n  return prisma.author.findUnique({ where: { id } });\n}\nasync function rename(id, name) {\n  return prisma.author.update({ where: { id }, data: { name } });\n}\nexport const authors = { authorOf, rename };\nexport { authorOf as find };\n",
  );
  const routes = (model: string, more = ''): string =>
    `import { Router } from 'express';\nimport { find } from './authors.js';\nimport { prisma } from './db.js';\n\nexport const router = Router();\nrouter.get('/${model}s', async (req, res) => {\n  const rows = await prisma.${model}.findMany();\n  res.json(await Promise.all(rows.map((row) => find(row.author))));\n});\n${more}`;
  write('src/notes.js', routes('note'));
  write('src/pages.js', routes('page'));
  write(
    'src/app.js',
    "import express from 'express';\nimport { router as notes } from './notes.js';\nimport { router as pages } from './pages.js';\nimport { authors } from './authors.js';\n\nexport const app = express();\napp.use(notes);\napp.use(pages);\napp.get('/authors/:id', async (req, res) => res.json(await authors.authorOf(Number(req.params.id))));\napp.listen(3000);\n",
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function carved(capability: string): Promise<ProducedService> {
  const model = capability === 'notes' ? 'Note' : 'Page';
  const { service, plan } = await produce(
    { capability, dir: folder, capabilities: [`${capability}=src/${capability}.js,${model}`] },
    MAKERS,
  );
  if (service === undefined) throw new Error(`refused: ${plan.refusals.map(({ key }) => key).join(', ')}`);
  return service;
}

/** Bytes and rights of all files. */
function tree(): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    names
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path, `${statSync(path).mode} ${readFileSync(path, 'utf8')}`]),
  );
}
const apply = (service: ProducedService): string =>
  applyPatch(folder, service.monolithPatch ?? '', service.spec.capability);

describe('a monolith that was patched', () => {
  it('is carved and checked as if it were not', async () => {
    const before = await carved('notes');
    expect(before.patchStands).toBe(false);
    expect(apply(before)).toBe('applied');
    const after = await carved('notes');
    expect(after.files).toEqual(before.files);
    expect(after.origin).toEqual(before.origin);
    expect(after.patchStands).toBe(true);
    expect(apply(after)).toBe('was applied already');
  });

  it('is as before, to the byte and the rights, when the patch is taken back', async () => {
    chmodSync(join(folder, 'src/app.js'), 0o664);
    const before = tree();
    apply(await carved('notes'));
    expect(tree()).not.toEqual(before);
    expect(reversePatch(folder, 'notes', undefined)).toBe('reversed');
    expect(tree()).toEqual(before);
    expect(reversePatch(folder, 'notes', undefined)).toBe('was not applied');
  });

  it('may have changed since: what was added is found where it stands now', async () => {
    const before = readFileSync(join(folder, 'src/app.js'), 'utf8');
    const service = await carved('notes');
    apply(service);
    const file = join(folder, 'src/app.js');
    writeFileSync(file, `// A new head.\n\n${readFileSync(file, 'utf8')}`);
    expect(reversePatch(folder, 'notes', service.monolithPatch)).toBe('reversed');
    expect(readFileSync(file, 'utf8')).toBe(`// A new head.\n\n${before}`);
  });

  it('is not touched where what was added was changed, which is told', async () => {
    apply(await carved('notes'));
    const file = join(folder, 'src/app.js');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('mountNotesPorts(app);', 'mountNotesPorts( app );'),
    );
    const before = tree();
    expect(() => reversePatch(folder, 'notes', undefined)).toThrow(
      expect.objectContaining({
        code: 'CARVE_PATCH_REFUSED',
        remedy: expect.stringContaining('strangler-ports-notes.js'),
        findings: [expect.objectContaining({ message: expect.stringContaining('mountNotesPorts(app);') })],
      }),
    );
    expect(tree()).toEqual(before);
  });

  it('takes the patch of another capability on top, and gives each back alone', async () => {
    const bare = tree();
    const notes = await carved('notes');
    apply(notes);
    const withNotes = tree();
    const pages = await carved('pages');
    expect(
      pages.files.filter(({ text }) => /NotesPorts|ports-notes/.test(text)).map(({ path }) => path),
    ).toEqual(['service/monolith.patch']);
    expect(apply(pages)).toBe('applied');
    const app = readFileSync(join(folder, 'src/app.js'), 'utf8');
    expect(app).toContain('mountNotesPorts(app);');
    expect(app).toContain('mountPagesPorts(app);');
    expect((await carved('notes')).files.filter(({ path }) => path.startsWith('src/'))).toEqual(
      notes.files.filter(({ path }) => path.startsWith('src/')),
    );
    expect(reversePatch(folder, 'pages', undefined)).toBe('reversed');
    expect(tree()).toEqual(withNotes);
    expect(reversePatch(folder, 'notes', undefined)).toBe('reversed');
    expect(tree()).toEqual(bare);
  });

  it('gets the patch of now in the place of the one before', async () => {
    const bare = tree();
    apply(await carved('notes'));
    const file = join(folder, 'src/notes.js');
    const former = readFileSync(file, 'utf8');
    write(
      'src/notes.js',
      former
        .replace('import { find }', 'import { authors, find }')
        .concat("router.put('/notes/:id', async (req, res) => res.json(await authors.rename(1, 'x')));\n"),
    );
    const again = await carved('notes');
    expect(apply(again)).toBe('applied');
    expect(readFileSync(join(folder, 'src/strangler-ports-notes.js'), 'utf8')).toContain('rename');
    expect(reversePatch(folder, 'notes', undefined)).toBe('reversed');
    writeFileSync(file, former);
    expect(tree()).toEqual(bare);
  });
});

describe('what a patch added', () => {
  it('is noted and read again, whatever it holds', () => {
    const traces = traced('../a b.ts', [
      { at: 1, text: 'say("\\n");\n' },
      { at: 2, text: '' },
      { at: 3, text: ')' },
    ]);
    expect(readTraces(`code();\n${traceText(traces)}`)).toEqual([
      { path: '../a b.ts', text: 'say("\\n");\n' },
    ]);
    expect(readTraces('code();\n// What the patch added elsewhere:\n//   x "broken\n')).toEqual([]);
  });

  it('goes with its closing bracket, and lines are known by their number before', () => {
    const text =
      "import { a } from './a';\nimport { w } from './w';\nuse(w('x', () => {\n  return (1);\n}));\nlast();\n";
    const stripped = withoutAdded('a.ts', text, ["\nimport { w } from './w';", "w('x', "]);
    expect(stripped).toEqual({
      text: "import { a } from './a';\nuse(() => {\n  return (1);\n});\nlast();\n",
      lines: [1, 3, 4, 5, 6, 7],
      missing: [],
    });
  });

  it('is found in files that break lines as Windows does', () => {
    expect(withoutAdded('a.js', 'one();\r\ntwo();\r\n', ['\ntwo();']).text).toBe('one();\r\n');
  });
});
