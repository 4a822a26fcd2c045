import { expect, it } from 'vitest';
import { slice } from './slice-support.ts';

const app = (middleware: string): Record<string, string> => ({
  'app.js': `import express from 'express';
import { notes } from './notes.js';
import { ${middleware.split('(')[0]} } from './auth.js';
export const app = express();
app.get('/notes', ${middleware}, notes);
`,
  'notes.js': `import { prisma } from './db.js';
export const notes = async (req, res) => res.json(await prisma.note.findMany());
`,
  'db.js': `import { PrismaClient } from '@prisma/client';
export const prisma = new PrismaClient();
`,
});
const options = (files: Record<string, string>): string[] | undefined =>
  slice(files).plan.refusals.find(({ kind }) => kind === 'identity')?.options;

it('middleware that is a function of its own can be asked for in the monolith', () => {
  const files = {
    ...app('requireUser'),
    'auth.js': `import { prisma } from './db.js';
export const requireUser = async (req, res, next) => {
  req.user = await prisma.user.findFirst();
  next();
};
`,
  };
  expect(options(files)).toEqual(['shared-database', 'ask-monolith']);
});

it('middleware that a factory makes can’t: the right of one route would open another', () => {
  const files = {
    ...app("requireRight('admin')"),
    'auth.js': `import { prisma } from './db.js';
export const requireRight = (right) => async (req, res, next) => {
  const user = await prisma.user.findFirst();
  return user.email === right ? next() : res.status(403).end();
};
`,
  };
  expect(options(files)).toEqual(['shared-database']);
});
