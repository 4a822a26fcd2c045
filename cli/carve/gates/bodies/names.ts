/** What a name stands for, across the files of a project: imports, re-exports, CommonJS. Bounded: files may import in circles. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
import { eachChild, type Node, unwrap } from '../../../analysis/syntax/ast.ts';
import { parseFile, type SourceFile } from '../../../analysis/syntax/parse.ts';

export interface Found {
  node: Node;
  source: SourceFile;
}

const MOST_DEPTH = 6;
const RESOLVER = {
  extensions: ['.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json'],
  extensionAlias: { '.js': ['.ts', '.tsx', '.js'], '.mjs': ['.mts', '.mjs'], '.cjs': ['.cts', '.cjs'] },
  conditionNames: ['node', 'import', 'require'],
};

/** Most names that are followed for one route: files may be made to lead everywhere from everywhere. */
const MOST_STEPS = 2000;

export class Names {
  readonly #sources = new Map<string, SourceFile | undefined>();
  readonly #resolver = new ResolverFactory(RESOLVER);
  readonly #aliases = new ResolverFactory({ ...RESOLVER, tsconfig: 'auto' });
  #steps = 0;

  /** Before each route. */
  begin(): void {
    this.#steps = 0;
  }

  /** @returns undefined: it can't be read or does not parse */
  source(path: string): SourceFile | undefined {
    if (!this.#sources.has(path)) {
      let source: SourceFile | undefined;
      try {
        const parsed = parseFile(path, path, readFileSync(path, 'utf8'));
        source = 'program' in parsed ? parsed : undefined;
      } catch {
        source = undefined;
      }
      this.#sources.set(path, source);
    }
    return this.#sources.get(path);
  }

  /** What a name or a member of a name stands for, through imports and re-exports. */
  target(node: Node, source: SourceFile, depth = 0): Found | undefined {
    this.#steps += 1;
    if (depth > MOST_DEPTH || this.#steps > MOST_STEPS) return undefined;
    if (node.type === 'Identifier') {
      const { name } = node as { name: string };
      const declared = declarationOf(source, name);
      if (declared !== undefined) return this.#further({ node: declared, source }, depth);
      const imported = importOf(source, name);
      if (imported !== undefined) return this.#imported(source, imported.from, imported.name, depth + 1);
      const local = localOf(source, name, node.start);
      return local === undefined ? undefined : this.#further({ node: local, source }, depth);
    }
    const from = requested(node);
    if (from !== undefined) return this.#imported(source, from, '*', depth + 1);
    const wanted = nameOf(node);
    if (node.type !== 'MemberExpression' || wanted === undefined) return undefined;
    const holder = unwrap((node as unknown as { object: Node }).object);
    const module = this.#moduleOf(holder, source, depth);
    if (module !== undefined) return this.#imported(module.source, module.from, wanted, depth + 1);
    const found = this.target(holder, source, depth + 1);
    const value = found === undefined ? undefined : memberOf(unwrap(found.node), wanted);
    return value === undefined || found === undefined
      ? undefined
      : this.#further({ node: value, source: found.source }, depth);
  }

  /** The module that a name stands for as a whole: `import * as a`, `const a = require()`, `exports.a = require()`. */
  #moduleOf(node: Node, source: SourceFile, depth: number): { source: SourceFile; from: string } | undefined {
    const direct = requested(node);
    if (direct !== undefined) return { source, from: direct };
    const imported =
      node.type === 'Identifier' ? importOf(source, (node as { name: string }).name) : undefined;
    if (imported?.name === '*') return { source, from: imported.from };
    if (imported === undefined || depth > MOST_DEPTH) return undefined;
    const target = this.#file(source, imported.from);
    const exported = target === undefined ? undefined : exportOf(target, imported.name);
    if (target === undefined || exported === undefined) return undefined;
    if ('from' in exported)
      return exported.name === '*' ? { source: target, from: exported.from } : undefined;
    const from = requested(exported.node);
    return from === undefined ? undefined : { source: target, from };
  }

