import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyze } from '../../cli/analysis/analyze.ts';

let dir: string;
const put = (name: string, text: string): void => {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'analysis-'));
  put('package.json', '{"name":"x"}');
  put('schema.prisma', ['User', 'Post', 'Tag'].map((name) => `model ${name} { \n  id Int @id\n}\n`).join(''));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const HEAD = `import express from 'express';
import { PrismaClient } from '@prisma/client';
const prisma = new PrismaClient();
const app = express();
`;

async function touched(text: string): Promise<Record<string, string[]>> {
  put('src/index.ts', text);
  const { routes } = await analyze({ dir });
  return Object.fromEntries(
    routes.map((route) => [route.path, route.models.map((use) => `${use.name}:${use.access}`)]),
  );
}

describe('what a handler does when', () => {
  it('a list of mistakes may be empty', async () => {
    const routes = await touched(`${HEAD}
      app.post('/posts', async (req, res) => {
        const errors: string[] = [];
        if (!req.body.title) errors.push('title');
        if (errors.length > 0) return res.status(400).json(errors);
        res.json(await prisma.post.create({ data: {} }));
      });`);
    expect(routes['/posts']).toEqual(['Post:write']);
  });

  it('a record of a known type may be missing', async () => {
    const routes = await touched(`${HEAD}
      class Row { name!: string; }
      declare const fetchIt: any;
      const load = async (id: string): Promise<Row | null> => fetchIt(id);
      app.get('/tags/:id', async (req, res) => {
        let row: Row | null = await load(req.params.id);
        if (!row) row = await prisma.tag.create({ data: {} });
        res.json(row);
      });`);
    expect(routes['/tags/:id']).toEqual(['Tag:write']);
  });

  it('a field was given a value in one branch only', async () => {
    const routes = await touched(`${HEAD}
      app.delete('/posts/:id', async (req, res) => {
        const state: { kept: unknown } = { kept: null };
        if (req.query.dry) state.kept = { id: 1 };
        if (state.kept) return res.json(state.kept);
        await prisma.post.delete({ where: { id: 1 } });
      });`);
    expect(routes['/posts/:id']).toEqual(['Post:write']);
  });

  it('a cache under a computed name may not have the entry', async () => {
    const routes = await touched(`${HEAD}
      const factors: Record<string, number> = {};
      const remember = (key: string) => { factors[key] = 2; };
      app.get('/rates/:from', async (req, res) => {
        remember(req.params.from);
        if (factors[req.params.from + 'x']) return res.end();
        res.json(await prisma.post.findMany());
      });`);
    expect(routes['/rates/:from']).toEqual(['Post:read']);
  });

  it('the item that is taken from a list may be any of those that branches added', async () => {
    const routes = await touched(`${HEAD}
      const check = (req: any) => { const found: any[] = []; if (req.a) found.push({ ok: false }); else found.push({ ok: true }); return found; };
      app.post('/labels', async (req, res) => {
        const [first] = check(req);
        if (!first.ok) throw new Error('no');
        await prisma.tag.create({ data: {} });
      });`);
    expect(routes['/labels']).toEqual(['Tag:write']);
  });
});

describe('a Nest handler', () => {
  it('is read with anything in its parameters, behind decorators that a project composed', async () => {
    put(
      'src/guard.ts',
      `import { Injectable, UseGuards, applyDecorators, SetMetadata } from '@nestjs/common';
       import { PrismaClient } from '@prisma/client';
       @Injectable() export class OwnerGuard { constructor(private readonly prisma: PrismaClient) {} async canActivate() { return this.prisma.user.findMany(); } }
       export function Owned(scope: string) { return applyDecorators(SetMetadata('scope', scope), UseGuards(OwnerGuard)); }`,
    );
    put(
      'src/index.ts',
      `import { Controller, Post, Body, Module } from '@nestjs/common';
       import { PrismaClient } from '@prisma/client';
       import { Owned } from './guard';
       class Dto { tags?: string[]; }
       @Controller('posts') export class Posts {
         constructor(private readonly prisma: PrismaClient) {}
         @Owned('write') @Post() async add(@Body() { tags }: Dto) {
           if (!tags?.length) return;
           await this.prisma.tag.createMany({ data: [] });
         }
       }
       @Module({ controllers: [Posts] }) export class App {}`,
    );
    const { routes } = await analyze({ dir });
    expect(routes.map((route) => route.models.map((use) => `${use.name}:${use.access}:${use.via}`))).toEqual([
      ['Tag:write:handler', 'User:read:middleware'],
    ]);
  });
});

describe('finding out who asks', () => {
  it('is kept apart from what a route does, for Passport in Express', async () => {
    put(
      'src/index.ts',
      `${HEAD}
      import passport from 'passport';
      import { Strategy as JwtStrategy } from 'passport-jwt';
      passport.use(new JwtStrategy({}, async (payload, done) => { done(null, await prisma.user.findMany()); }));
      const auth = () => (req, res, next) => passport.authenticate('jwt', () => next())(req, res, next);
      app.get('/posts', auth(), async (req, res) => res.json(await prisma.post.findMany()));
      app.post('/login', passport.authenticate('jwt', { session: false }));`,
    );
    const { routes } = await analyze({ dir });
    expect(
      routes.map((route) => ({
        path: route.path,
        models: route.models.map((use) => use.name),
        around: route.inherited.map((use) => use.name),
      })),
    ).toEqual([
      { path: '/login', models: ['User'], around: [] },
      { path: '/posts', models: ['Post'], around: ['User'] },
    ]);
  });
});

describe('an event', () => {
  it('leads to those who listen, whoever registers first', async () => {
    put(
      'src/index.ts',
      `${HEAD}
      import { EventEmitter } from 'node:events';
      const bus = new EventEmitter();
      app.delete('/users/:id', async (req, res) => { bus.emit('user.gone', 1); res.end(); });
      bus.on('user.gone', async (id) => { await prisma.post.deleteMany({ where: { id } }); });
      bus.on('user.made', async (id) => { await prisma.tag.deleteMany({ where: { id } }); });`,
    );
    const { routes, graph } = await analyze({ dir });
    expect(routes[0]?.models).toEqual([]);
    expect(routes[0]?.listeners.map((use) => `${use.name}:${use.access}`)).toEqual(['Post:write']);
    expect(graph.edges.filter((edge) => edge.kind === 'event')).toHaveLength(1);
  });
});
