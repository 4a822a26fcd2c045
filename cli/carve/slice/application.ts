/**
 * How the service gets the application out of the taken code: a value that a module exports, or a function that makes it;
 * where the monolith does neither, a small edit that lets it be had.
 */
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import type { Invocation } from '../../analysis/interpret/invocation.ts';
import type { Machine } from '../../analysis/interpret/machine.ts';
import type { ModuleState } from '../../analysis/interpret/modules.ts';
import { type Func, type Host, members, type Value } from '../../analysis/interpret/values.ts';
import type { Spot } from '../../analysis/model.ts';
import type { SymbolTable } from '../../analysis/symbols/table.ts';
import { type Callable, eachChild, isCallable, type Node, unwrap } from '../../analysis/syntax/ast.ts';
import type { Cut } from './cuts.ts';

export interface Application {
  module: ModuleState;
  /** As in `ServiceSpec.app`. */
  exported: string;
  kind: 'value' | 'factory';
  args: string;
  created: Spot;
  /** Where the application is created. */
  place: { module: ModuleState; node: Node };
  /** Names of `module` that have to be taken for it. */
  needs: string[];
  /** Edits of `module` beside those that hold for all. */
  edits: Cut[];
  /** Lines for the end of the file. */
  tail: string[];
  /** Statements that start the application in the monolith, and do not in the service. */
  starts: Set<Node>;
}

interface Found {
  vm: Machine;
  tables: ReadonlyMap<string, SymbolTable>;
  app: Host;
  place: { module: ModuleState; node: Node };
}

/** @throws StranglerError `CARVE_NO_APPLICATION` */
export function findApplication(
  vm: Machine,
  tables: ReadonlyMap<string, SymbolTable>,
  app: Host,
): Application {
  const { place } = app.host as unknown as { place: { module: ModuleState; node: Node } };
  const found: Found = { vm, tables, app, place };
  const modules = [place.module, ...[...vm.modules.values()].filter((item) => item !== place.module)];
  const made =
    firstOf(modules, (module) => exportedValue(found, module)) ??
    firstOf(modules, (module) => exportedFactory(found, module)) ??
    ownVariable(found) ??
    insideFunction(found) ??
    firstOf(modules, (module) => heldByInstance(found, module));
  if (made !== undefined) return made;
  throw new StranglerError(
    'CARVE_NO_APPLICATION',
    'no value or function was found from which the service could get the application',
    {
      exitCode: EXIT.failed,
      place: { file: place.module.source.name, line: vm.line(place.module, place.node) },
      remedy:
        'Let the monolith export the application, or a function that makes it without listening, and carve again.',
    },
  );
}

function firstOf<T, R>(list: readonly T[], pick: (item: T) => R | undefined): R | undefined {
  for (const item of list) {
    const result = pick(item);
    if (result !== undefined) return result;
  }
  return undefined;
}

function holds({ app }: Found, value: Value | undefined): boolean {
  return value !== undefined && members(value).includes(app);
}

function base(found: Found, module: ModuleState): Omit<Application, 'exported' | 'kind'> {
  return {
    module,
    args: '',
    created: {
      file: found.place.module.source.name,
      line: found.vm.line(found.place.module, found.place.node),
    },
    place: found.place,
    needs: [],
    edits: [],
    tail: [],
    starts: new Set(),
  };
}

/** Values by the names under which a module exports them. */
function exportsOf(module: ModuleState): [string, Value][] {
  const env = module.invocation?.env;
  const values: [string, Value][] = [];
  for (const [name, binding] of module.exports) {
    const value = binding.kind === 'local' ? env?.own(binding.local)?.value : undefined;
    if (value !== undefined) values.push([name, value]);
  }
  for (const statement of module.source.program.body) {
    // `export = app`
    if (statement.type !== 'TSExportAssignment' || statement.expression.type !== 'Identifier') continue;
    const value = env?.own(statement.expression.name)?.value;
    if (value !== undefined) values.push(['module.exports', value]);
  }
  const common = module.source.esm ? undefined : module.commonjs?.props.get('exports')?.value;
  if (common !== undefined) {
    values.push(['module.exports', common]);
    for (const item of members(common)) {
      if (item.kind !== 'object') continue;
      for (const [name, held] of item.props) if (held.value !== undefined) values.push([name, held.value]);
    }
  }
  return values;
}

