/**
 * What a route reads from the body or the query of a request, as its source says: a validation schema that its registration names (Joi, Zod, Yup,
 * TypeBox, JSON Schema), or the names that its handler takes from it. A guess for made-up requests: what it misses is only not
 * tried.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
import { eachChild, isCallable, lineAt, type Node, unwrap } from '../../../analysis/syntax/ast.ts';
import { parseFile, type SourceFile } from '../../../analysis/syntax/parse.ts';
import { type FieldHint, hintOf, type Resolve } from './schema-hints.ts';

export interface RoutePlace {
  file: string;
  line: number;
  registered: { file: string; line: number };
}

export type { FieldHint } from './schema-hints.ts';

/** Parts of a request, by the names that frameworks and validators give them. */
const PARTS = { body: ['body'], query: ['query', 'querystring'] } as const;
export type Part = keyof typeof PARTS;

const MOST_DEPTH = 6;
const RESOLVER = {
  extensions: ['.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json'],
  extensionAlias: { '.js': ['.ts', '.tsx', '.js'], '.mjs': ['.mts', '.mjs'], '.cjs': ['.cts', '.cjs'] },
  conditionNames: ['node', 'import', 'require'],
};

interface Found {
  node: Node;
  source: SourceFile;
}

export class FieldReader {
  readonly #root: string;
  readonly #sources = new Map<string, SourceFile | undefined>();
  readonly #resolver = new ResolverFactory(RESOLVER);

  /** @param root folder that the places are relative to */
  constructor(root: string) {
    this.#root = root;
  }

  /** Undefined: the source does not say. */
  fieldsOf({ file, line, registered }: RoutePlace, part: Part = 'body'): Map<string, FieldHint> | undefined {
    try {
      const validated = this.#registered(registered, part);
      if (validated !== undefined && validated.size > 0) return validated;
      const read = this.#handled(file, line, part);
      return read.size > 0 ? read : undefined;
    } catch {
      // A program that is unlike all others: nothing is known of it then.
      return undefined;
    }
  }

