/**
 * What a route reads from the body or the query of a request, as its source says: a validation schema that its registration names (Joi, Zod, Yup,
 * TypeBox, JSON Schema), or the names that its handler takes from it. A guess for made-up requests: what it misses is only not
 * tried.
 */
import { join } from 'node:path';
import { eachChild, isCallable, lineAt, type Node, unwrap } from '../../../analysis/syntax/ast.ts';
import type { SourceFile } from '../../../analysis/syntax/parse.ts';
import { type Found, keyOf, memberOf, Names, nameOf } from './names.ts';
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

export class FieldReader {
  readonly #root: string;
  readonly #names = new Names();

  /** @param root folder that the places are relative to */
  constructor(root: string) {
    this.#root = root;
  }

  /** Undefined: the source does not say. */
  fieldsOf({ file, line, registered }: RoutePlace, part: Part = 'body'): Map<string, FieldHint> | undefined {
    this.#names.begin();
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
    const source = this.#names.source(join(this.#root, file));
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
    const hint =
      node.type === 'Identifier' || node.type === 'MemberExpression' ? undefined : hintOf(node, resolve);
    if (hint?.fields !== undefined && hint.fields.size > 0 && hint.schema === true)
      return fieldsOfPart(hint.fields, part);
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
    const source = this.#names.source(join(this.#root, file));
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
      if (plain.type === 'AwaitExpression') return isPart((plain as unknown as { argument: Node }).argument);
      if (parameter !== undefined || plain.type !== 'MemberExpression') return false;
      return isNameOf(part, nameOf(plain));
    };
    const add = (name: string | undefined): void => {
      if (name !== undefined && /^[A-Za-z_]\w{0,40}$/.test(name) && !fields.has(name) && !BUILT_IN.has(name))
        fields.set(name, {});
    };
    const take = (target: Node): void => {
      const plain = target.type === 'AssignmentPattern' ? (target as unknown as { left: Node }).left : target;
      if (plain.type === 'Identifier') names.add((plain as { name: string }).name);
      else for (const property of propertiesOf(plain)) add(keyOf(property));
    };
    /** `{ body }` or `{ query }` of a request. */
    const takeMember = (pattern: Node): void => {
      for (const property of propertiesOf(pattern))
        if (isNameOf(part, keyOf(property))) take((property as unknown as { value: Node }).value);
    };
    const visit = (node: Node): void => {
      if (node.type === 'VariableDeclarator') {
        const { id, init } = node as unknown as { id: Node; init: Node | null };
        if (isPart(init)) take(id);
        else if (parameter === undefined && init !== null && unwrap(init).type === 'Identifier')
          takeMember(id);
      } else if (parameter === undefined && isCallable(node)) {
        for (const item of (node as unknown as { params: Node[] }).params) takeMember(item);
      }
      if (node.type === 'MemberExpression') {
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
    else if (parameter !== undefined) for (const property of propertiesOf(parameter)) add(keyOf(property));
  }

  #resolve(source: SourceFile): Resolve {
    return (node) => this.#names.target(unwrap(node), source);
  }
}

function isNameOf(part: Part, name: string | undefined): boolean {
  return (PARTS[part] as readonly string[]).includes(name ?? '');
}

/** Of a schema for the whole request, `z.object({ body, query })`, its part. A schema of nothing in particular is one of the body. */
function fieldsOfPart(fields: Map<string, FieldHint>, part: Part): Map<string, FieldHint> | undefined {
  const parts = ['body', 'query', 'params', 'headers', 'cookies'];
  if (![...fields].every(([name, { fields: inner }]) => parts.includes(name) && inner !== undefined))
    return part === 'body' ? fields : undefined;
  return fields.get(part)?.fields;
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

/** Where a call is read: of a chain, at the method's own name. */
function placeOf(call: Node): number {
  const { callee } = call as unknown as { callee: Node };
  return callee.type === 'MemberExpression'
    ? (callee as unknown as { property: Node }).property.start
    : call.start;
}

/** Calls that stand on the line, the largest first; else those that cover it, the smallest first. */
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
  const exact = found.filter((call) => lineAt(source.lines, placeOf(call)) === line);
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

function propertiesOf(pattern: Node): Node[] {
  return pattern.type === 'ObjectPattern' ? (pattern as unknown as { properties: Node[] }).properties : [];
}
