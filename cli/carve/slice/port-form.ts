/** Functions that can stay in the monolith and be called: what their declaration looks like. */
import type { Invocation } from '../../analysis/interpret/invocation.ts';
import { members } from '../../analysis/interpret/values.ts';
import type { Callable, Node } from '../../analysis/syntax/ast.ts';
import { eachChild, isCallable, unwrap } from '../../analysis/syntax/ast.ts';
import type { ProjectSymbol } from '../symbols.ts';
import { commonExport } from './common-js.ts';

export interface PortForm {
  form: 'function' | 'arrow' | 'method';
  name: string;
  func: Callable;
  /** Whether its own statement exports it. */
  exportedHere: boolean;
}

/** Undefined for what is no single function. */
export function portForm({ symbol }: ProjectSymbol): PortForm | undefined {
  const { node, names } = symbol;
  const exportedHere = node.type === 'ExportNamedDeclaration' || node.type === 'ExportDefaultDeclaration';
  const inner: Node | null =
    node.type === 'ExportNamedDeclaration' || node.type === 'ExportDefaultDeclaration'
      ? node.declaration
      : node;
  if (inner === null) return undefined;
  if (inner.type === 'FunctionDeclaration' && inner.body !== null)
    return { form: 'function', name: names[0] ?? 'default', func: inner, exportedHere };
  if (inner.type === 'VariableDeclaration' && inner.declarations.length === 1) {
    const [item] = inner.declarations;
    const init = item?.init === null || item?.init === undefined ? undefined : unwrap(item.init);
    const func = init === undefined ? undefined : functionOf(init);
    if (func !== undefined && item?.id.type === 'Identifier')
      return { form: 'arrow', name: item.id.name, func, exportedHere };
  }
  const exported = commonExport(node);
  if (exported?.kind === 'one') {
    const func = functionOf(unwrap(exported.value));
    if (func !== undefined) return { form: 'method', name: exported.name, func, exportedHere: true };
  }
  return undefined;
}

/** A function, also inside one wrapper such as `catchAsync(async () => …)`, which is not a port then. */
function functionOf(node: Node): Callable | undefined {
  return node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression' ? node : undefined;
}

const UNSERIALISABLE =
  /\b(?:Request|Response|NextFunction|FastifyRequest|FastifyReply|FastifyInstance|Readable|Writable|Duplex|Stream|TransactionClient|IncomingMessage|ServerResponse|Socket|AbortSignal|Tx)\b/;

/** What of a call can't be sent over the network, in words; undefined where everything can. */
export function unserialisable(invocation: Invocation): string | undefined {
  const { func } = invocation;
  const texts = func?.node.params.map((item) => func.module.source.text.slice(item.start, item.end)) ?? [];
  const typed = texts.find((parameter) => UNSERIALISABLE.test(parameter));
  if (typed !== undefined) return `\`${typed}\``;
  const called = func === undefined ? undefined : calledParameter(func.node);
  if (called !== undefined) return `the callback ${called}`;
  for (const arg of invocation.args) {
    for (const item of members(arg)) {
      if (item.kind === 'function') return 'a callback';
      if (item.kind !== 'host') continue;
      if (/^(?:express|fastify)\.(?:request|response|reply)$/.test(item.host.type))
        return `the ${item.host.type.split('.')[1]} of a route`;
      if (item.host.type === 'prisma.client') return 'a Prisma client';
    }
  }
  return undefined;
}

/** A parameter that the function calls: whoever hands it in, as a package may, hands in a function. */
export function calledParameter({ params, body }: Callable): string | undefined {
  const namesOf = (some: readonly Node[]): string[] =>
    some.flatMap((item) => (item.type === 'Identifier' ? [item.name] : []));
  let found: string | undefined;
  const visit = (node: Node, names: ReadonlySet<string>): void => {
    if (found !== undefined || names.size === 0) return;
    let seen = names;
    if (isCallable(node)) {
      const own = new Set(namesOf(node.params as Node[]));
      seen = new Set([...names].filter((name) => !own.has(name)));
    } else if (node.type === 'CallExpression') {
      const callee = unwrap(node.callee as Node);
      if (callee.type === 'Identifier' && names.has(callee.name)) found = callee.name;
    }
    eachChild(node, (child) => visit(child, seen));
  };
  if (body !== null) visit(body as Node, new Set(namesOf(params as Node[])));
  return found;
}
