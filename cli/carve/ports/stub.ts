/** What stands in the service for a function that stayed in the monolith: the same function, which calls it there. */
import { posix } from 'node:path';
import type { FunctionNode, Node } from '../../analysis/syntax/ast.ts';
import { parseFile } from '../../analysis/syntax/parse.ts';
import type { IdentitySpec, PortSpec, ServiceSpec } from '../service/spec.ts';
import { identityName } from './digest.ts';
import { type TypeReference, typeReferences, withAny } from './types.ts';

export interface StubOptions {
  /** Names of types that the service's file can't have; `any` stands for them. */
  missing?: ReadonlySet<string>;
  /** The return type that the compiler found, where none is declared; see `inferred-types.ts`. */
  inferred?: string;
  /** Indentation of the line on which the text begins. */
  indent?: string;
}

export interface Stub {
  /**
   * Replaces exactly the function's own node: the declaration from `async` or `function` to its closing brace, the
   * arrow function, or of a method what begins with its type parameters or opening parenthesis. What stands before
   * that (`export`, `exports.find =`, `static async find`, `find:`) stays as its authors wrote it.
   */
  text: string;
  imports: { request: string; names: string[] }[];
  /** Names that the types mention: the file has to keep declaring or importing them, or they belong in `missing`. */
  mentions: string[];
  /** Types that became `any`, in words for the service's README. */
  open: string[];
}

/** The stub of one port. Throws where the text of its parameters can't be parsed. */
export function stubOf(port: PortSpec, spec: ServiceSpec, options: StubOptions = {}): Stub {
  const indent = options.indent ?? '';
  const typed = isTypeScript(port.file);
  const signature = signatureOf(port, spec, typed, options);
  const call = `callPort('${port.address}', [${signature.args.join(', ')}])`;
  const value = typed ? `${call} as ${signature.returns}` : call;
  const head = `${signature.typeParameters}(${signature.parameters.join(', ')})${typed ? `: ${signature.returns}` : ''}`;
  const block = `{\n${indent}  return ${value};\n${indent}}`;
  const last = port.name.split('.').at(-1) ?? '';
  const name = /^[A-Za-z_$][\w$]*$/.test(last) && last !== 'default' ? ` ${last}` : '';
  const text =
    port.form === 'arrow'
      ? `async ${head} =>\n${indent}  ${value}`
      : port.form === 'method'
        ? `${head} ${block}`
        : `async function${name}${name === '' ? ' ' : ''}${head} ${block}`;
  return {
    text,
    imports: [{ request: requestTo(spec, port.file, 'service/ports/client'), names: ['callPort'] }],
    mentions: signature.mentions,
    open: signature.open,
  };
}

/** What stands in the service for a function that finds out who is calling; it replaces the same node as a port's stub. */
export function identityStubOf(
  item: IdentitySpec,
  spec: ServiceSpec,
  options: { indent?: string } = {},
): Stub {
  const indent = options.indent ?? '';
  const typed = isTypeScript(item.file);
  const name = `'${identityName(item)}'`;
  const [head, call] = typed
    ? ['(...asked: Asked)', `identify(${name}, ...asked)`]
    : spec.framework === 'express'
      ? ['(request, response, next)', `identify(${name}, request, response, next)`]
      : ['(request, reply)', `identify(${name}, request, reply)`];
  const block = `{\n${indent}  return ${call};\n${indent}}`;
  const declared = /^[A-Za-z_$][\w$]*$/.test(item.name) && item.name !== 'default' ? ` ${item.name}` : ' ';
  const text =
    item.form === 'function'
      ? `async function${declared}${head} ${block}`
      : item.form === 'method'
        ? `${head} ${block}`
        : `async ${head} => ${call}`;
  return {
    text,
    imports: [
      {
        request: requestTo(spec, item.file, 'service/ports/identity'),
        names: typed ? ['type Asked', 'identify'] : ['identify'],
      },
    ],
    mentions: [],
    open: [],
  };
}

/** How `from` (a path in the service) imports the file `to` (another, without its extension). */
export function requestTo(spec: ServiceSpec, from: string, to: string): string {
  const relative = posix.relative(posix.dirname(from), to);
  return `${relative.startsWith('.') ? '' : './'}${relative}${extensionOf(spec)}`;
}

export function extensionOf(spec: ServiceSpec): '' | '.js' | '.ts' {
  return spec.layout.importExtension ?? (spec.modules === 'esm' ? '.js' : '');
}

export function isTypeScript(file: string): boolean {
  return /\.[cm]?tsx?$/.test(file);
}

interface Signature {
  typeParameters: string;
  parameters: string[];
  args: string[];
  returns: string;
  mentions: string[];
  open: string[];
}

