/**
 * The symbols of one module: what it declares at its top level, and which of its own declarations and imports each of
 * them mentions. Scopes are respected, so that a parameter named like an import is no mention of it.
 */
import { functionInfo, patternNames } from '../interpret/functions.ts';
import type { ModuleState } from '../interpret/modules.ts';
import { type Callable, eachChild, isCallable, lineAt, type Node, type Statement } from '../syntax/ast.ts';

export type SymbolKind = 'function' | 'class' | 'variable' | 'type' | 'enum' | 'statement' | 'export';

export interface Mention {
  /** Local name of a top-level declaration or of an import. */
  name: string;
  how: 'read' | 'write' | 'mutate';
  line: number;
  /** Offset of the mention in the file. */
  start: number;
  /** The property that is read of it, as in `name.member`; absent where the value itself is used. */
  member?: string;
  /** Whether it happens when a function runs, not when the module is loaded. */
  deferred: boolean;
  typeOnly: boolean;
  /** The method that changes it, such as `push`; absent for an assignment. */
  method?: string;
}

export interface ModuleSymbol {
  /** Names it declares; a statement declares none. */
  names: string[];
  kind: SymbolKind;
  line: number;
  endLine: number;
  start: number;
  end: number;
  node: Node;
  mentions: Mention[];
}

export interface SymbolTable {
  module: ModuleState;
  symbols: ModuleSymbol[];
  byName: Map<string, ModuleSymbol>;
}

const MUTATORS = new Set([
  'push',
  'pop',
  'shift',
  'unshift',
  'splice',
  'sort',
  'reverse',
  'set',
  'add',
  'delete',
  'clear',
  'fill',
]);

export function symbolTable(module: ModuleState): SymbolTable {
  const { program, lines } = module.source;
  const symbols: ModuleSymbol[] = [];
  const byName = new Map<string, ModuleSymbol>();
  const known = new Set(module.imports.keys());
  for (const statement of program.body) for (const name of declared(statement)) known.add(name);
  for (const statement of program.body) {
    if (statement.type === 'ImportDeclaration') continue;
    const names = declared(statement);
    const symbol: ModuleSymbol = {
      names,
      kind: kindOf(statement),
      line: lineAt(lines, statement.start),
      endLine: lineAt(lines, Math.max(statement.start, statement.end - 1)),
      start: statement.start,
      end: statement.end,
      node: statement,
      mentions: [],
    };
    mentionsIn(statement, known, lines, symbol.mentions);
    symbols.push(symbol);
    for (const name of names) byName.set(name, symbol);
  }
  return { module, symbols, byName };
}

function inner(statement: Node): Node | null {
  return statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
    ? statement.declaration
    : statement;
}

function declared(statement: Node): string[] {
  const node = inner(statement);
  const names: string[] = [];
  if (node === null) return names;
  switch (node.type) {
    case 'VariableDeclaration':
      for (const item of node.declarations) patternNames(item.id, (name) => names.push(name));
      break;
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'TSEnumDeclaration':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      names.push(node.id?.name ?? '*default*');
      break;
    case 'TSModuleDeclaration':
      if (node.id.type === 'Identifier') names.push(node.id.name);
      break;
    default:
      if (statement.type === 'ExportDefaultDeclaration' && node.type !== 'Identifier')
        names.push('*default*');
  }
  return names;
}

function kindOf(statement: Node): SymbolKind {
  const node = inner(statement);
  switch (node?.type) {
    case 'FunctionDeclaration':
      return 'function';
    case 'ClassDeclaration':
      return 'class';
    case 'VariableDeclaration':
      return 'variable';
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return 'type';
    case 'TSEnumDeclaration':
      return 'enum';
    default:
      return statement.type.startsWith('Export') ? 'export' : 'statement';
  }
}

interface Scope {
  names: Set<string>;
  parent: Scope | undefined;
}