function exportedValue(found: Found, module: ModuleState): Application | undefined {
  const entry = exportsOf(module).find(([, value]) => holds(found, value));
  if (entry === undefined) return undefined;
  return { ...base(found, module), exported: entry[0], kind: 'value' };
}

function exportedFactory(found: Found, module: ModuleState): Application | undefined {
  for (const [exported, value] of exportsOf(module)) {
    for (const item of members(value)) {
      if (item.kind !== 'function') continue;
      const calls = bootCalls(found.vm, item.node);
      const made = calls.filter((call) => holds(found, call.result));
      if (made.length === 0) continue;
      const args = argumentText(found.vm, item, made);
      if (args === undefined) continue;
      return { ...base(found, module), exported, kind: 'factory', args };
    }
  }
  return undefined;
}

function bootCalls(vm: Machine, node: Callable): Invocation[] {
  return vm.invocations().filter((item) => item.func?.node === node && item.boot);
}

/** Text of the arguments with which it is called today; undefined where they mean something only there. */
function argumentText(vm: Machine, func: Func, calls: readonly Invocation[]): string | undefined {
  const optional = func.node.params.every(
    (item) => item.type === 'AssignmentPattern' || item.type === 'RestElement' || isOptional(item),
  );
  for (const call of calls) {
    for (const caller of call.callers) {
      for (const record of caller.calls.values()) {
        const node = unwrap(record.place.node);
        if (record.callee !== call || node.type !== 'CallExpression') continue;
        if (node.arguments.length === 0) return '';
        if (node.arguments.every((item) => isPlain(item)))
          return node.arguments.map((item) => vm.text(record.place.module, item, 400)).join(', ');
      }
    }
  }
  return optional ? '' : undefined;
}

function isOptional(parameter: Node): boolean {
  return (parameter as { optional?: boolean }).optional === true;
}

/** Whether an expression means the same wherever it stands. */
function isPlain(node: Node): boolean {
  switch (node.type) {
    case 'Literal':
    case 'TemplateElement':
      return true;
    case 'ObjectExpression':
      return node.properties.every(
        (item) => item.type === 'Property' && !item.computed && isPlain(item.value),
      );
    case 'ArrayExpression':
      return node.elements.every((item) => item !== null && isPlain(item));
    case 'UnaryExpression':
      return isPlain(node.argument);
    default:
      return false;
  }
}

/** `const app = express()` at the top of a module that exports nothing of it. */
function ownVariable(found: Found): Application | undefined {
  const { module } = found.place;
  const env = module.invocation?.env;
  const table = found.tables.get(module.source.path);
  if (env === undefined) return undefined;
  for (const name of env.names()) {
    if (!holds(found, env.own(name)?.value) || table?.byName.get(name) === undefined) continue;
    return {
      ...base(found, module),
      exported: name,
      kind: 'value',
      needs: [name],
      tail: [module.source.esm ? `export { ${name} };` : `module.exports.${name} = ${name};`],
    };
  }
  return undefined;
}

/** A function that makes the application and starts it, such as `bootstrap()`. */
function insideFunction(found: Found): Application | undefined {
  const { module, node } = found.place;
  const table = found.tables.get(module.source.path);
  const symbol = table?.symbols.find((item) => item.start <= node.start && node.end <= item.end);
  const name = symbol?.names[0];
  if (symbol === undefined || name === undefined || name === '*default*') return undefined;
  const func = outermostFunction(symbol.node, node);
  if (func?.body?.type !== 'BlockStatement') return undefined;
  const variable = localName(func, node);
  if (variable === undefined) return undefined;
  const required = func.params.filter(
    (item) => item.type !== 'AssignmentPattern' && item.type !== 'RestElement' && !isOptional(item),
  );
  if (required.length > 0) return undefined;
  const { body } = func;
  const returns = bootCalls(found.vm, func).some((call) => holds(found, call.result));
  const edits: Cut[] = [];
  if (!returns) {
    const start = body.body.find((statement) => isStart(statement));
    const last = body.body.at(-1);
    const at = start ?? last;
    if (at === undefined) return undefined;
    edits.push(
      start === undefined
        ? {
            start: body.end - 1,
            end: body.end - 1,
            replacement: `  return ${variable};\n`,
            why: 'gives the application',
          }
        : {
            start: at.start,
            end: at.end,
            replacement: `return ${variable};`,
            why: 'gives the application instead of listening',
          },
    );
    // What comes behind the start reports it, or needs the server.
    if (start !== undefined && last !== undefined && last !== start)
      edits.push({ start: start.end, end: last.end, why: 'belongs to the monolith’s own start' });
  }
  const exported = [...module.exports].find(([, item]) => item.kind === 'local' && item.local === name)?.[0];
  const starts = new Set(
    (table?.symbols ?? [])
      .filter((item) => item.kind === 'statement' && item.mentions.some((mention) => mention.name === name))
      .filter((item) => item.node.type === 'ExpressionStatement' && !isExportStatement(item.node))
      .map((item) => item.node),
  );
  return {
    ...base(found, module),
    exported: exported ?? name,
    kind: 'factory',
    needs: [name],
    edits,
    tail:
      exported === undefined
        ? [module.source.esm ? `export { ${name} };` : `module.exports.${name} = ${name};`]
        : [],
    starts,
  };
}

