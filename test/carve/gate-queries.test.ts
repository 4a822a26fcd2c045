import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { knowledgeOf } from '../../cli/carve/gates/bodies/knowledge.ts';
import { FieldReader } from '../../cli/carve/gates/bodies/read-fields.ts';
import { trialRequests } from '../../cli/carve/gates/requests.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'queries-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = (line: number) => ({ file: 'routes.js', line, registered: { file: 'routes.js', line } });
function reader(source: string): FieldReader {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'routes.js'), source);
  return new FieldReader(folder);
}
const names = (fields: ReadonlyMap<string, unknown> | undefined): string[] => [...(fields?.keys() ?? [])];

describe('the query that a route reads', () => {
  it('is that of its schema, apart from its body', () => {
    const read = reader(
      "router.post('/reset', validate({ query: Joi.object().keys({ token: Joi.string().required() }), body: Joi.object({ password: Joi.string() }) }), handle);\n",
    );
    expect(names(read.fieldsOf(place(1), 'query'))).toEqual(['token']);
    expect(names(read.fieldsOf(place(1), 'body'))).toEqual(['password']);
  });

  it('is what fastify calls the query string', () => {
    const read = reader(
      "app.get('/find', { schema: { querystring: { type: 'object', required: ['q'], properties: { q: { type: 'string' }, page: { type: 'integer' } } } } }, handle);\n",
    );
    const fields = read.fieldsOf(place(1), 'query');
    expect(fields?.get('q')).toMatchObject({ type: 'string', optional: false });
    expect(fields?.get('page')).toMatchObject({ optional: true });
  });

  it('is what a handler takes from it, with or without a schema', () => {
    const read = reader(
      "app.get('/a', (req, res) => res.json(z.object({ code: z.string() }).parse(req.query)));\napp.get('/b', (req, res) => { const { team } = req.query; res.json([team, req.query.year, req.body.no]); });\napp.get('/c', (req, res) => res.json([]));\n",
    );
    expect(names(read.fieldsOf(place(1), 'query'))).toEqual(['code']);
    expect(names(read.fieldsOf(place(2), 'query'))).toEqual(['team', 'year']);
    expect(read.fieldsOf(place(3), 'query')).toBeUndefined();
  });
});

describe('requests of a route that reads a query', () => {
  const requests = (source: string, route: { method: string; path: string }) => {
    const inventory = [{ ...route, ...place(1) }];
    const bodies = knowledgeOf(reader(source), inventory, undefined);
    const nothing = { models: [], owned: [], tables: [], rows: new Map() };
    return trialRequests({ ...nothing, routes: [route], bodies });
  };

  it('are made with it, beside those without', () => {
    const made = requests(
      "app.get('/find', { schema: { querystring: { type: 'object', required: ['q'], properties: { q: { type: 'string' }, size: { type: 'integer' } } } } }, handle);\n",
      { method: 'GET', path: '/find' },
    );
    expect(made.map(({ name, url }) => [name, url])).toContainEqual([
      'a row: 1, with a query',
      '/find?q=Sample+q+9',
    ]);
    expect(made.map(({ url }) => url)).toContain('/find');
  });

  it('carry a body as well where they write', () => {
    const made = requests(
      "app.post('/reset', { schema: { query: z.object({ token: z.string() }), body: z.object({ email: z.string().email() }) } }, handle);\n",
      { method: 'POST', path: '/reset' },
    );
    const asked = made.find(({ name }) => name.endsWith('with a query'));
    expect(asked?.url).toMatch(/^\/reset\?token=./);
    expect(JSON.parse(asked?.body ?? '{}')).toEqual({ email: 'carve.sample@example.com' });
  });
});