function signatureOf(port: PortSpec, spec: ServiceSpec, typed: boolean, options: StubOptions): Signature {
  const mentions = new Set<string>();
  const open: string[] = [];
  const gone = (reference: TypeReference): boolean =>
    reference.request !== undefined
      ? !isDependency(spec, reference.request)
      : (options.missing?.has(reference.name ?? '') ?? false);
  /** Text of a part of `source` in which types that are not there are `any`. */
  const settle = (source: string, node: Node, declared: ReadonlySet<string>, what: string): string => {
    const references = typeReferences(node, declared);
    const lost = references.filter(gone);
    for (const reference of references)
      if (reference.name !== undefined && !gone(reference)) mentions.add(reference.name);
    const names = [...new Set(lost.map((item) => item.name ?? source.slice(item.start, item.end)))];
    if (names.length > 0) open.push(`${port.address}: \`any\` stands for ${names.join(', ')} in ${what}`);
    return withAny(source.slice(node.start, node.end), references, node.start, gone);
  };

  const declaration = functionOf(port.typeParameterText, port.parameterText, port.returnType, typed, port);
  const { source, node } = declaration;
  const declared = new Set<string>();
  const typeParameters = node.typeParameters;
  for (const parameter of typeParameters?.params ?? [])
    declared.add((parameter.name as { name: string }).name);
  const typeParameterText =
    typed && typeParameters ? settle(source, typeParameters as Node, declared, 'its type parameters') : '';

  const parameters: string[] = [];
  const args: string[] = [];
  for (const [at, written] of node.params.entries()) {
    let parameter = written as Node;
    let optional = false;
    let rest = false;
    let fallback: Node | undefined;
    if (parameter.type === 'AssignmentPattern') {
      optional = true;
      fallback = parameter.right as Node;
      parameter = parameter.left as Node;
    } else if (parameter.type === 'RestElement') {
      rest = true;
      parameter = { ...(parameter.argument as Node), typeAnnotation: parameter.typeAnnotation } as Node;
    }
    const { typeAnnotation } = parameter as { typeAnnotation?: { typeAnnotation: Node } | null };
    if (parameter.type === 'Identifier') {
      if (parameter.name === 'this') continue;
      optional ||= (parameter as { optional?: boolean }).optional === true;
    }
    const name = parameter.type === 'Identifier' ? parameter.name : `argument${at + 1}`;
    let type = '';
    if (typed) {
      if (typeAnnotation)
        type = `: ${settle(source, typeAnnotation.typeAnnotation, declared, `\`${name}\``)}`;
      else if (fallback !== undefined && typeOfLiteral(fallback) !== undefined)
        type = `: ${typeOfLiteral(fallback)}`;
      else {
        type = rest ? ': any[]' : ': any';
        open.push(`${port.address}: \`${name}\` has no type`);
      }
    }
    // A parameter after an optional one may be required; then the optional one takes `undefined`.
    const followed = node.params.slice(at + 1).some((later) => isRequired(later as Node));
    if (rest) parameters.push(`...${name}${type}`);
    else if (typed && optional && followed) parameters.push(`${name}${type} | undefined`);
    else parameters.push(`${name}${typed && optional ? '?' : ''}${type}`);
    args.push(rest ? `...${name}` : name);
  }

  let returns = 'Promise<any>';
  const written = port.returnType ?? options.inferred;
  if (typed && written !== undefined) {
    const result =
      port.returnType !== undefined
        ? declaration
        : functionOf(port.typeParameterText, '', options.inferred, true, port);
    const type = (result.node.returnType as { typeAnnotation: Node } | null)?.typeAnnotation;
    if (type !== undefined) returns = promised(settle(result.source, type, declared, 'its result'), type);
  } else if (typed) open.push(`${port.address}: its result has no declared type`);
  return {
    typeParameters: typeParameterText,
    parameters,
    args,
    returns,
    mentions: [...mentions].sort(),
    open,
  };
}

function isRequired(parameter: Node): boolean {
  if (parameter.type === 'AssignmentPattern' || parameter.type === 'RestElement') return false;
  return (parameter as { optional?: boolean }).optional !== true;
}

/** The type as a promise: what crosses the network is waited for. */
function promised(text: string, type: Node): string {
  if (type.type === 'TSTypePredicate') return type.asserts ? 'Promise<void>' : 'Promise<boolean>';
  if (type.type === 'TSTypeReference' && text.startsWith('Promise<')) return text;
  if (type.type === 'TSTypeReference' && text.startsWith('PromiseLike<'))
    return text.replace('PromiseLike', 'Promise');
  // A union may hold a promise; everything else is none.
  return type.type === 'TSUnionType' || type.type === 'TSTypeReference'
    ? `Promise<Awaited<${text}>>`
    : `Promise<${text}>`;
}

function typeOfLiteral(node: Node): string | undefined {
  if (node.type === 'TemplateLiteral') return 'string';
  if (node.type !== 'Literal') return undefined;
  const kind = typeof node.value;
  return kind === 'string' || kind === 'number' || kind === 'boolean' || kind === 'bigint' ? kind : undefined;
}

function isDependency(spec: ServiceSpec, request: string): boolean {
  return spec.dependencies.some((name) => request === name || request.startsWith(`${name}/`));
}

interface Parsed {
  source: string;
  node: FunctionNode;
}

function functionOf(
  typeParameters: string,
  parameters: string,
  returns: string | undefined,
  typed: boolean,
  port: PortSpec,
): Parsed {
  const source = `async function port${typeParameters}(${parameters}\n)${returns === undefined ? '' : `: ${returns}`} {}`;
  const file = parseFile(typed ? '/port.ts' : '/port.js', 'port', source);
  const node = 'message' in file ? undefined : file.program.body[0];
  if (node?.type !== 'FunctionDeclaration')
    throw new Error(`the parameters of ${port.address} can't be read: (${port.parameterText})`);
  return { source, node };
}
