import type { Node } from '../syntax/ast.ts';
import type { SourceFile } from '../syntax/parse.ts';
import { patternNames } from './functions.ts';
import type { Invocation } from './invocation.ts';
import type { ObjectValue, Value } from './values.ts';

export interface ImportBinding {
  request: string;
  /** Name on the other side; `*` for the whole namespace. */
  imported: string;
  typeOnly: boolean;
  node: Node;
}

export type ExportBinding =
  | { kind: 'local'; local: string; node: Node }
  | { kind: 'from'; request: string; imported: string; node: Node };

/** One module: what its text declares, and, once it was evaluated, its values. */
export interface ModuleState {
  source: SourceFile;
  imports: Map<string, ImportBinding>;
  exports: Map<string, ExportBinding>;
  stars: string[];
  /** Every request the module makes, with where: static, `require` and literal `import()`. */
  requests: { request: string; node: Node; typeOnly: boolean }[];
  invocation: Invocation | undefined;
  /** `module` of CommonJS. */
  commonjs: ObjectValue | undefined;
  namespace: Value | undefined;
}

/** Reads the import and export statements of a module. */
export function indexModule(source: SourceFile): ModuleState {
  const state: ModuleState = {
    source,
    imports: new Map(),
    exports: new Map(),
    stars: [],
    requests: [],
    invocation: undefined,
    commonjs: undefined,
    namespace: undefined,
  };
  for (const statement of source.program.body) {
    switch (statement.type) {
      case 'ImportDeclaration': {
        const request = statement.source.value;
        const typeOnly = statement.importKind === 'type';
        state.requests.push({ request, node: statement, typeOnly });
        for (const specifier of statement.specifiers) {
          const imported =
            specifier.type === 'ImportDefaultSpecifier'
              ? 'default'
              : specifier.type === 'ImportNamespaceSpecifier'
                ? '*'
                : nameOf(specifier.imported);
          const onlyType =
            typeOnly || (specifier.type === 'ImportSpecifier' && specifier.importKind === 'type');
          state.imports.set(specifier.local.name, { request, imported, typeOnly: onlyType, node: statement });
        }
        break;
      }
      case 'TSImportEqualsDeclaration':
        if (statement.moduleReference.type === 'TSExternalModuleReference') {
          const request = statement.moduleReference.expression.value;
          state.requests.push({ request, node: statement, typeOnly: false });
          state.imports.set(statement.id.name, { request, imported: '*', typeOnly: false, node: statement });
        }
        break;
      case 'ExportAllDeclaration': {
        const request = statement.source.value;
        state.requests.push({ request, node: statement, typeOnly: statement.exportKind === 'type' });
        if (statement.exported === null) state.stars.push(request);
        else
          state.exports.set(nameOf(statement.exported), {
            kind: 'from',
            request,
            imported: '*',
            node: statement,
          });
        break;
      }
      case 'ExportNamedDeclaration': {
        const request = statement.source?.value;
        if (request !== undefined) {
          state.requests.push({ request, node: statement, typeOnly: statement.exportKind === 'type' });
        }
        for (const specifier of statement.specifiers) {
          const local = nameOf(specifier.local);
          const exported = nameOf(specifier.exported);
          state.exports.set(
            exported,
            request === undefined
              ? { kind: 'local', local, node: specifier }
              : { kind: 'from', request, imported: local, node: specifier },
          );
        }
        if (statement.declaration !== null) {
          declaredNames(statement.declaration, (local) =>
            state.exports.set(local, { kind: 'local', local, node: statement }),
          );
        }
        break;
      }
      case 'ExportDefaultDeclaration':
        state.exports.set('default', {
          kind: 'local',
          local: defaultName(statement.declaration),
          node: statement,
        });
        break;
    }
  }
  return state;
}

/** Local name under which the value of `export default` is kept; `*default*` when it has none of its own. */
export function defaultName(declaration: Node): string {
  if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') {
    return declaration.id?.name ?? '*default*';
  }
  return declaration.type === 'Identifier' ? declaration.name : '*default*';
}

function nameOf(node: { type: string; name?: string; value?: unknown }): string {
  return node.name ?? String(node.value);
}

function declaredNames(declaration: Node, add: (name: string) => void): void {
  switch (declaration.type) {
    case 'VariableDeclaration':
      for (const item of declaration.declarations) patternNames(item.id, add);
      break;
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'TSEnumDeclaration':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      if (declaration.id !== null) add(declaration.id.name);
      break;
    case 'TSModuleDeclaration':
      if (declaration.id.type === 'Identifier') add(declaration.id.name);
      break;
  }
}
