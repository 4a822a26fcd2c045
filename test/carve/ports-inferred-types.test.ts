import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inferredTypes } from '../../cli/carve/ports/inferred-types.ts';
import { folderOf, portOf, specOf } from './ports-support.ts';

const file = 'src/books.ts';

it('finds the types that nobody wrote down, also where the monolith has mistakes', async () => {
  const monolith = folderOf({
    'package.json': '{ "type": "module" }',
    'tsconfig.json':
      '{ "compilerOptions": { "strict": true, "module": "nodenext", "types": [] }, "include": ["src"] }',
    [file]: `export async function find(id: number) { return id > 3 ? { id, at: new Date() } : null; }
export const list = async () => [1, 2];
export const shop = { count: async (of: string) => of.length, async first() { return 'a'; } };
export async function told(): Promise<number> { return 1; }
export default async function () { return [true]; }
const wrong: string = 5;
`,
  });
  const names = ['find', 'list', 'shop.count', 'shop.first', 'default', 'gone'];
  const spec = specOf({
    language: 'ts',
    modules: 'esm',
    layout: { base: monolith.path, packageDir: '', otherPackages: [] },
    ports: [
      ...names.map((name) => portOf({ file, name })),
      portOf({ file, name: 'told', returnType: 'Promise<number>' }),
    ],
  });
  const found = Object.fromEntries(
    [...(await inferredTypes(spec))].map(([address, type]) => [address, type.replace(/\s+/g, ' ')]),
  );
  expect(found).toEqual({
    'src/books.find': 'Promise<{ id: number; at: Date; } | null>',
    'src/books.list': 'Promise<number[]>',
    'src/books.shop.count': 'Promise<number>',
    'src/books.shop.first': 'Promise<string>',
    'src/books.default': 'Promise<boolean[]>',
  });
  // Without installed dependencies there is no compiler, and that is no failure.
  rmSync(join(monolith.path, 'node_modules'));
  expect((await inferredTypes(spec)).size).toBe(0);
  monolith.remove();
}, 60_000);