function mentionsIn(root: Node, known: ReadonlySet<string>, lines: Uint32Array, into: Mention[]): void {
  const note = (
    name: string,
    scope: Scope | undefined,
    node: Node,
    how: Mention['how'],
    deferred: boolean,
    typeOnly: boolean,
    method?: string,
    member?: string,
  ): void => {
    for (let at = scope; at !== undefined; at = at.parent) if (at.names.has(name)) return;
    if (!known.has(name)) return;
    into.push({
      name,
      how,
      line: lineAt(lines, node.start),
      start: node.start,
      deferred,
      typeOnly,
      ...(method !== undefined && { method }),
      ...(member !== undefined && { member }),
    });
  };

  const walk = (node: Node, scope: Scope | undefined, deferred: boolean, typeOnly: boolean): void => {
    switch (node.type) {
      case 'Identifier':
        note(node.name, scope, node, 'read', deferred, typeOnly);
        if (node.typeAnnotation) walk(node.typeAnnotation, scope, deferred, true);
        return;
      case 'MemberExpression':
        if (node.object.type === 'Identifier' && !node.computed && node.property.type === 'Identifier') {
          note(
            node.object.name,
            scope,
            node.object,
            'read',
            deferred,
            typeOnly,
            undefined,
            node.property.name,
          );
          return;
        }
        walk(node.object, scope, deferred, typeOnly);
        if (node.computed) walk(node.property, scope, deferred, typeOnly);
        return;
      case 'Property':
        if (node.computed) walk(node.key, scope, deferred, typeOnly);
        walk(node.value, scope, deferred, typeOnly);
        return;
      case 'MethodDefinition':
      case 'PropertyDefinition':
        for (const decorator of node.decorators) walk(decorator, scope, deferred, typeOnly);
        if (node.computed) walk(node.key, scope, deferred, typeOnly);
        if (node.type === 'PropertyDefinition' && node.typeAnnotation)
          walk(node.typeAnnotation, scope, deferred, true);
        if (node.value !== null) walk(node.value, scope, deferred || !node.static, typeOnly);
        return;
      case 'TSPropertySignature':
      case 'TSMethodSignature':
        eachChild(node, (child) => {
          if (child !== node.key || node.computed) walk(child, scope, deferred, true);
        });
        return;
      case 'TSQualifiedName':
        if (node.left.type === 'Identifier')
          note(node.left.name, scope, node.left, 'read', deferred, true, undefined, node.right.name);
        else walk(node.left, scope, deferred, true);
        return;
      case 'TSEnumMember':
        if (node.initializer !== null) walk(node.initializer, scope, deferred, typeOnly);
        return;
      case 'ExportSpecifier':
        if (node.local.type === 'Identifier')
          note(node.local.name, scope, node, 'read', deferred, node.exportKind === 'type');
        return;
      case 'ExportNamedDeclaration':
        // `export { x } from './y'` names nothing of this module.
        if (node.source !== null) return;
        break;
      case 'ExportAllDeclaration':
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'LabeledStatement':
        walk(node.body, scope, deferred, typeOnly);
        return;
      case 'AssignmentExpression':
        target(node.left, scope, deferred);
        if (node.operator !== '=') walk(node.left, scope, deferred, typeOnly);
        walk(node.right, scope, deferred, typeOnly);
        return;
      case 'UpdateExpression':
        target(node.argument, scope, deferred);
        return;
      case 'UnaryExpression':
        if (node.operator === 'delete') target(node.argument, scope, deferred);
        break;
      case 'CallExpression': {
        const { callee } = node;
        if (
          callee.type === 'MemberExpression' &&
          !callee.computed &&
          callee.property.type === 'Identifier' &&
          MUTATORS.has(callee.property.name)
        ) {
          const owner = rootOf(callee.object);
          if (owner !== undefined)
            note(owner.name, scope, owner, 'mutate', deferred, false, callee.property.name);
        }
        break;
      }
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const own: Scope = {
          names: new Set(node.type === 'ClassExpression' && node.id !== null ? [node.id.name] : []),
          parent: scope,
        };
        for (const decorator of node.decorators) walk(decorator, scope, deferred, typeOnly);
        if (node.superClass !== null) walk(node.superClass, own, deferred, typeOnly);
        if (node.superTypeArguments) walk(node.superTypeArguments, own, deferred, true);
        for (const item of node.implements ?? []) walk(item, own, deferred, true);
        walk(node.body, own, deferred, typeOnly);
        return;
      }
      case 'BlockStatement':
      case 'StaticBlock':
        block(node.body, scope, deferred, typeOnly);
        return;
      case 'ForStatement':
      case 'ForOfStatement':
      case 'ForInStatement': {
        const own: Scope = { names: new Set(), parent: scope };
        const head = node.type === 'ForStatement' ? node.init : node.left;
        if (head?.type === 'VariableDeclaration')
          for (const item of head.declarations) patternNames(item.id, (name) => own.names.add(name));
        eachChild(node, (child) => walk(child, own, deferred, typeOnly));
        return;
      }
      case 'SwitchStatement': {
        walk(node.discriminant, scope, deferred, typeOnly);
        const own: Scope = {
          names: lexicalNames(node.cases.flatMap((item) => item.consequent)),
          parent: scope,
        };
        for (const item of node.cases) eachChild(item, (child) => walk(child, own, deferred, typeOnly));
        return;
      }
      case 'CatchClause': {
        const own: Scope = { names: new Set(), parent: scope };
        if (node.param !== null) patternNames(node.param, (name) => own.names.add(name));
        walk(node.body, own, deferred, typeOnly);
        return;
      }
      case 'TSTypeAnnotation':
      case 'TSTypeParameterInstantiation':
      case 'TSTypeAliasDeclaration':
      case 'TSInterfaceDeclaration':
      case 'TSTypeParameterDeclaration':
        eachChild(node, (child) => walk(child, scope, deferred, true));
        return;
    }
    if (isCallable(node)) {
      callable(node, scope, typeOnly);
      return;
    }
    const isType =
      node.type.startsWith('TS') &&
      ![
        'TSAsExpression',
        'TSNonNullExpression',
        'TSSatisfiesExpression',
        'TSEnumDeclaration',
        'TSEnumBody',
        'TSModuleDeclaration',
        'TSModuleBlock',
        'TSExportAssignment',
        'TSParameterProperty',
        'TSInstantiationExpression',
      ].includes(node.type);
    eachChild(node, (child) => walk(child, scope, deferred, typeOnly || isType));
  };

  const block = (
    statements: readonly Node[],
    scope: Scope | undefined,
    deferred: boolean,
    typeOnly: boolean,
  ): void => {
    const own: Scope = { names: lexicalNames(statements), parent: scope };
    for (const statement of statements) walk(statement, own, deferred, typeOnly);
  };

  const callable = (node: Callable, scope: Scope | undefined, typeOnly: boolean): void => {
    const own: Scope = { names: new Set(functionInfo(node).vars), parent: scope };
    if (node.type === 'FunctionExpression' && node.id !== null) own.names.add(node.id.name);
    for (const parameter of node.params) patternNames(parameter, (name) => own.names.add(name));
    own.names.add('arguments');
    for (const parameter of node.params) walk(parameter, own, true, typeOnly);
    if (node.returnType) walk(node.returnType, own, true, true);
    if (node.body === null) return;
    if (node.body.type === 'BlockStatement') block(node.body.body, own, true, typeOnly);
    else walk(node.body, own, true, typeOnly);
  };

  const target = (node: Node, scope: Scope | undefined, deferred: boolean): void => {
    if (node.type === 'Identifier') note(node.name, scope, node, 'write', deferred, false);
    else if (node.type === 'MemberExpression') {
      const owner = rootOf(node);
      if (owner !== undefined) note(owner.name, scope, owner, 'mutate', deferred, false);
      walk(node, scope, deferred, false);
    } else if (node.type === 'ObjectPattern' || node.type === 'ArrayPattern')
      patternNames(node, (name) => note(name, scope, node, 'write', deferred, false));
    else walk(node, scope, deferred, false);
  };

  walk(root, undefined, false, false);
}

function lexicalNames(statements: readonly Node[]): Set<string> {
  const names = new Set<string>();
  for (const statement of statements as Statement[]) {
    if (statement.type === 'VariableDeclaration')
      for (const item of statement.declarations) patternNames(item.id, (name) => names.add(name));
    else if (
      (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') &&
      statement.id !== null
    )
      names.add(statement.id.name);
  }
  return names;
}

/** The variable at the root of `a.b.c`. */
function rootOf(node: Node): Extract<Node, { type: 'Identifier' }> | undefined {
  let at = node;
  while (
    at.type === 'MemberExpression' ||
    at.type === 'TSNonNullExpression' ||
    at.type === 'ChainExpression' ||
    at.type === 'TSAsExpression'
  ) {
    at = at.type === 'MemberExpression' ? at.object : at.expression;
  }
  return at.type === 'Identifier' ? at : undefined;
}