  #further(found: Found, depth: number): Found {
    const node = unwrap(found.node);
    if (node.type !== 'Identifier' && node.type !== 'MemberExpression' && requested(node) === undefined)
      return { ...found, node };
    return this.target(node, found.source, depth + 1) ?? found;
  }

  #imported(source: SourceFile, from: string, name: string, depth: number): Found | undefined {
    this.#steps += 1;
    if (depth > MOST_DEPTH || this.#steps > MOST_STEPS) return undefined;
    const target = this.#file(source, from);
    if (target === undefined) return undefined;
    const exported = exportOf(target, name);
    if (exported !== undefined && 'from' in exported)
      return this.#imported(target, exported.from, exported.name, depth + 1);
    if (exported !== undefined) return this.#further({ node: exported.node, source: target }, depth);
    for (const all of exportedWhole(target)) {
      const found = this.#imported(target, all, name, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Of the project's own: packages are not read. */
  #file(source: SourceFile, from: string): SourceFile | undefined {
    const path =
      this.#resolver.sync(dirname(source.path), from).path ??
      this.#aliases.resolveFileSync(source.path, from).path;
    return path === undefined || path.includes('/node_modules/') ? undefined : this.source(path);
  }
}

export function memberOf(node: Node, wanted: string): Node | undefined {
  if (node.type !== 'ObjectExpression') return undefined;
  for (const property of (node as unknown as { properties: Node[] }).properties)
    if (keyOf(property) === wanted) return (property as unknown as { value: Node }).value;
  return undefined;
}

export function keyOf(property: Node): string | undefined {
  if (property.type !== 'Property') return undefined;
  const { key, computed } = property as unknown as { key: Node; computed: boolean };
  if (computed) return undefined;
  if (key.type === 'Identifier') return (key as { name: string }).name;
  const { value } = key as { value?: unknown };
  return typeof value === 'string' ? value : undefined;
}

export function nameOf(node: Node): string | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  const { property, computed } = node as unknown as { property: Node; computed: boolean };
  if (!computed) return (property as { name?: string }).name;
  const { value } = property as { value?: unknown };
  return typeof value === 'string' ? value : undefined;
}

function statements(source: SourceFile): Node[] {
  return source.program.body.map((statement) => {
    const node = statement as Node;
    const inner = (node as unknown as { declaration?: Node | null }).declaration;
    return node.type === 'ExportNamedDeclaration' && inner ? inner : node;
  });
}

function declarationOf(source: SourceFile, name: string): Node | undefined {
  for (const statement of statements(source)) {
    if (statement.type === 'VariableDeclaration')
      for (const { id, init } of (statement as unknown as { declarations: { id: Node; init: Node | null }[] })
        .declarations)
        if (
          id.type === 'Identifier' &&
          (id as { name: string }).name === name &&
          init !== null &&
          !isRequire(init)
        )
          return init;
    if (
      statement.type === 'FunctionDeclaration' &&
      (statement as { id?: { name: string } | null }).id?.name === name
    )
      return statement;
  }
  return undefined;
}

function isRequire(node: Node): boolean {
  return requested(node) !== undefined;
}

function requested(node: Node): string | undefined {
  const plain = unwrap(node);
  if (plain.type !== 'CallExpression') return undefined;
  const { callee, arguments: args } = plain as unknown as {
    callee: { name?: string };
    arguments: { value?: unknown }[];
  };
  const from = args[0]?.value;
  return callee.name === 'require' && typeof from === 'string' ? from : undefined;
}

