/** Execution of statements. */
import type { BlockStatement, Callable, Node, Program, Statement } from '../syntax/ast.ts';
import { getProperty, setProperty } from './access.ts';
import { defineClass } from './classes.ts';
import { evaluate, makeFunction } from './expressions.ts';
import { branches, type Flow } from './flow.ts';
import { type Frame, inLoop, within } from './frame.ts';
import { functionInfo, lexicalOf } from './functions.ts';
import type { Machine } from './machine.ts';
import { moduleScope } from './modulescope.ts';
import { array, assignPattern, bind, object } from './patterns.ts';
import { typeValue } from './types.ts';
import {
  type ArrayValue,
  cell,
  type Func,
  join,
  joinAll,
  literal,
  members,
  type ObjectValue,
  strings,
  truth,
  UNDEFINED,
  UNKNOWN,
  type Value,
} from './values.ts';

/** Rounds of a loop whose length is known that are evaluated one by one. */
const MAX_ROUNDS = 400;

export function runModule(vm: Machine, frame: Frame): void {
  moduleScope(vm, frame);
  const { body } = frame.module.source.program;
  hoist(vm, frame, frame.module.source.program, body);
  for (const statement of body) execute(vm, frame, statement);
}

export function runBody(vm: Machine, frame: Frame, node: Callable): Value {
  if (node.body === null) return UNKNOWN;
  if (functionInfo(node).usesArguments) {
    const list = frame.env.site<ArrayValue>(node, () => array([], true), 'arguments');
    list.items = [...frame.invocation.args];
    vm.assign(frame.env.declare('arguments'), list);
  }
  if (node.body.type !== 'BlockStatement') return evaluate(vm, frame, node.body);
  for (const name of functionInfo(node).vars) frame.env.declare(name).value ??= UNDEFINED;
  hoist(vm, frame, node.body, node.body.body);
  const flow = sequence(vm, frame, node.body.body);
  const fallen = flow === 'next' ? UNDEFINED : undefined;
  const value =
    frame.returned === undefined
      ? (fallen ?? UNDEFINED)
      : fallen === undefined
        ? frame.returned
        : join(frame.returned, fallen);
  const known = members(value).some(
    (item) => item.kind !== 'unknown' && !(item.kind === 'literal' && item.value === undefined),
  );
  if (known || !node.returnType || frame.returned === undefined) return value;
  const typed = typeValue(vm, frame.module, node.returnType, frame);
  return typed === undefined ? value : joinAll([typed, UNDEFINED]);
}

/** Declares what a scope declares and fills in its functions. */
function hoist(
  vm: Machine,
  frame: Frame,
  owner: Node,
  statements: readonly (Statement | Program['body'][number])[],
): void {
  const { names, functions } = lexicalOf(owner, statements);
  for (const name of names) frame.env.declare(name);
  for (const node of functions) {
    const name = node.id?.name ?? '';
    vm.assign(frame.env.declare(name), makeFunction(frame, node, name), node);
  }
}

function block(vm: Machine, frame: Frame, node: BlockStatement): Flow {
  const { names } = lexicalOf(node, node.body);
  if (names.length === 0) return sequence(vm, frame, node.body);
  return within(frame, frame.env.child(node), () => {
    hoist(vm, frame, node, node.body);
    return sequence(vm, frame, node.body);
  });
}

function sequence(vm: Machine, frame: Frame, statements: readonly Node[]): Flow {
  for (const statement of statements) if (execute(vm, frame, statement) === 'exit') return 'exit';
  return 'next';
}