  /** The schema among the arguments of the call that registers the route. */
  #registered(
    { file, line }: { file: string; line: number },
    part: Part,
  ): Map<string, FieldHint> | undefined {
    const source = this.#source(join(this.#root, file));
    if (source === undefined) return undefined;
    const call = callsAt(source, line)[0];
    if (call === undefined) return undefined;
    for (const argument of (call as { arguments?: Node[] }).arguments ?? []) {
      const found = this.#schemaIn({ node: argument, source }, part, 0);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Within an argument, but not within functions: `validate(schemas.login)`, `{ schema: { body } }`. */
  #schemaIn(found: Found, part: Part, depth: number): Map<string, FieldHint> | undefined {
    if (depth > MOST_DEPTH) return undefined;
    const node = unwrap(found.node);
    if (isCallable(node)) return undefined;
    const resolve = this.#resolve(found.source);
    const direct = partOf(node, part, resolve);
    if (direct !== undefined) {
      const hint = hintOf(direct.node, this.#resolve(direct.source ?? found.source));
      if (hint?.fields !== undefined) return hint.fields;
    }
    // A schema of nothing in particular is one of the body.
    const hint =
      part !== 'body' || node.type === 'Identifier' || node.type === 'MemberExpression'
        ? undefined
        : hintOf(node, resolve);
    if (hint?.fields !== undefined && hint.fields.size > 0 && hint.schema === true) return hint.fields;
    if (node.type === 'Identifier' || node.type === 'MemberExpression') {
      const target = resolve(node);
      return target === undefined ? undefined : this.#schemaIn(target, part, depth + 1);
    }
    if (node.type !== 'CallExpression' && node.type !== 'ArrayExpression') return undefined;
    const inner =
      node.type === 'CallExpression'
        ? (node as { arguments: Node[] }).arguments
        : (node as { elements: (Node | null)[] }).elements;
    for (const item of inner) {
      if (item === null) continue;
      const deeper = this.#schemaIn({ node: item, source: found.source }, part, depth + 1);
      if (deeper !== undefined) return deeper;
    }
    return undefined;
  }

  #handled(file: string, line: number, part: Part): Map<string, FieldHint> {
    const fields = new Map<string, FieldHint>();
    const source = this.#source(join(this.#root, file));
    if (source === undefined) return fields;
    const handler = functionAt(source, line);
    if (handler !== undefined) this.#read({ node: handler, source }, part, undefined, fields, 0);
    return fields;
  }

  /** @param parameter name that holds the part; undefined: it is a member of something, such as `request.body` */
  #read(
    { node: root, source }: Found,
    part: Part,
    parameter: string | undefined,
    fields: Map<string, FieldHint>,
    depth: number,
  ): void {
    const names = new Set(parameter === undefined ? [] : [parameter]);
    const isPart = (value: Node | null | undefined): boolean => {
      if (value === null || value === undefined) return false;
      const plain = unwrap(value);
      if (plain.type === 'Identifier') return names.has((plain as { name: string }).name);
      if (plain.type === 'LogicalExpression') return isPart((plain as { left: Node }).left);
      if (parameter !== undefined || plain.type !== 'MemberExpression') return false;
      return (PARTS[part] as readonly string[]).includes(nameOf(plain) ?? '');
    };
    const add = (name: string | undefined): void => {
      if (name !== undefined && /^[A-Za-z_]\w{0,40}$/.test(name) && !fields.has(name) && !BUILT_IN.has(name))
        fields.set(name, {});
    };
    const visit = (node: Node): void => {
      if (node.type === 'VariableDeclarator') {
        const { id, init } = node as unknown as { id: Node; init: Node | null };
        if (isPart(init)) {
          if (id.type === 'Identifier') names.add((id as { name: string }).name);
          if (id.type === 'ObjectPattern')
            for (const property of (id as unknown as { properties: Node[] }).properties) add(keyOf(property));
        }
      } else if (node.type === 'MemberExpression') {
        if (isPart((node as { object: Node }).object)) add(nameOf(node));
      } else if (node.type === 'CallExpression') {
        this.#readCall(node, source, part, isPart, add, fields, depth);
      }
      eachChild(node, visit);
    };
    visit(root);
  }

  #readCall(
    node: Node,
    source: SourceFile,
    part: Part,
    isPart: (node: Node) => boolean,
    add: (name: string | undefined) => void,
    fields: Map<string, FieldHint>,
    depth: number,
  ): void {
    const { callee, arguments: args } = node as unknown as { callee: Node; arguments: Node[] };
    const at = args.findIndex(isPart);
    if (at === -1) return;
    // textField(request.body, 'title')
    for (const argument of args.slice(at + 1)) {
      const value = unwrap(argument);
      if (value.type === 'Literal' && typeof (value as { value: unknown }).value === 'string')
        add((value as unknown as { value: string }).value);
    }
    const resolve = this.#resolve(source);
    // schema.parse(req.body)
    if (callee.type === 'MemberExpression' && /parse|valid|check|assert|cast/i.test(nameOf(callee) ?? '')) {
      const hint = hintOf((callee as unknown as { object: Node }).object, resolve);
      if (hint?.fields !== undefined) {
        for (const [name, inner] of hint.fields) fields.set(name, inner);
        return;
      }
    }
    // reviews.validateReview(request.body)
    if (depth >= 2) return;
    const target = resolve(callee);
    const func = target === undefined ? undefined : unwrap(target.node);
    if (target === undefined || func === undefined || !isCallable(func)) return;
    const parameter = (func as unknown as { params: Node[] }).params[at];
    if (parameter?.type === 'Identifier')
      this.#read(
        { node: func, source: target.source },
        part,
        (parameter as { name: string }).name,
        fields,
        depth + 1,
      );
    else if (parameter?.type === 'ObjectPattern')
      for (const property of (parameter as unknown as { properties: Node[] }).properties)
        add(keyOf(property));
  }

  #resolve(source: SourceFile): Resolve {
    return (node) => this.#target(unwrap(node), source, 0);
  }

  /** What a name or a member of a name stands for, through imports and re-exports. */
  #target(node: Node, source: SourceFile, depth: number): Found | undefined {
    if (depth > MOST_DEPTH) return undefined;
    if (node.type === 'Identifier') {
      const { name } = node as { name: string };
      const declared = declarationOf(source, name);
      if (declared !== undefined) return this.#further({ node: declared, source }, depth);
      const imported = importOf(source, name);
      return imported === undefined
        ? undefined
        : this.#imported(source, imported.from, imported.name, depth + 1);
    }
    if (node.type !== 'MemberExpression') return undefined;
    const wanted = nameOf(node);
    const { object } = node as unknown as { object: Node };
    if (wanted === undefined) return undefined;
    const plain = unwrap(object);
    if (plain.type === 'Identifier') {
      const imported = importOf(source, (plain as { name: string }).name);
      if (imported?.name === '*') return this.#imported(source, imported.from, wanted, depth + 1);
    }
    const holder = this.#target(plain, source, depth + 1);
    const value = holder === undefined ? undefined : memberOf(unwrap(holder.node), wanted);
    return value === undefined || holder === undefined
      ? undefined
      : this.#further({ node: value, source: holder.source }, depth);
  }

  #further(found: Found, depth: number): Found {
    const node = unwrap(found.node);
    if (node.type !== 'Identifier' && node.type !== 'MemberExpression') return { ...found, node };
    return this.#target(node, found.source, depth + 1) ?? found;
  }

  #imported(source: SourceFile, from: string, name: string, depth: number): Found | undefined {
    if (depth > MOST_DEPTH) return undefined;
    const path =
      this.#resolver.sync(dirname(source.path), from).path ?? this.#withTsconfig(source.path, from);
    const target = path === undefined || path.includes('/node_modules/') ? undefined : this.#source(path);
    if (target === undefined) return undefined;
    const exported = exportOf(target, name);
    if (exported === undefined) return undefined;
    if ('from' in exported) return this.#imported(target, exported.from, exported.name, depth + 1);
    return this.#further({ node: exported.node, source: target }, depth);
  }

  #withTsconfig(path: string, from: string): string | undefined {
    return new ResolverFactory({ ...RESOLVER, tsconfig: 'auto' }).resolveFileSync(path, from).path;
  }

  #source(path: string): SourceFile | undefined {
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
}

