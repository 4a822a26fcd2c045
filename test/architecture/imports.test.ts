import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Each part, and the parts that it may import besides itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'migration-plans': [],
  'edge-proxy': ['migration-plans'],
  cli: ['migration-plans', 'edge-proxy'],
  monolith: [],
  'services/catalog': [],
  'services/orders': [],
  'services/reviews': [],
};

interface Import {
  from: string;
  specifier: string;
}

function importsOf(file: string): Import[] {
  const parsed = parseSync(file, readFileSync(join(root, file), 'utf8'));
  const specifiers = new Set<string>();
  for (const statement of parsed.module.staticImports) specifiers.add(statement.moduleRequest.value);
  for (const statement of parsed.module.staticExports) {
    for (const entry of statement.entries) if (entry.moduleRequest) specifiers.add(entry.moduleRequest.value);
  }
  for (const expression of parsed.module.dynamicImports) {
    const text = readFileSync(join(root, file), 'utf8').slice(
      expression.moduleRequest.start,
      expression.moduleRequest.end,
    );
    // A computed specifier names no package; what it may load is decided where it is computed.
    if (/^['"][^'"]+['"]$/.test(text)) specifiers.add(text.slice(1, -1));
  }
  return [...specifiers].map((specifier) => ({ from: file, specifier }));
}

function filesOf(part: string): string[] {
  return globSync(`${part}/**/*.ts`, {
    cwd: root,
    exclude: (name) => /(^|\/)(node_modules|generated|dist|test)$/.test(name),
  });
}

function partOf(file: string): string | undefined {
  return Object.keys(MAY_IMPORT).find((part) => file === part || file.startsWith(`${part}/`));
}

describe.each(Object.keys(MAY_IMPORT))('%s', (part) => {
  const imports = filesOf(part).flatMap(importsOf);

  it('imports only the parts below it', () => {
    const wrong = imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ from, specifier }) => ({ from, to: relative(root, resolve(root, dirname(from), specifier)) }))
      .filter(({ to }) => {
        const target = partOf(to);
        return target !== part && !(target !== undefined && MAY_IMPORT[part]?.includes(target));
      })
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(wrong).toEqual([]);
  });

  it('declares every package that it imports', () => {
    const home = existing(join(part, 'package.json')) ?? 'package.json';
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, home), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    const undeclared = imports
      .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .filter(({ specifier }) => !Object.hasOwn(dependencies, packageName(specifier)))
      .map(({ from, specifier }) => `${from} imports ${specifier}`);
    expect(undeclared).toEqual([]);
  });
});

it('services know nothing of each other, and the monolith nothing of them', () => {
  const parts = globSync('services/*/package.json', { cwd: root }).map(dirname);
  expect(Object.keys(MAY_IMPORT)).toEqual(expect.arrayContaining(parts));
});

function packageName(specifier: string): string {
  const [scope, name] = specifier.split('/');
  return specifier.startsWith('@') ? `${scope}/${name}` : scope!;
}

function existing(file: string): string | undefined {
  return globSync(file, { cwd: root })[0];
}