export function execute(vm: Machine, frame: Frame, node: Node): Flow {
  switch (node.type) {
    case 'ExpressionStatement':
      evaluate(vm, frame, node.expression);
      return 'next';
    case 'VariableDeclaration':
      if (node.declare !== true) {
        for (const item of node.declarations) {
          if (item.init === null && node.kind === 'var') continue;
          const value = item.init === null ? UNDEFINED : evaluate(vm, frame, item.init);
          if (item.id.type === 'Identifier') nameFunctions(value, item.id.name);
          if (node.kind === 'var') assignPattern(vm, frame, item.id, value);
          else bind(vm, frame, item.id, value);
        }
      }
      return 'next';
    case 'ReturnStatement': {
      const value = node.argument === null ? UNDEFINED : evaluate(vm, frame, node.argument);
      frame.returned = frame.returned === undefined ? value : join(frame.returned, value);
      return 'exit';
    }
    case 'ThrowStatement':
      evaluate(vm, frame, node.argument);
      return 'exit';
    case 'BreakStatement':
    case 'ContinueStatement':
      return 'exit';
    case 'BlockStatement':
    case 'StaticBlock':
      return block(vm, frame, node as BlockStatement);
    case 'IfStatement':
      return conditional(vm, frame, node.test, node.consequent, node.alternate);
    case 'ForOfStatement':
    case 'ForInStatement':
      return each(vm, frame, node);
    case 'ForStatement':
      return counted(vm, frame, node);
    case 'WhileStatement':
    case 'DoWhileStatement':
      evaluate(vm, frame, node.test);
      inLoop(frame, () => branches(vm, [() => execute(vm, frame, node.body), () => 'next']));
      return 'next';
    case 'SwitchStatement':
      return choice(vm, frame, node);
    case 'TryStatement':
      return attempt(vm, frame, node);
    case 'LabeledStatement':
      return execute(vm, frame, node.body);
    case 'ClassDeclaration':
      if (node.id !== null && node.declare !== true) {
        vm.assign(frame.env.declare(node.id.name), defineClass(vm, frame, node), node);
      }
      return 'next';
    case 'ExportNamedDeclaration':
      return node.declaration === null ? 'next' : execute(vm, frame, node.declaration);
    case 'ExportDefaultDeclaration': {
      const { declaration } = node;
      if (declaration.type === 'FunctionDeclaration') {
        if (declaration.id === null)
          vm.assign(frame.env.declare('*default*'), makeFunction(frame, declaration, 'default'), node);
      } else if (declaration.type === 'ClassDeclaration') {
        const value = defineClass(vm, frame, declaration);
        vm.assign(frame.env.declare(declaration.id?.name ?? '*default*'), value, node);
      } else if (declaration.type !== 'Identifier') {
        const value = evaluate(vm, frame, declaration);
        if (value.kind === 'function' && value.name === '') value.name = 'default';
        vm.assign(frame.env.declare('*default*'), value, node);
      }
      return 'next';
    }
    case 'TSExportAssignment': {
      const value = evaluate(vm, frame, node.expression);
      if (frame.module.commonjs !== undefined)
        setProperty(vm, frame.module.commonjs, 'exports', value, { node, frame });
      return 'next';
    }
    case 'TSEnumDeclaration':
      enumeration(vm, frame, node);
      return 'next';
    case 'TSModuleDeclaration':
      namespace(vm, frame, node);
      return 'next';
    default:
      return 'next';
  }
}

/** A function takes the name of the variable it is first put in, also through wrappers such as `asyncHandler(fn)`. */
function nameFunctions(value: Value, name: string): void {
  for (const member of members(value)) {
    if (member.kind !== 'function') continue;
    for (let func: Func | undefined = member; func !== undefined; func = func.wraps)
      if (func.name === '') func.name = name;
  }
}

function conditional(vm: Machine, frame: Frame, test: Node, yes: Node, no: Node | null): Flow {
  const known = truth(evaluate(vm, frame, test));
  if (known === true) return execute(vm, frame, yes);
  if (known === false) return no === null ? 'next' : execute(vm, frame, no);
  return branches(vm, [() => execute(vm, frame, yes), () => (no === null ? 'next' : execute(vm, frame, no))]);
}

function each(
  vm: Machine,
  frame: Frame,
  node: Extract<Node, { type: 'ForOfStatement' | 'ForInStatement' }>,
): Flow {
  const source = evaluate(vm, frame, node.right);
  const { items, open } = node.type === 'ForOfStatement' ? iterate(vm, frame, source) : keysOf(source);
  const round = (value: Value, index: number): void => {
    within(frame, frame.env.child(node, index), () => {
      if (node.left.type === 'VariableDeclaration') {
        const [declared] = node.left.declarations;
        if (declared !== undefined) bind(vm, frame, declared.id, value);
      } else assignPattern(vm, frame, node.left, value);
      execute(vm, frame, node.body);
    });
  };
  inLoop(frame, () => {
    items.slice(0, MAX_ROUNDS).forEach(round);
    if (open || items.length === 0) {
      const further = (): Flow => {
        round(UNKNOWN, items.length);
        return 'next';
      };
      branches(vm, [further, () => 'next']);
    }
  });
  return 'next';
}

/** The values that a loop over `value` yields, as far as they are known. */
export function iterate(vm: Machine, frame: Frame, value: Value): { items: Value[]; open: boolean } {
  const items: Value[] = [];
  let open = false;
  for (const item of members(value)) {
    if (item.kind === 'array') {
      item.readers ??= new Set();
      item.readers.add(frame.invocation);
      items.push(...item.items);
      open ||= item.open;
    } else if (item.kind === 'host') {
      const entries = getProperty(vm, item, '@iterate', { node: frame.module.source.program, frame });
      if (entries.kind === 'array') items.push(...entries.items);
      open = true;
    } else if (item.kind !== 'literal') open = true;
  }
  return { items, open };
}

function keysOf(value: Value): { items: Value[]; open: boolean } {
  const items: Value[] = [];
  let open = false;
  for (const item of members(value)) {
    if (item.kind === 'object') {
      for (const [key, held] of item.props) if (held.value !== undefined) items.push(literal(key));
      open ||= item.open;
    } else open = true;
  }
  return { items, open };
}

