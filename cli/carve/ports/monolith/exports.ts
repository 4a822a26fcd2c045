/** How another file of the monolith gets at a function: what is exported already, and what the patch has to export. */
import { StranglerError } from '../../../../migration-plans/errors.ts';
import type { Node } from '../../../analysis/syntax/ast.ts';
import type { SourceFile } from '../../../analysis/syntax/parse.ts';

export interface Reach {
  /** Properties from the module to the function: `userService`, `getUserById`; empty: the module is the function. */
  path: string[];
  /** A top-level name that the file must export first. */
  exports: string | undefined;
}

/**
 * The way to `exported` (see `PortSpec.exported`).
 * @throws StranglerError `CARVE_PORT_UNREACHABLE` where there is none
 */
export function reachOf(source: SourceFile, exported: string): Reach {
  const commonJs =
    exported === 'module.exports' || exported.startsWith('module.exports.') || isCommonJs(source);
  const path = exported
    .replace(/^module\.exports\.?/, '')
    .split('.')
    .filter((part) => part !== '');
  const [first] = path;
  if (first === undefined) return { path, exports: undefined };
  const known = commonJs ? commonJsExports(source) : moduleExports(source);
  const alias = known.names.get(first);
  if (alias !== undefined) return { path: [alias, ...path.slice(1)], exports: undefined };
  if (!known.closed && topLevelNames(source).has(first)) return { path, exports: first };
  // Made at run time, such as by a spread: what the analysis saw there is taken at its word.
  if (commonJs && known.open) return { path, exports: undefined };
  throw new StranglerError(
    'CARVE_PORT_UNREACHABLE',
    `${exported} of ${source.name} can't be reached from outside`,
    {
      place: { file: source.name },
      remedy: 'export it, or move it to the top level of its file, and carve again',
    },
  );
}

/** The text to add at the end of the file, so that it exports these names. */
export function exportingText(source: SourceFile, names: readonly string[]): string {
  const lead = source.text === '' || source.text.endsWith('\n') ? '' : '\n';
  if (!isCommonJs(source)) return `${lead}export { ${names.join(', ')} };\n`;
  return lead + names.map((name) => `module.exports.${name} = ${name};\n`).join('');
}

export function isCommonJs(source: SourceFile): boolean {
  return !source.esm && !/\.([cm]?tsx?|mjs)$/.test(source.name);
}

interface Exports {
  /** By the name that is asked for, which may be that of the variable: the name under which it is exported. */
  names: Map<string, string>;
  /** Whether there may be more than can be read here. */
  open: boolean;
  /** Whether nothing can be added. */
  closed: boolean;
}

function moduleExports(source: SourceFile): Exports {
  const names = new Map<string, string>();
  const locals = new Map<string, string>();
  let closed = false;
  for (const statement of source.program.body as Node[]) {
    if (statement.type === 'ExportDefaultDeclaration') {
      names.set('default', 'default');
      const { declaration } = statement as { declaration: { id?: { name?: string } | null; name?: string } };
      const local = declaration.id?.name ?? declaration.name;
      if (local !== undefined) locals.set(local, 'default');
    } else if (statement.type === 'ExportNamedDeclaration') {
      if (statement.declaration !== null)
        for (const name of declaredNames(statement.declaration as Node)) names.set(name, name);
      for (const item of statement.specifiers) {
        const outer = nameOf(item.exported as Node);
        names.set(outer, outer);
        if (statement.source === null) locals.set(nameOf(item.local as Node), outer);
      }
    } else if (statement.type === 'TSExportAssignment') closed = true;
  }
  for (const [local, outer] of locals) if (!names.has(local)) names.set(local, outer);
  return { names, open: false, closed };
}

function commonJsExports(source: SourceFile): Exports {
  const names = new Map<string, string>();
  const locals = new Map<string, string>();
  let open = false;
  let closed = false;
  const assigned = (target: Node, value: Node): void => {
    const member = exportsMember(source, target);
    if (member === undefined) return;
    const frozen =
      value.type === 'CallExpression' &&
      /^Object\s*\.\s*(freeze|seal)\b/.test(source.text.slice(value.start));
    if (member === '' && frozen) closed = true;
    const whole = frozen ? ((value.arguments[0] ?? value) as Node) : value;
    if (member !== '') {
      names.set(member, member);
      if (value.type === 'Identifier') locals.set(value.name, member);
    } else if (whole.type === 'ObjectExpression') {
      for (const property of whole.properties) {
        if (property.type !== 'Property' || property.computed) open = true;
        else {
          const name = nameOf(property.key as Node);
          names.set(name, name);
          if (property.value.type === 'Identifier') locals.set(property.value.name, name);
        }
      }
    } else open = true;
  };
  const visit = (node: Node): void => {
    if (node.type !== 'AssignmentExpression') return;
    assigned(node.left as Node, node.right as Node);
    // `exports = module.exports = …`
    visit(node.right as Node);
  };
  for (const statement of source.program.body as Node[]) {
    if (statement.type === 'ExpressionStatement') visit(statement.expression as Node);
    if (statement.type === 'VariableDeclaration')
      for (const item of statement.declarations) if (item.init !== null) visit(item.init as Node);
  }
  for (const [local, outer] of locals) if (!names.has(local)) names.set(local, outer);
  return { names, open, closed };
}

/** `''` for `module.exports`, `x` for `exports.x` and `module.exports.x`. */
function exportsMember(source: SourceFile, target: Node): string | undefined {
  const text = source.text.slice(target.start, target.end).replace(/\s+/g, '');
  if (text === 'module.exports') return '';
  return /^(?:module\.)?exports\.([\w$]+)$/.exec(text)?.[1];
}

function topLevelNames(source: SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of source.program.body as Node[]) {
    for (const name of declaredNames(statement)) names.add(name);
    if (statement.type === 'ExportDefaultDeclaration')
      for (const name of declaredNames(statement.declaration as Node)) names.add(name);
  }
  return names;
}

function declaredNames(node: Node): string[] {
  switch (node.type) {
    case 'VariableDeclaration':
      return node.declarations.flatMap((item) => (item.id.type === 'Identifier' ? [item.id.name] : []));
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return node.id === null ? [] : [(node.id as { name: string }).name];
    default:
      return [];
  }
}

function nameOf(node: Node): string {
  return node.type === 'Literal' ? String(node.value) : ((node as { name?: string }).name ?? '');
}