function isExportStatement(node: Node): boolean {
  return (
    node.type === 'ExpressionStatement' &&
    node.expression.type === 'AssignmentExpression' &&
    node.expression.left.type === 'MemberExpression'
  );
}

function outermostFunction(root: Node, target: Node): Callable | undefined {
  if (isCallable(root)) return root;
  let found: Callable | undefined;
  eachChild(root, (child) => {
    if (found === undefined && child.start <= target.start && target.end <= child.end)
      found = outermostFunction(child, target);
  });
  return found;
}

function localName(func: Callable, target: Node): string | undefined {
  let name: string | undefined;
  const walk = (node: Node): void => {
    if (node.type === 'VariableDeclarator' && node.init !== null && node.id.type === 'Identifier') {
      let init = unwrap(node.init);
      if (init.type === 'AwaitExpression') init = unwrap(init.argument);
      if (init === target || (init.start <= target.start && target.end <= init.end && chainOf(init, target)))
        name = node.id.name;
    }
    if (
      node.type === 'AssignmentExpression' &&
      node.left.type === 'Identifier' &&
      unwrap(node.right) === target
    )
      name = node.left.name;
    eachChild(node, walk);
  };
  walk(func);
  return name;
}

/** Whether `target` is the root of a chain such as `fastify().withTypeProvider()`. */
function chainOf(node: Node, target: Node): boolean {
  let at: Node = node;
  for (;;) {
    if (at === target) return true;
    if (at.type === 'CallExpression') at = unwrap(at.callee);
    else if (at.type === 'MemberExpression') at = unwrap(at.object);
    else return false;
  }
}

/** Whether a statement makes something listen, itself or in what it waits for. */
export function isStart(statement: Node): boolean {
  let found = false;
  const walk = (node: Node): void => {
    if (found) return;
    if (isListen(node)) found = true;
    else eachChild(node, walk);
  };
  if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') return false;
  walk(statement);
  return found;
}

/** `app.listen(port)`, `server.listen({ port })`; not `bus.listen('event', …)`. */
export function isListen(node: Node): boolean {
  if (node.type !== 'CallExpression') return false;
  const callee = unwrap(node.callee);
  if (
    callee.type !== 'MemberExpression' ||
    callee.computed ||
    callee.property.type !== 'Identifier' ||
    callee.property.name !== 'listen'
  )
    return false;
  const [first] = node.arguments;
  return !(
    first?.type === 'Literal' &&
    typeof first.value === 'string' &&
    !/^(?:\d+|\/|\\\\)/.test(first.value)
  );
}

/** `const app = new App([…])` whose field holds the application. */
function heldByInstance(found: Found, module: ModuleState): Application | undefined {
  const env = module.invocation?.env;
  const table = found.tables.get(module.source.path);
  if (env === undefined) return undefined;
  for (const name of env.names()) {
    if (table?.byName.get(name)?.kind !== 'variable') continue;
    for (const item of members(env.own(name)?.value ?? { kind: 'unknown', id: 0 })) {
      const fields = item.kind === 'instance' ? item.fields : item.kind === 'object' ? item.props : undefined;
      for (const [field, held] of fields ?? []) {
        if (!holds(found, held.value)) continue;
        return {
          ...base(found, module),
          exported: 'application',
          kind: 'value',
          needs: [name],
          tail: [
            module.source.esm
              ? `export const application = ${name}.${field};`
              : `module.exports.application = ${name}.${field};`,
          ],
        };
      }
    }
  }
  return undefined;
}