const BUILT_IN = new Set([
  'length',
  'toString',
  'hasOwnProperty',
  'map',
  'filter',
  'forEach',
  'pipe',
  'on',
  'slice',
]);

/** `{ body: X }` or `{ schema: { body: X } }`. */
function partOf(node: Node, part: Part, resolve: Resolve): { node: Node; source?: SourceFile } | undefined {
  if (node.type !== 'ObjectExpression') return undefined;
  const member = (of: Node): Node | undefined =>
    PARTS[part].map((name) => memberOf(of, name)).find((value) => value !== undefined);
  const own = member(node);
  if (own !== undefined) return { node: own };
  const schema = memberOf(node, 'schema');
  if (schema === undefined) return undefined;
  const plain = unwrap(schema);
  const target = plain.type === 'ObjectExpression' ? undefined : resolve(plain);
  const inner = member(target === undefined ? plain : unwrap(target.node));
  return inner === undefined ? undefined : { node: inner, ...(target && { source: target.source }) };
}

export function memberOf(node: Node, wanted: string): Node | undefined {
  if (node.type !== 'ObjectExpression') return undefined;
  for (const property of (node as unknown as { properties: Node[] }).properties)
    if (keyOf(property) === wanted) return (property as unknown as { value: Node }).value;
  return undefined;
}

function keyOf(property: Node): string | undefined {
  if (property.type !== 'Property') return undefined;
  const { key, computed } = property as unknown as { key: Node; computed: boolean };
  if (computed) return undefined;
  if (key.type === 'Identifier') return (key as { name: string }).name;
  const { value } = key as { value?: unknown };
  return typeof value === 'string' ? value : undefined;
}

function nameOf(node: Node): string | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  const { property, computed } = node as unknown as { property: Node; computed: boolean };
  if (!computed) return (property as { name?: string }).name;
  const { value } = property as { value?: unknown };
  return typeof value === 'string' ? value : undefined;
}

/** Calls that begin on the line or cover it, the smallest first. */
function callsAt(source: SourceFile, line: number): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    const begins = lineAt(source.lines, node.start);
    if (begins > line || lineAt(source.lines, Math.max(node.start, node.end - 1)) < line) return;
    if (node.type === 'CallExpression' && (node as unknown as { arguments: Node[] }).arguments.length > 1)
      found.push(node);
    else if (
      node.type === 'CallExpression' &&
      nameOf((node as unknown as { callee: Node }).callee) === 'route'
    )
      found.push(node);
    eachChild(node, visit);
  };
  for (const statement of source.program.body) visit(statement as Node);
  const exact = found.filter(({ start }) => lineAt(source.lines, start) === line);
  return (exact.length > 0 ? exact : found).sort((a, b) =>
    exact.length > 0 ? b.end - b.start - (a.end - a.start) : a.end - a.start - (b.end - b.start),
  );
}

/** The outermost function that begins on the line, or what a variable on it is made of. */
function functionAt(source: SourceFile, line: number): Node | undefined {
  let found: Node | undefined;
  const visit = (node: Node): void => {
    if (found !== undefined) return;
    if (lineAt(source.lines, node.start) === line && (isCallable(node) || node.type === 'MethodDefinition')) {
      found = node;
      return;
    }
    eachChild(node, visit);
  };
  for (const statement of source.program.body) visit(statement as Node);
  return found;
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

type Exported = { node: Node } | { from: string; name: string };

function exportOf(source: SourceFile, name: string): Exported | undefined {
  for (const statement of source.program.body as unknown as Node[]) {
    if (statement.type === 'ExportDefaultDeclaration' && name === 'default')
      return { node: (statement as unknown as { declaration: Node }).declaration };
    if (statement.type === 'ExportAllDeclaration') continue;
    if (statement.type === 'ExportNamedDeclaration') {
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
        const declared = declarationOf(source, inner);
        if (declared !== undefined) return { node: declared };
        return importOf(source, inner);
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
  const declared = declarationOf(source, name);
  if (declared !== undefined && source.esm) return { node: declared };
  for (const statement of source.program.body as unknown as Node[])
    if (statement.type === 'ExportAllDeclaration')
      return { from: (statement as unknown as { source: { value: string } }).source.value, name };
  return undefined;
}