function importOf(source: SourceFile, name: string): { from: string; name: string } | undefined {
  for (const statement of source.program.body as unknown as Node[]) {
    if (statement.type === 'ImportDeclaration') {
      const { source: from, specifiers } = statement as unknown as {
        source: { value: string };
        specifiers: { type: string; local: { name: string }; imported?: { name?: string; value?: string } }[];
      };
      for (const { type, local, imported } of specifiers)
        if (local.name === name)
          return {
            from: from.value,
            name:
              type === 'ImportDefaultSpecifier'
                ? 'default'
                : type === 'ImportNamespaceSpecifier'
                  ? '*'
                  : (imported?.name ?? imported?.value ?? name),
          };
    }
    if (statement.type !== 'VariableDeclaration') continue;
    for (const { id, init } of (statement as unknown as { declarations: { id: Node; init: Node | null }[] })
      .declarations) {
      const from = init === null ? undefined : requested(init);
      if (from === undefined) continue;
      if (id.type === 'Identifier' && (id as { name: string }).name === name) return { from, name: '*' };
      if (id.type !== 'ObjectPattern') continue;
      for (const property of (id as unknown as { properties: Node[] }).properties) {
        const { value } = property as unknown as { value?: { name?: string } };
        if (value?.name === name) return { from, name: keyOf(property) ?? name };
      }
    }
  }
  return undefined;
}

function exportsItself(statement: Node): boolean {
  return (statement as unknown as { declaration?: Node | null }).declaration != null;
}

type Exported = { node: Node } | { from: string; name: string };

function exportOf(source: SourceFile, name: string): Exported | undefined {
  for (const statement of source.program.body as unknown as Node[]) {
    if (statement.type === 'ExportDefaultDeclaration' && name === 'default')
      return { node: (statement as unknown as { declaration: Node }).declaration };
    if (statement.type === 'ExportAllDeclaration') {
      const { exported, source: from } = statement as unknown as {
        exported: { name?: string } | null;
        source: { value: string };
      };
      if (exported?.name === name) return { from: from.value, name: '*' };
      continue;
    }
    if (statement.type === 'ExportNamedDeclaration') {
      const declared = exportsItself(statement) ? declarationOf(source, name) : undefined;
      if (declared !== undefined) return { node: declared };
      const { specifiers, source: from } = statement as unknown as {
        specifiers: {
          local: { name?: string; value?: string };
          exported: { name?: string; value?: string };
        }[];
        source: { value: string } | null;
      };
      for (const { local, exported } of specifiers) {
        if ((exported.name ?? exported.value) !== name) continue;
        const inner = local.name ?? local.value ?? name;
        if (from !== null) return { from: from.value, name: inner };
        const own = declarationOf(source, inner);
        return own === undefined ? importOf(source, inner) : { node: own };
      }
    }
    // module.exports = …, exports.name = …
    if (statement.type !== 'ExpressionStatement') continue;
    const { expression } = statement as unknown as { expression: Node };
    if (expression.type !== 'AssignmentExpression') continue;
    const { left, right } = expression as unknown as { left: Node; right: Node };
    const text = source.text.slice(left.start, left.end);
    if (text === 'module.exports') {
      if (name === 'default' || name === '*') return { node: right };
      const member = memberOf(unwrap(right), name);
      if (member !== undefined) {
        const plain = unwrap(member);
        const declared =
          plain.type === 'Identifier' ? declarationOf(source, (plain as { name: string }).name) : undefined;
        return { node: declared ?? member };
      }
    }
    if (text === `exports.${name}` || text === `module.exports.${name}`) return { node: right };
  }
  return undefined;
}

/** `export * from …` */
function exportedWhole(source: SourceFile): string[] {
  return (source.program.body as unknown as Node[]).flatMap((statement) => {
    const { source: from, exported } = statement as unknown as {
      source?: { value: string };
      exported?: object | null;
    };
    return statement.type === 'ExportAllDeclaration' && !exported && from !== undefined ? [from.value] : [];
  });
}

/** Of a function around it: `const schema = {…}` within a plugin. The last one before the place where it is used. */
function localOf(source: SourceFile, name: string, before: number): Node | undefined {
  let found: Node | undefined;
  const visit = (node: Node): void => {
    if (node.start >= before) return;
    if (node.type === 'VariableDeclarator') {
      const { id, init } = node as unknown as { id: { name?: string }; init: Node | null };
      if (id.name === name && init !== null) found = init;
    }
    eachChild(node, visit);
  };
  for (const statement of source.program.body) visit(statement as Node);
  return found;
}
