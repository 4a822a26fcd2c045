import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FieldReader } from '../../../cli/carve/gates/bodies/read-fields.ts';
import type { FieldHint } from '../../../cli/carve/gates/bodies/schema-hints.ts';

/** Of the route whose line ends with `// route`, with the handler whose line ends with `// handler`. */
function fields(files: Readonly<Record<string, string>>): Map<string, FieldHint> | undefined {
  const root = mkdtempSync(join(tmpdir(), 'fields-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const place = { file: '', line: 0, registered: { file: '', line: 0 } };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    for (const [index, line] of text.split('\n').entries()) {
      if (line.endsWith('// route')) place.registered = { file, line: index + 1 };
      if (line.endsWith('// handler')) Object.assign(place, { file, line: index + 1 });
    }
  }
  return new FieldReader(root).fieldsOf(place);
}
const names = (files: Readonly<Record<string, string>>): string[] => [...(fields(files)?.keys() ?? [])];
const hints = (files: Readonly<Record<string, string>>): unknown => plain(fields(files));
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (key === 'schema' ? [] : [[key, plain(item)]])),
  );
}

describe('schemas that a route names', () => {
  it('of Joi, behind a middleware of one’s own, in a file of its own', () => {
    const files = {
      'a.validation.js': `const Joi = require('joi');
const { password } = require('./custom');
const register = { body: Joi.object().keys({
  email: Joi.string().required().email(), password: Joi.string().min(8).custom(password), role: Joi.string().valid('user', 'admin'),
  tags: Joi.array().items(Joi.string().max(5)), age: Joi.number().integer().min(18), extra: Joi.object().optional(),
}) };
module.exports = { register };`,
      'routes.js': `const v = require('./a.validation');
router
  .route('/')
  .post(auth('manage', 'users'), validate(v.register), controller.create) // route
  .get(auth('read', 'users'), validate(v.list), controller.list);`,
    };
    expect(hints(files)).toEqual({
      email: { type: 'string', format: 'email', optional: false },
      password: { type: 'string', min: 8 },
      role: { type: 'string', oneOf: ['user', 'admin'] },
      tags: { type: 'array', items: { type: 'string', max: 5 } },
      age: { type: 'integer', min: 18 },
      extra: { type: 'object', fields: {}, optional: true },
    });
  });
  it('of Zod, with what is put together from others; of a whole request the body’s', () => {
    const zod = `import { z } from 'zod';
const base = z.object({ email: z.string().email(), id: z.uuid(), secret: z.string() });
const more = z.object({ size: z.enum(['s', 'm']), on: z.coerce.date(), n: z.number().positive().max(9) });
export const create = base.extend({ name: z.string().min(2).optional() }).omit({ secret: true }).merge(more);
export const whole = z.object({ body: create.pick({ name: true }), query: z.object({ page: z.number() }) });`;
    expect(
      hints({
        'z.ts': zod,
        'r.ts': `import { create } from './z.js';\napp.post('/x', check(create), h); // route`,
      }),
    ).toEqual({
      email: { type: 'string', format: 'email' },
      id: { type: 'string', format: 'uuid' },
      name: { type: 'string', min: 2, optional: true },
      size: { oneOf: ['s', 'm'] },
      on: { type: 'string', format: 'date-time' },
      n: { type: 'number', min: 1, max: 9 },
    });
    expect(
      names({
        'z.ts': zod,
        'r.ts': `import * as all from './z.ts';\napp.post('/x', check(all.whole), h); // route`,
      }),
    ).toEqual(['name']);
  });
  it('of Yup, and of TypeBox', () => {
    expect(
      hints({
        'r.js': `import * as yup from 'yup';
const order = yup.object({ kind: yup.string().oneOf(['a', 'b']).required(), items: yup.array().of(yup.object({ id: yup.number() })) });
app.post('/x', validated(order), h); // route`,
      }),
    ).toEqual({
      kind: { type: 'string', oneOf: ['a', 'b'], optional: false },
      items: { type: 'array', items: { type: 'object', fields: { id: { type: 'number' } } } },
    });
    expect(
      hints({
        'r.ts': `import { Type } from '@sinclair/typebox';
export default async function plugin(app) {
  const body = Type.Object({ mail: Type.String({ format: 'email', minLength: 5 }), n: Type.Optional(Type.Integer({ minimum: 2 })),
    kind: Type.Union([Type.Literal('x'), Type.Literal('y')]) });
  app.post('/x', { schema: { body } }, h); // route
}`,
      }),
    ).toEqual({
      mail: { type: 'string', format: 'email', min: 5 },
      n: { type: 'integer', min: 2, optional: true },
      kind: { oneOf: ['x'] },
    });
  });
  it('as JSON Schema, in the call or apart, with types that may be null', () => {
    expect(
      hints({
        's.ts': `const text = { type: ['null', 'string'], maxLength: 3 } as const;
export const schema = { body: { type: 'object', required: ['a'], properties: { a: text, 'b-c': { enum: ['k'] }, list: { type: 'array', items: { type: 'integer' } } } } };`,
        'r.ts': `import { schema } from './s.ts';
app.route({ method: 'POST', url: '/x', schema, handler }); // route`,
      }),
    ).toEqual({
      a: { type: 'string', max: 3, optional: false },
      'b-c': { oneOf: ['k'], optional: true },
      list: { type: 'array', items: { type: 'integer' }, optional: true },
    });
  });
  it('are taken for the route of this line, not for its neighbours', () => {
    const route = (path: string, name: string, mark = ''): string =>
      `app.post('/${path}', { schema: { body: { type: 'object', properties: { ${name}: {} } } } }, h);${mark}`;
    expect(
      names({ 'r.js': [route('a', 'one'), route('b', 'two', ' // route'), route('c', 'three')].join('\n') }),
    ).toEqual(['two']);
  });
});

