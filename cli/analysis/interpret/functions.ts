/** What a function's or block's text tells without evaluating it; computed once per node. */
import {
  type Callable,
  eachChild,
  isCallable,
  type Node,
  type Program,
  type Statement,
} from '../syntax/ast.ts';

export interface FunctionInfo {
  usesThis: boolean;
  usesArguments: boolean;
  hasRest: boolean;
  /** Whether each parameter is mentioned in the body; others need no value. */
  used: boolean[];
  /** Names declared by `var` anywhere in the body. */
  vars: string[];
}

const infos = new WeakMap<Node, FunctionInfo>();
const lexicals = new WeakMap<Node, Lexical>();

interface Lexical {
  names: string[];
  functions: Callable[];
}

export function functionInfo(node: Callable): FunctionInfo {
  let info = infos.get(node);
  if (info === undefined) {
    info = inspect(node);
    infos.set(node, info);
  }
  return info;
}

function inspect(node: Callable): FunctionInfo {
  const names = new Map<string, number>();
  const vars = new Set<string>();
  // A parameter that is also a property is stored on `this`.
  let usesThis = node.params.some((parameter) => parameter.type === 'TSParameterProperty');
  let usesArguments = false;
  const walk = (at: Node, own: boolean): void => {
    switch (at.type) {
      case 'ThisExpression':
      case 'Super':
        if (own) usesThis = true;
        return;
      case 'Identifier':
        names.set(at.name, (names.get(at.name) ?? 0) + 1);
        if (own && at.name === 'arguments') usesArguments = true;
        break;
      case 'VariableDeclaration':
        if (own && at.kind === 'var')
          for (const item of at.declarations) patternNames(item.id, (name) => vars.add(name));
        break;
    }
    // `this` inside a nested arrow function is ours; inside any other function or class it is not.
    const arrow = at.type === 'ArrowFunctionExpression';
    const opaque = (isCallable(at) && !arrow) || at.type === 'ClassBody';
    if (arrow && own) {
      eachChild(at, (child) => walk(child, true));
      return;
    }
    eachChild(at, (child) => walk(child, own && !opaque));
  };
  for (const parameter of node.params) walk(parameter, true);
  const inParameters = new Map(names);
  if (node.body !== null) walk(node.body, true);
  const used = node.params.map((parameter) => {
    const pattern = parameter.type === 'TSParameterProperty' ? parameter.parameter : parameter;
    if (parameter.type === 'TSParameterProperty' || pattern.type !== 'Identifier') return true;
    return (names.get(pattern.name) ?? 0) > 1 || (inParameters.get(pattern.name) ?? 0) > 1 || usesArguments;
  });
  const hasRest = node.params.some((parameter) => parameter.type === 'RestElement');
  return { usesThis, usesArguments, hasRest, used, vars: [...vars] };
}

/** Names and function declarations that a list of statements brings into its own scope. */
export function lexicalOf(
  owner: Node,
  statements: readonly (Statement | Program['body'][number])[],
): Lexical {
  let found = lexicals.get(owner);
  if (found === undefined) {
    found = { names: [], functions: [] };
    for (const statement of statements) collect(statement, found);
    lexicals.set(owner, found);
  }
  return found;
}

function collect(statement: Node, into: Lexical): void {
  switch (statement.type) {
    case 'ExportNamedDeclaration':
      if (statement.declaration !== null) collect(statement.declaration, into);
      break;
    case 'ExportDefaultDeclaration': {
      const { declaration } = statement;
      if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration')
        collect(declaration, into);
      break;
    }
    case 'VariableDeclaration':
      if (statement.kind !== 'var' || statement.declare !== true) {
        for (const item of statement.declarations) patternNames(item.id, (name) => into.names.push(name));
      }
      break;
    case 'FunctionDeclaration':
      if (statement.id !== null && statement.body !== null) {
        into.names.push(statement.id.name);
        into.functions.push(statement);
      }
      break;
    case 'ClassDeclaration':
    case 'TSEnumDeclaration':
      if (statement.id !== null) into.names.push(statement.id.name);
      break;
    case 'TSModuleDeclaration':
      if (statement.id.type === 'Identifier' && statement.kind !== 'global')
        into.names.push(statement.id.name);
      break;
  }
}

export function patternNames(pattern: Node, add: (name: string) => void): void {
  switch (pattern.type) {
    case 'Identifier':
      add(pattern.name);
      break;
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        patternNames(property.type === 'RestElement' ? property.argument : property.value, add);
      }
      break;
    case 'ArrayPattern':
      for (const element of pattern.elements) if (element !== null) patternNames(element, add);
      break;
    case 'AssignmentPattern':
      patternNames(pattern.left, add);
      break;
    case 'RestElement':
      patternNames(pattern.argument, add);
      break;
    case 'TSParameterProperty':
      patternNames(pattern.parameter, add);
      break;
  }
}
