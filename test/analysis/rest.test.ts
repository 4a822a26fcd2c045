import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Analysis, type AnalyzeOptions, analyze } from '../../cli/analysis/analyze.ts';

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

const HEAD = `const { PrismaClient } = require('@prisma/client');
const prisma = new PrismaClient();
const app = require('express')();
`;

async function read(text: string, limits?: AnalyzeOptions['limits']): Promise<Analysis> {
  put('src/index.js', text);
  return analyze({ dir, ...(limits === undefined ? {} : { limits }) });
}
const uses = (analysis: Analysis, path: string): string[] =>
  (analysis.routes.find((route) => route.path === path)?.models ?? []).map(
    (use) => `${use.name}:${use.access}`,
  );
const limitsOf = (analysis: Analysis): string[] =>
  analysis.unresolved.filter(({ kind }) => kind === 'limit').map(({ reason }) => reason);

/** Plugins that hand callbacks to each other, every one to every other. */
function agents(count: number): string {
  const plugins = Array.from(
    { length: count },
    (_item, at) => `
  (host) => {
    const log = (text) => host.emit('log', (done) => done(text + ${at}));
    host.tool({ name: 'tool${at}', run: async (input, next) => {
      log(input);
      return next(input, async (value) => host.all((tool) => tool.run(value, (other, then) => then(other))));
    } });
  }`,
  );
  return `${HEAD}
class Host {
  tools = [];
  tool(given) { this.tools.push(given); return this; }
  all(each) { return this.tools.map((tool) => each(tool)); }
  emit(name, send) { send((text) => prisma.tag.create({ data: { text } })); }
}
const host = new Host();
for (const plugin of [${plugins.join(',')}]) plugin(host);
app.post('/agents', async (req, res) => {
  await Promise.all(host.all((tool) => tool.run(req.body, (value, then) => then(value))));
  res.json(await prisma.user.findMany());
});
${Array.from({ length: count }, (_item, at) => `app.get('/posts/${at}', async (req, res) => res.json(await prisma.post.findFirst()));`).join('\n')}
`;
}

describe('an application whose callbacks call callbacks', () => {
  it('is read to its end, with all that its routes touch', async () => {
    const analysis = await read(agents(40));
    expect(analysis.routes).toHaveLength(41);
    expect(uses(analysis, '/agents').sort()).toEqual(['Tag:write', 'User:read']);
    expect(uses(analysis, '/posts/39')).toEqual(['Post:read']);
    expect(limitsOf(analysis)).toEqual([]);
  }, 60_000);

  it('keeps all its routes when work is stopped, and says in which stage', async () => {
    const analysis = await read(agents(40), { evaluations: 90 });
    expect(analysis.routes).toHaveLength(41);
    expect(limitsOf(analysis)).toContain(
      'the evaluation of handlers was stopped before everything came to rest; some calls may be missing',
    );
  }, 60_000);
});

describe('what a function returns', () => {
  it('reaches its callers also when it is only known later', async () => {
    const analysis = await read(`${HEAD}
const registry = {};
const find = (name) => registry.found;
const outer = () => find('x');
const service = () => outer();
app.get('/posts', async (req, res) => { const run = service(); res.json(await run()); });
app.get('/late', (req, res) => { registry.found = () => prisma.post.findMany(); res.end(); });
`);
    expect(uses(analysis, '/posts')).toEqual(['Post:read']);
  });
});