describe('names across files', () => {
  const schema = (name: string): string => `z.object({ ${name}: z.string() })`;
  const route = `app.post('/x', check(wanted), h); // route`;
  it.each<[string, Record<string, string>]>([
    [
      'a re-export by another name',
      { 'b.ts': `export { inner as wanted } from './c';`, 'c.ts': `export const inner = ${schema('a')};` },
    ],
    [
      'the second of several whole re-exports',
      {
        'b.ts': `export * from './d';\nexport * from './c';`,
        'c.ts': `export const wanted = ${schema('a')};`,
        'd.ts': 'export const other = 1;',
      },
    ],
    [
      'an import that is exported again',
      {
        'b.ts': `import it from './c';\nexport { it as wanted };`,
        'c.ts': `const made = ${schema('a')};\nexport default made;`,
      },
    ],
    [
      'CommonJS',
      {
        'b.js': `const { inner } = require('./c');\nmodule.exports = { wanted: inner };`,
        'c.js': `exports.inner = ${schema('a')};`,
      },
    ],
  ])('%s', (_, files) => {
    expect(names({ ...files, 'r.ts': `import { wanted } from './b';\n${route}` })).toEqual(['a']);
  });
  it('a folder’s index that requires each of its files', () => {
    expect(
      names({
        'v/index.js': `module.exports.auth = require('./auth');`,
        'v/auth.js': `const login = ${schema('a')};\nmodule.exports = { login };`,
        'r.js': `const { auth } = require('./v');\napp.post('/x', check(auth.login), h); // route`,
      }),
    ).toEqual(['a']);
  });
  it('a namespace that is exported as one', () => {
    expect(
      names({
        'b.ts': `export * as auth from './c';`,
        'c.ts': `export const login = ${schema('a')};`,
        'r.ts': `import { auth } from './b';\napp.post('/x', check(auth.login), h); // route`,
      }),
    ).toEqual(['a']);
  });
  it('in a circle come to an end', () => {
    expect(
      names({
        'b.ts': `export * from './c';\nexport { wanted } from './c';`,
        'c.ts': `export * from './b';\nimport { wanted as mine } from './b';\nexport { mine as wanted };`,
        'r.ts': `import { wanted } from './b';\n${route}`,
      }),
    ).toEqual([]);
  });
  it('that lead everywhere from everywhere end soon', () => {
    const all = Array.from({ length: 40 }, (_, index) => index);
    const barrel = all.map((index) => `export * from './m${index}';`).join('\n');
    const circle = `import { ${all.map((index) => `s${index}`).join()} } from './r';
export const loop = z.object({ ${all.map((index) => `p${index}: loop`).join()} });`;
    const files = Object.fromEntries(all.map((index) => [`m${index}.ts`, barrel]));
    const begin = performance.now();
    names({ ...files, 'r.ts': `import { wanted } from './m0';\n${route}` });
    names({ 'l.ts': circle, 'r.ts': `import { loop as wanted } from './l';\n${route}` });
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});

describe('what a handler reads', () => {
  it.each([
    ['const { a, b: renamed, ...rest } = req.body;', ['a', 'b']],
    ['const { a = 1 } = req.body ?? {};', ['a']],
    ['const body = request.body; save(body.a, body["b"], body.length);', ['a', 'b']],
    ["textField(request.body, 'a')", ['a']],
    ['const { body } = req; use(body.a);', ['a']],
    ['const { body: { a } } = req;', ['a']],
    ['const { a } = schema.parse(req.body)', ['n']],
    ['const { a } = await ctx.request.body', ['a']],
    ['use(req.query.a)', []],
  ])('%s', (line, expected) => {
    expect(
      names({
        'h.js': `const schema = z.object({ n: z.number() });\nexports.h = async (req, res) => { // handler\n${line}\n};`,
      }),
    ).toEqual(expected);
  });
  it('and what functions read to which it hands the body', () => {
    expect(
      names({
        's.js': `exports.create = (dto, who) => db.create({ title: dto.title });\nexports.other = ({ stars }) => stars;`,
        'h.js': `const s = require('./s');\nmodule.exports = (req) => { // handler\n  s.create(req.body, 1);\n  s.other(req.body);\n};`,
      }),
    ).toEqual(['title', 'stars']);
  });
  it('destructured parameters', () => {
    expect(
      names({ 'h.js': 'export const h = async ({ body }, res) => { // handler\n  use(body.a);\n};' }),
    ).toEqual(['a']);
    expect(names({ 'h.js': 'export const h = async ({ body: { a, b } }, res) => { // handler\n};' })).toEqual(
      ['a', 'b'],
    );
  });
});

describe('hostile source', () => {
  it('that does not parse, is missing, or nests without end is not read', () => {
    expect(fields({ 'h.js': 'const = ; // handler' })).toBeUndefined();
    expect(
      fields({ 'r.js': `import { a } from './gone';\napp.post('/x', check(a), h); // route` }),
    ).toBeUndefined();
    const deep = `${'check('.repeat(2_000)}1${')'.repeat(2_000)}`;
    expect(fields({ 'r.js': `app.post('/x', ${deep}, h); // route` })).toBeUndefined();
    const nested = `${'{ a: '.repeat(500)}1${' }'.repeat(500)}`;
    expect(
      fields({ 'r.js': `app.post('/x', { schema: { body: ${nested} } }, h); // route` }),
    ).toBeUndefined();
  });
  it('keeps names of prototypes as names', () => {
    const found = fields({
      'h.js': 'exports.h = (req) => { // handler\n  use(req.body.__proto__, req.body.constructor);\n};',
    });
    expect(found === undefined || found instanceof Map).toBe(true);
  });
});
