/** What is taken stands there byte for byte; what is not leaves no trace. */
import { describe, expect, it } from 'vitest';
import { brokenIn, slice } from './slice-support.ts';

const ESM = `import express from 'express';
import { list } from './notes.js';
import { users } from './users.js';

export const app = express();
app.get('/notes', list);
app.get('/users', users);
`;
const DB = "import { PrismaClient } from '@prisma/client';\nexport const prisma = new PrismaClient();\n";
const USERS =
  "import { prisma } from './db.js';\nexport const users = async (req, res) => res.json(await prisma.user.findMany());\n";

/** The text of `notes.js` in the service. */
function esm(notes: string, more: Record<string, string> = {}): string {
  const sliced = slice({ 'main.js': ESM, 'db.js': DB, 'users.js': USERS, 'notes.js': notes, ...more });
  expect(brokenIn(sliced)).toEqual([]);
  return sliced.text['notes.js'] ?? '';
}

const LIST = 'export const list = async (req, res) => res.json(await prisma.note.findMany());\n';

describe('a file of which everything is used', () => {
  it.each([
    [
      'comments, odd spacing and a heading',
      `/* Notes.\n * Of people. */\n\nimport { prisma } from './db.js';  // the client\n\n\n\n// Lists.\n${LIST}// The end.\n`,
    ],
    ['Windows line ends', `import { prisma } from './db.js';\n\n${LIST}`.replaceAll('\n', '\r\n')],
  ])('is the same byte for byte: %s', (_name, text) => {
    expect(esm(text)).toBe(text);
  });
  it('keeps the lack of a last line end', () => {
    const text = `import { prisma } from './db.js';\n${LIST}`.trimEnd();
    expect(esm(text)).toBe(text);
  });
});

describe('a statement that is not used', () => {
  it('goes with its comments, and with one of the blank lines around it', () => {
    expect(
      esm(`// Notes of people.

import { prisma } from './db.js';

// Not asked for.
/** By nobody. */
export const drop = () => prisma.user.count(); // really

// Asked for.
${LIST}
export function last() {}
`),
    ).toBe(`// Notes of people.

import { prisma } from './db.js';

// Asked for.
${LIST}`);
  });
  it('goes with its Windows line end', () => {
    const text = esm(
      `import { prisma } from './db.js';\n\nexport const drop = 1;\n\n${LIST}`.replaceAll('\n', '\r\n'),
    );
    expect(text).toBe(`import { prisma } from './db.js';\n\n${LIST}`.replaceAll('\n', '\r\n'));
  });
  it('leaves the comment of the statement before, on its line', () => {
    expect(esm(`import { prisma } from './db.js'; // kept\nconst drop = 1; // dropped\n${LIST}`)).toBe(
      `import { prisma } from './db.js'; // kept\n${LIST}`,
    );
  });
});

describe('imports', () => {
  const others = {
    'other.js':
      'export default function main() {}\nexport const a = 1;\nexport const b = 2;\nexport const c = 3;\n',
  };
  const using = (line: string, use: string): string | undefined =>
    esm(
      `${line}\nimport { prisma } from './db.js';\nexport const list = async (req, res) => res.json([${use}, await prisma.note.findMany()]);\nexport const drop = () => [typeof main, typeof a, typeof b, typeof c];\n`,
      others,
    )
      .split('import { prisma }')[0]
      ?.trimEnd();
  it.each([
    ["import main, { a, b } from './other.js';", 'main', "import main from './other.js';"],
    ["import main, { a, b } from './other.js';", 'b', "import { b } from './other.js';"],
    ["import main, { a, b } from './other.js';", 'main, a', "import main, { a } from './other.js';"],
    ["import { a, b, c } from './other.js';", 'b', "import { b } from './other.js';"],
    ["import { a, b, c } from './other.js';", 'a, c', "import { a, c } from './other.js';"],
    ["import { a as x, b as a, c } from './other.js';", 'a', "import { b as a } from './other.js';"],
    ["import {\n  a,\n  b,\n  c,\n} from './other.js';", 'c', "import {\n  c,\n} from './other.js';"],
    ["import {\n  a,\n  b,\n  c,\n} from './other.js';", 'a', "import {\n  a,\n} from './other.js';"],
    ["import { a, b } from './other.js';", '1', ''],
    ["import main, { a } from './other.js';", '2', ''],
    ["import * as c from './other.js';", 'c.a', "import * as c from './other.js';"],
  ])('%s of which %s is used: %s', (line, use, expected) => {
    expect(using(line, use)).toBe(expected);
  });
  it('of types stay where a signature that is taken mentions them', () => {
    const sliced = slice({
      'main.ts': ESM.replaceAll('.js', '.ts'),
      'db.ts': DB,
      'users.ts': USERS.replaceAll('.js', '.ts').replaceAll('(req, res)', '(req: any, res: any)'),
      'types.ts': 'export interface Row { id: number }\nexport interface Unused {}\n',
      'notes.ts': `import type { Row, Unused } from './types.ts';
import { type Unused as U, prisma } from './db.ts';
export const list = async (req: any, res: any): Promise<Row[]> => res.json(await prisma.note.findMany());
export const drop = (one: Unused, two: U) => [one, two];
`,
    });
    expect(sliced.text['notes.ts']).toContain(
      "import type { Row } from './types.ts';\nimport { prisma } from './db.ts';\n",
    );
    expect(sliced.text['types.ts']).toBe('export interface Row { id: number }\n');
    expect(brokenIn(sliced)).toEqual([]);
  });
});

