/** A small monolith that can be run: Express, CommonJS, Prisma 7 on PostgreSQL. Its packages are those of this repository. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

const FILES: Record<string, string> = {
  'package.json': `${JSON.stringify(
    {
      name: 'notebook',
      version: '1.0.0',
      scripts: { start: 'node server.js' },
      dependencies: { express: '5.3.0', '@prisma/client': '7.10.0', '@prisma/adapter-pg': '7.10.0' },
      devDependencies: { prisma: '7.10.0' },
    },
    null,
    2,
  )}\n`,
  'prisma/schema.prisma': `generator client {
  provider = "prisma-client-js"
}

datasource db {
  provider = "postgresql"
}

model Author {
  id    Int    @id @default(autoincrement())
  name  String
  email String @unique
}

model Note {
  id        Int      @id @default(autoincrement())
  slug      String   @unique
  text      String
  stars     Int      @default(0)
  createdAt DateTime @default(now())
  tags      Tag[]
}

model Tag {
  id    Int    @id @default(autoincrement())
  label String @unique
  notes Note[]
}
`,
  'db.js': `const { PrismaClient } = require('@prisma/client');
const { PrismaPg } = require('@prisma/adapter-pg');

const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });
module.exports = new PrismaClient({ adapter });
`,
  'authors.js': `const { Router } = require('express');
const db = require('./db');

const router = Router();
router.get('/authors', async (req, res) => res.json(await db.author.findMany()));
module.exports = router;
`,
  'notes.js': `const { Router } = require('express');
const db = require('./db');

const router = Router();

// Newest first.
router.get('/notes', async (req, res) => {
  res.json(await db.note.findMany({ orderBy: { id: 'desc' }, include: { tags: true } }));
});
router.get('/notes/:slug', async (req, res) => {
  const note = await db.note.findUnique({ where: { slug: req.params.slug } });
  if (!note) return res.status(404).json({ error: 'no such note' });
  res.json(note);
});
router.post('/notes', async (req, res) => {
  const { slug, text } = req.body;
  if (!slug || !text) return res.status(400).json({ error: 'slug and text are needed' });
  res.status(201).json(await db.note.create({ data: { slug, text } }));
});
router.delete('/notes/:id', async (req, res) => {
  const { count } = await db.note.deleteMany({ where: { id: Number(req.params.id) || 0 } });
  res.status(count === 0 ? 404 : 204).end();
});

module.exports = router;
`,
  'app.js': `const express = require('express');
const authors = require('./authors');
const notes = require('./notes');

const app = express();
app.use(express.json());
app.use(authors);
app.use(notes);
app.use((err, req, res, next) => res.status(err.status ?? 500).json({ error: err.type ?? 'internal' }));

module.exports = app;
`,
  'server.js': `const app = require('./app');

app.listen(process.env.PORT || 3000);
`,
};

/** @param installed false: as after a clone, without node_modules */
export function notesMonolith(dir: string, installed = true): void {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  if (installed) symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
}
