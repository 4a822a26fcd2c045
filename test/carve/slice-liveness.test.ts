/** Export by export: a module of which one function is used gives that function and not the rest. */
import { describe, expect, it } from 'vitest';
import { brokenIn, type Sliced, slice } from './slice-support.ts';

const MAIN = `import express from 'express';
import { list } from './notes.js';
import { users } from './users.js';
export const app = express();
app.get('/notes', list);
app.get('/users', users);
`;
const DB = "import { PrismaClient } from '@prisma/client';\nexport const prisma = new PrismaClient();\n";
const USERS =
  "import { prisma } from './db.js';\nexport const users = async (req, res) => res.json(await prisma.user.findMany());\n";
const LIST = 'async (req, res) => res.json(await prisma.note.findMany())';

function sliced(files: Record<string, string>): Sliced {
  const result = slice({ 'main.js': MAIN, 'db.js': DB, 'users.js': USERS, ...files });
  expect(brokenIn(result)).toEqual([]);
  return result;
}

describe('what is taken along', () => {
  it('is what is mentioned, through files, one export at a time', () => {
    const { text } = sliced({
      'notes.js': `import { prisma } from './db.js';\nimport { format } from './lib.js';\nexport const list = async (req, res) => res.json(format(await prisma.note.findMany()));\n`,
      'lib.js':
        "import { deep, other } from './deep.js';\nexport const format = (rows) => deep(rows);\nexport const unused = () => other();\n",
      'deep.js': 'export const deep = (rows) => rows;\nexport const other = () => 1;\n',
    });
    expect(text['lib.js']).toBe(
      "import { deep } from './deep.js';\nexport const format = (rows) => deep(rows);\n",
    );
    expect(text['deep.js']).toBe('export const deep = (rows) => rows;\n');
    expect(Object.keys(text).sort()).toEqual(['db.js', 'deep.js', 'lib.js', 'main.js', 'notes.js']);
  });
  it('is one member of a namespace', () => {
    const { text } = sliced({
      'notes.js': `import { prisma } from './db.js';\nimport * as lib from './lib.js';\nexport const list = async (req, res) => res.json(lib.format(await prisma.note.findMany()));\n`,
      'lib.js': 'export const format = (rows) => rows;\nexport const unused = () => 1;\n',
    });
    expect(text['lib.js']).toBe('export const format = (rows) => rows;\n');
  });
  it('is all of a namespace that is handed on', () => {
    const { text } = sliced({
      'notes.js': `import { prisma } from './db.js';\nimport * as lib from './lib.js';\nconst run = (all, rows) => Object.values(all).map((one) => one(rows));\nexport const list = async (req, res) => res.json(run(lib, await prisma.note.findMany()));\n`,
      'lib.js': 'export const format = (rows) => rows;\nexport const other = () => 1;\n',
    });
    expect(text['lib.js']).toBe('export const format = (rows) => rows;\nexport const other = () => 1;\n');
  });
  it('ends in circles', () => {
    const { text } = sliced({
      'notes.js': `import { prisma } from './db.js';\nimport { other } from './circle.js';\nexport const list = async (req, res) => res.json([other(1), await prisma.note.findMany()]);\nexport const back = (n) => (n > 3 ? n : other(n + 1));\n`,
      'circle.js':
        "import { back } from './notes.js';\nexport const other = (n) => back(n);\nexport const unused = () => back(0);\n",
    });
    expect(text['circle.js']).toBe(
      "import { back } from './notes.js';\nexport const other = (n) => back(n);\n",
    );
    expect(text['notes.js']).toContain('export const back');
  });
  it('is what a class inherits and an enum that it mentions, not a name that is shadowed', () => {
    const { text } = sliced({
      'notes.js': `import { prisma } from './db.js';
import { Base, Unrelated } from './base.js';
import { format, shadowed } from './lib.js';
class Notes extends Base {
  all(shadowed) {
    return shadowed(prisma.note.findMany());
  }
}
export const list = async (req, res) => {
  const format = (rows) => rows;
  res.json(format(await new Notes().all((rows) => rows)));
};
export const other = () => [format, shadowed, Unrelated];
`,
      'base.js': 'class Root {}\nexport class Base extends Root {}\nexport class Unrelated extends Root {}\n',
      'lib.js': 'export const format = 1;\nexport const shadowed = 2;\n',
    });
    expect(text['base.js']).toBe('class Root {}\nexport class Base extends Root {}\n');
    expect(text['lib.js']).toBeUndefined();
  });
  it('is a default export behind a variable or a name of its own', () => {
    const { text } = sliced({
      'notes.js': `import { prisma } from './db.js';\nimport fix from './fix.js';\nimport Rows from './rows.js';\nexport const list = async (req, res) => res.json(new Rows(fix(await prisma.note.findMany())));\n`,
      'fix.js': 'const fix = (rows) => rows;\nexport const unused = 1;\nexport default fix;\n',
      'rows.js':
        'export default class {\n  constructor(rows) {\n    this.rows = rows;\n  }\n}\nexport const unused = 1;\n',
    });
    expect(text['fix.js']).toBe('const fix = (rows) => rows;\nexport default fix;\n');
    expect(text['rows.js']).not.toContain('unused');
  });
  it('is what is imported late, whole', () => {
    const { text } = sliced({
      'notes.js': `import { prisma } from './db.js';\nexport const list = async (req, res) => {\n  const { format } = await import('./late.js');\n  res.json(format(await prisma.note.findMany()));\n};\n`,
      'late.js': 'export const format = (rows) => rows;\nexport const more = 1;\n',
    });
    expect(text['late.js']).toContain('export const more');
  });
  it('is what is imported for its effects, with packages; not what only serves others', () => {
    const { text, plan } = sliced({
      'main.js': `import 'reflect-metadata';\nimport './setup.js';\n${MAIN}import './more.js';\n`,
      'setup.js': "globalThis.zone = 'UTC';\nexport const unused = 1;\n",
      'more.js':
        "import { app } from './main.js';\nimport { users } from './users.js';\napp.get('/people', users);\n",
      'notes.js': `import { prisma } from './db.js';\nexport const list = ${LIST};\n`,
    });
    expect(text['main.js']).toContain("import 'reflect-metadata';\nimport './setup.js';\n");
    expect(text['setup.js']).toBe("globalThis.zone = 'UTC';\n");
    expect(text['more.js']).toBeUndefined();
    expect(plan.dependencies).toEqual(['@prisma/client', 'express', 'reflect-metadata']);
  });
  it('is what is required in the midst of a function', () => {
    const result = slice({
      'app.js': `const express = require('express');
const app = express();
app.get('/notes', async (req, res) => res.json(await require('./notes').list()));
app.get('/users', async (req, res) => res.json(await require('./users').list()));
module.exports = app;
`,
      'db.js': "const { PrismaClient } = require('@prisma/client');\nexports.prisma = new PrismaClient();\n",
      'notes.js': "const { prisma } = require('./db');\nexports.list = () => prisma.note.findMany();\n",
      'users.js': "const { prisma } = require('./db');\nexports.list = () => prisma.user.findMany();\n",
    });
    expect(Object.keys(result.text).sort()).toEqual(['app.js', 'db.js', 'notes.js']);
    expect(brokenIn(result)).toEqual([]);
  });
});