describe('CommonJS', () => {
  const app = `const express = require('express');
const notes = require('./notes');
const users = require('./users');
const app = express();
app.get('/notes', notes.list);
app.get('/users', users.all, notes.other);
module.exports = app;
`;
  const commonjs = (notes: string): string => {
    const sliced = slice({
      'app.js': app,
      'db.js':
        "const { PrismaClient } = require('@prisma/client');\nmodule.exports.prisma = new PrismaClient();\n",
      'users.js':
        "const { prisma } = require('./db');\nexports.all = async (req, res) => res.json(await prisma.user.findMany());\n",
      'other.js': 'exports.a = 1;\nexports.b = 2;\nmodule.exports.c = 3;\n',
      'notes.js': notes,
    });
    expect(brokenIn(sliced)).toEqual([]);
    return sliced.text['notes.js'] ?? '';
  };
  const body = '(req, res) => res.json([b, await prisma.note.findMany()])';
  it('loses the names of a pattern and the declarators that nothing mentions', () => {
    expect(
      commonjs(`'use strict';
const { a, b, c: d } = require('./other'), fs = require('fs');
const path = require('path'), { prisma } = require('./db');
exports.list = async ${body};
exports.other = (req, res) => res.json([a, d, fs, path]);
`),
    ).toBe(`'use strict';
const { b } = require('./other');
const { prisma } = require('./db');
exports.list = async ${body};
`);
  });
  it('loses properties of module.exports = { … }', () => {
    expect(
      commonjs(`const { b } = require('./other');
const { prisma } = require('./db');
const list = async ${body};
const other = (req, res) => res.end();
module.exports = {
  other,
  list,
  more: () => other(),
};
`),
    ).toBe(`const { b } = require('./other');
const { prisma } = require('./db');
const list = async ${body};
module.exports = {
  list,
};
`);
  });
});

describe('exports', () => {
  it('lose names of lists; export * stays where a name comes through it', () => {
    const sliced = slice({
      'main.js': ESM.replace("'./notes.js'", "'./barrel.js'"),
      'db.js': DB,
      'users.js': USERS,
      'barrel.js':
        "export * from './more.js';\nexport * from './unused.js';\nexport { nothing } from './unused2.js';\n",
      'unused.js': 'export const no = 1;\n',
      'unused2.js': 'export const nothing = 1;\n',
      'more.js': "export { show as list, drop } from './notes.js';\n",
      'notes.js': `import { prisma } from './db.js';
const drop = 1;
const show = async (req, res) => res.json(await prisma.note.findMany());
export { drop, show };
`,
    });
    expect(sliced.text['barrel.js']).toBe("export * from './more.js';\n");
    expect(sliced.text['more.js']).toBe("export { show as list } from './notes.js';\n");
    expect(sliced.text['notes.js']).toBe(`import { prisma } from './db.js';
const show = async (req, res) => res.json(await prisma.note.findMany());
export { show };
`);
    expect(Object.keys(sliced.text)).not.toContain('unused.js');
    expect(brokenIn(sliced)).toEqual([]);
  });
});

describe('a function that stays in the monolith', () => {
  it('is replaced under its name in its place; the caller is imported behind the imports', () => {
    const sliced = slice({
      'main.js': ESM,
      'db.js': DB,
      'users.js': `// People.
import { prisma } from './db.js';

/** Finds one. */
export async function byEmail(email) {
  return prisma.user.findUnique({ where: { email } });
}
export const users = async (req, res) => res.json(await prisma.user.findMany());
`,
      'notes.js': `import { prisma } from './db.js';
import { byEmail } from './users.js';
export const list = async (req, res) => {
  const author = await byEmail(req.query.email);
  res.json(await prisma.note.findMany({ where: { authorId: author.id } }));
};
`,
    });
    expect(sliced.text['users.js']).toBe(`// People.

import { call } from '#ports';

/** Finds one. */
export function byEmail(...args) { return call('users.byEmail', args); }
`);
    expect(sliced.spec.ports).toMatchObject([
      { address: 'users.byEmail', exported: 'byEmail', parameterText: 'email', form: 'function' },
    ]);
    expect(brokenIn(sliced)).toEqual([]);
  });
  it('keeps ’use strict’ and a heading first', () => {
    const sliced = slice({
      'app.js': `const express = require('express');
const { prisma } = require('./db');
const users = require('./users');
const app = express();
app.get('/notes', async (req, res) => res.json([await users.one(1), await prisma.note.findMany()]));
app.get('/users', users.all);
module.exports = app;
`,
      'db.js': "const { PrismaClient } = require('@prisma/client');\nexports.prisma = new PrismaClient();\n",
      'users.js': `#!/usr/bin/env node
// People.
'use strict';
const { prisma } = require('./db');
exports.one = (id) => prisma.user.findUnique({ where: { id } });
exports.all = async (req, res) => res.json(await prisma.user.findMany());
`,
    });
    expect(sliced.text['users.js']).toBe(`#!/usr/bin/env node
// People.
'use strict';
const { call } = require('#ports');

exports.one = (...args) => call('users.one', args);
`);
    expect(brokenIn(sliced)).toEqual([]);
  });
});