function counted(vm: Machine, frame: Frame, node: Extract<Node, { type: 'ForStatement' }>): Flow {
  return within(frame, frame.env.child(node), () => {
    if (node.init !== null)
      execute(vm, frame, node.init.type === 'VariableDeclaration' ? node.init : statement(node.init));
    inLoop(frame, () => {
      for (let index = 1; index <= MAX_ROUNDS; index += 1) {
        const test = node.test === null ? undefined : truth(evaluate(vm, frame, node.test));
        if (test === false) return;
        if (test === undefined) {
          // How often it runs is not known: whatever it counts may be anything.
          forgetCounters(vm, frame, node.init);
          branches(vm, [
            () => within(frame, frame.env.child(node.body, index), () => execute(vm, frame, node.body)),
            () => 'next',
          ]);
          return;
        }
        within(frame, frame.env.child(node.body, index), () => execute(vm, frame, node.body));
        if (node.update !== null) evaluate(vm, frame, node.update);
      }
    });
    return 'next';
  });
}

function forgetCounters(vm: Machine, frame: Frame, init: Node | null): void {
  if (init?.type !== 'VariableDeclaration') return;
  for (const { id, init: start } of init.declarations) {
    const held = id.type === 'Identifier' && start?.type === 'Literal' ? frame.env.own(id.name) : undefined;
    if (held !== undefined) vm.replace(held, UNKNOWN);
  }
}

function statement(expression: Node): Node {
  return { type: 'ExpressionStatement', expression, start: expression.start, end: expression.end } as Node;
}

function choice(vm: Machine, frame: Frame, node: Extract<Node, { type: 'SwitchStatement' }>): Flow {
  const subject = strings(evaluate(vm, frame, node.discriminant));
  const wanted = subject.certain && subject.values.length > 0 ? new Set(subject.values) : undefined;
  return within(frame, frame.env.child(node), () => {
    hoist(
      vm,
      frame,
      node,
      node.cases.flatMap((item) => item.consequent),
    );
    const runs: (() => Flow)[] = [];
    node.cases.forEach((item, at) => {
      if (item.test !== null && wanted !== undefined) {
        const tested = strings(evaluate(vm, frame, item.test));
        if (tested.certain && tested.values.length > 0 && !tested.values.some((value) => wanted.has(value)))
          return;
      }
      runs.push(() => {
        // A case without a break runs on into the next one.
        for (const next of node.cases.slice(at)) {
          for (const inner of next.consequent) {
            if (execute(vm, frame, inner) === 'exit')
              return inner.type === 'BreakStatement' || inner.type === 'BlockStatement' ? 'next' : 'exit';
          }
        }
        return 'next';
      });
    });
    if (!node.cases.some((item) => item.test === null) || runs.length === 0) runs.push(() => 'next');
    return branches(vm, runs);
  });
}

function attempt(vm: Machine, frame: Frame, node: Extract<Node, { type: 'TryStatement' }>): Flow {
  const { handler, finalizer } = node;
  let flow: Flow = 'next';
  if (handler === null) flow = block(vm, frame, node.block);
  else {
    flow = branches(vm, [
      () => block(vm, frame, node.block),
      () =>
        within(frame, frame.env.child(handler), () => {
          if (handler.param !== null) bind(vm, frame, handler.param, UNKNOWN);
          return block(vm, frame, handler.body);
        }),
    ]);
  }
  return finalizer !== null && block(vm, frame, finalizer) === 'exit' ? 'exit' : flow;
}

function enumeration(vm: Machine, frame: Frame, node: Extract<Node, { type: 'TSEnumDeclaration' }>): void {
  const made = frame.env.site<ObjectValue>(node, () => object(false));
  let next = 0;
  for (const item of node.body.members) {
    const name =
      item.id.type === 'Identifier' ? item.id.name : item.id.type === 'Literal' ? String(item.id.value) : '';
    const value = item.initializer === null ? literal(next) : evaluate(vm, frame, item.initializer);
    if (value.kind === 'literal' && typeof value.value === 'number') next = value.value + 1;
    made.props.set(name, cell(value));
  }
  vm.assign(frame.env.declare(node.id.name), made, node);
}

function namespace(vm: Machine, frame: Frame, node: Extract<Node, { type: 'TSModuleDeclaration' }>): void {
  if (node.declare === true || node.body?.type !== 'TSModuleBlock' || node.id.type !== 'Identifier') return;
  const { body } = node.body;
  const made = frame.env.site<ObjectValue>(node, () => object(true));
  within(frame, frame.env.child(node), () => {
    hoist(vm, frame, node, body as Statement[]);
    sequence(vm, frame, body);
    for (const name of frame.env.names()) {
      const held = frame.env.own(name);
      if (held?.value !== undefined) made.props.set(name, held);
    }
  });
  vm.assign(frame.env.declare(node.id.name), made, node);
}