describe('files that are no code', () => {
  it('come along where taken code puts their path together, also whole folders and JSON', () => {
    const { text, files } = sliced({
      'notes.js': `import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prisma } from './db.js';
const page = readFileSync(new URL('./views/notes.html', import.meta.url), 'utf8');
const mails = join(import.meta.dirname, 'mails');
export const list = async (req, res) => res.send([page, mails, await prisma.note.findMany()]);
export const other = () => readFileSync(new URL('./views/other.html', import.meta.url));
`,
      'views/notes.html': '<p>',
      'views/other.html': '<b>',
      'mails/new.txt': 'New',
      'mails/deep/old.txt': 'Old',
    });
    expect(Object.keys(text)).toEqual(
      expect.arrayContaining(['views/notes.html', 'mails/new.txt', 'mails/deep/old.txt']),
    );
    expect(text['views/other.html']).toBeUndefined();
    expect(files.map((file) => file.path)).toEqual(files.map((file) => file.path).sort());
  });
});

describe('environment variables', () => {
  it('are those that taken code reads, in every spelling, each with its first place', () => {
    const { spec } = sliced({
      'notes.js': `import { prisma } from './db.js';
const { LIMIT, SKIP: skip } = process.env;
export const list = async (req, res) => res.json([LIMIT, skip, process.env['ORDER'], process.env.LIMIT, await prisma.note.findMany()]);
export const other = () => process.env.UNUSED;
`,
    });
    expect(spec.environment).toEqual([
      { name: 'LIMIT', place: { file: 'notes.js', line: 2 } },
      { name: 'ORDER', place: { file: 'notes.js', line: 3 } },
      { name: 'SKIP', place: { file: 'notes.js', line: 2 } },
    ]);
  });
});
