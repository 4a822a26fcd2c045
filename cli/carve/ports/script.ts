/**
 * Text of the modules in `runtime/` in the dialect of a service or a monolith: TypeScript or JavaScript, ES modules or
 * CommonJS. They are written once, in TypeScript, where they are type-checked and tested; here types are taken out and
 * imports and exports are put as the target has them.
 */
import { eachChild, isNode, type Node, type Program, unwrap } from '../../analysis/syntax/ast.ts';
import { parseFile } from '../../analysis/syntax/parse.ts';

export interface Dialect {
  language: 'ts' | 'js';
  modules: 'esm' | 'cjs';
  /** What follows the name of a file in a relative import: `.ts`, `.js` or nothing. Without it they stay as they are. */
  extension?: '' | '.ts' | '.js';
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

/** One module in the dialect. */
export function moduleText(source: string, dialect: Dialect): string {
  let text = source;
  if (dialect.language === 'js') text = withoutTypes(text);
  if (dialect.extension !== undefined) text = withExtensions(text, dialect.extension);
  if (dialect.language === 'js' && dialect.modules === 'cjs') text = asCommonJs(text);
  return text;
}

/**
 * Several modules as one text: their imports of packages first, merged; imports of each other dropped; nothing exported.
 * They must not use one top-level name twice.
 */
export function joined(sources: readonly string[]): string {
  const imports = new Map<string, { values: Set<string>; types: Set<string> }>();
  const bodies = sources.map((source) => {
    const program = parsed(source);
    const edits: Edit[] = [];
    for (const statement of program.body) {
      if (statement.type === 'ImportDeclaration') {
        edits.push(wholeLine(source, statement));
        const request = statement.source.value;
        if (request.startsWith('.')) continue;
        const into = imports.get(request) ?? { values: new Set(), types: new Set() };
        imports.set(request, into);
        for (const specifier of statement.specifiers) {
          const isType =
            statement.importKind === 'type' ||
            (specifier.type === 'ImportSpecifier' && specifier.importKind === 'type');
          const name = source.slice(specifier.start, specifier.end).replace(/^type\s+/, '');
          (isType ? into.types : into.values).add(name);
        }
      } else if (statement.type === 'ExportNamedDeclaration' && statement.declaration !== null) {
        edits.push({ start: statement.start, end: statement.declaration.start, text: '' });
      }
    }
    return applied(source, edits).trim();
  });
  const lines: string[] = [];
  for (const [request, { values, types }] of [...imports].sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
    if (values.size > 0) lines.push(`import { ${[...values].sort().join(', ')} } from '${request}';`);
    for (const name of values) types.delete(name);
    if (types.size > 0) lines.push(`import type { ${[...types].sort().join(', ')} } from '${request}';`);
  }
  return `${lines.join('\n')}\n\n${bodies.join('\n\n')}\n`;
}

/** The text without what stands at its top level, is not exported and is mentioned nowhere else. */
export function withoutUnused(source: string): string {
  let kept = parsed(source).body.map((statement) => ({
    statement,
    names: declaredNames(statement),
    mentions: identifiers(statement),
  }));
  const edits: Edit[] = [];
  for (;;) {
    const unused = kept.find(
      (item) =>
        item.names.length > 0 &&
        !kept.some((other) => other !== item && item.names.some((name) => other.mentions.has(name))),
    );
    if (unused === undefined) return applied(source, edits);
    kept = kept.filter((item) => item !== unused);
    edits.push(wholeLine(source, unused.statement, true));
  }
}

function declaredNames(statement: Node): string[] {
  if (statement.type === 'VariableDeclaration')
    return statement.declarations.flatMap((item) => (item.id.type === 'Identifier' ? [item.id.name] : []));
  const { id } = statement as { id?: unknown };
  return isNode(id) && id.type === 'Identifier' ? [id.name] : [];
}

function identifiers(node: Node): Set<string> {
  const names = new Set<string>();
  const visit = (at: Node): void => {
    if (at.type === 'Identifier') names.add(at.name);
    eachChild(at, visit);
  };
  visit(node);
  return names;
}

function parsed(source: string): Program {
  const file = parseFile('/module.ts', 'module.ts', source);
  if ('message' in file) throw new Error(`line ${file.line}: ${file.message}`);
  return file.program;
}

function applied(source: string, edits: readonly Edit[]): string {
  let text = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    if (edit.start < at) continue;
    text += source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return (text + source.slice(at)).replace(/\n{3,}/g, '\n\n');
}

/** From the comment that stands directly above to the end of the line. */
function wholeLine(source: string, node: { start: number; end: number }, above = false): Edit {
  let { start, end } = node;
  if (above) {
    const comment = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/[ \t]*\n[ \t]*$/.exec(source.slice(0, start));
    if (comment !== null) start -= comment[0].length;
  }
  if (source[end] === '\n') end += 1;
  return { start, end, text: '' };
}

/** JavaScript of the erasable TypeScript that `runtime/` is written in. */
function withoutTypes(source: string): string {
  const edits: Edit[] = [];
  const drop = (start: number, end: number): number => edits.push({ start, end, text: '' });
  /** `(error as Problem).code` becomes `error.code`. */
  const withoutParentheses = (node: Node): void => {
    const inner = unwrap(node);
    if (node.type !== 'TSAsExpression' || (inner.type !== 'Identifier' && inner.type !== 'MemberExpression'))
      return;
    if (source[node.start - 1] !== '(' || source[node.end] !== ')') return;
    drop(node.start - 1, node.start);
    drop(node.end, node.end + 1);
  };
  const visit = (node: Node): void => {
    switch (node.type) {
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
        edits.push(wholeLine(source, node, true));
        return;
      case 'ExportNamedDeclaration':
        if (
          node.declaration?.type === 'TSInterfaceDeclaration' ||
          node.declaration?.type === 'TSTypeAliasDeclaration'
        ) {
          edits.push(wholeLine(source, node, true));
          return;
        }
        break;
      case 'ImportDeclaration': {
        const kept = node.specifiers.filter(
          (item) => !(item.type === 'ImportSpecifier' && item.importKind === 'type'),
        );
        if (node.importKind === 'type' || kept.length === 0) edits.push(wholeLine(source, node));
        else if (node.specifiers.every((item) => item.type === 'ImportSpecifier')) {
          const names = kept.map((item) => source.slice(item.start, item.end)).join(', ');
          edits.push({
            start: node.start,
            end: node.end,
            text: `import { ${names} } from '${node.source.value}';`,
          });
        }
        return;
      }
      case 'PropertyDefinition':
        if (node.value === null) {
          edits.push(wholeLine(source, node, true));
          return;
        }
        break;
      case 'Identifier':
        if ((node as { optional?: boolean }).optional) {
          const mark = source.indexOf('?', node.start);
          drop(mark, mark + 1);
        }
        break;
      case 'MemberExpression':
        withoutParentheses(node.object);
        break;
      case 'CallExpression':
        withoutParentheses(node.callee);
        break;
      case 'TSTypeAnnotation':
      case 'TSTypeParameterDeclaration':
      case 'TSTypeParameterInstantiation':
        drop(node.start, node.end);
        return;
      case 'TSAsExpression':
        drop(node.expression.end + closing(source, node.expression.end, node.end), node.end);
        break;
      case 'TSNonNullExpression':
        drop(node.end - 1, node.end);
        break;
      default:
    }
    eachChild(node, visit);
  };
  for (const statement of parsed(source).body) visit(statement);
  return applied(source, edits)
    .replace(/[ \t]+$/gm, '')
    .replace(
      /\(\n((?:\s+\w+,\n)+)\s*\)/g,
      (_all, names: string) => `(${names.trim().split(/,\s*/).filter(Boolean).join(', ')})`,
    );
}

/** Parentheses that close between an expression and the cast that is taken off it belong to the expression. */
function closing(source: string, from: number, to: number): number {
  const found = /^\s*(\)\s*)*(?=as\b)/.exec(source.slice(from, to));
  return found === null ? 0 : found[0].trimEnd().length;
}

function withExtensions(source: string, extension: string): string {
  return source.replace(
    /(from |import\()'(\.[^']*?)\.ts'/g,
    (_all, how, path) => `${how}'${path}${extension}'`,
  );
}

function asCommonJs(source: string): string {
  const edits: Edit[] = [];
  const exported: string[] = [];
  const program = parsed(source);
  for (const statement of program.body) {
    if (statement.type === 'ImportDeclaration') {
      const names = statement.specifiers.map((item) => {
        if (item.type !== 'ImportSpecifier') throw new Error('only named imports are turned into CommonJS');
        const local = item.local.name;
        const imported = source.slice(item.imported.start, item.imported.end);
        return imported === local ? local : `${imported}: ${local}`;
      });
      edits.push({
        start: statement.start,
        end: statement.end,
        text: `const { ${names.join(', ')} } = require('${statement.source.value}');`,
      });
    } else if (statement.type === 'ExportNamedDeclaration' && statement.declaration !== null) {
      const { declaration } = statement;
      edits.push({ start: statement.start, end: declaration.start, text: '' });
      if (declaration.type === 'VariableDeclaration') {
        for (const item of declaration.declarations)
          if (item.id.type === 'Identifier') exported.push(item.id.name);
      } else if ('id' in declaration && isNode(declaration.id) && declaration.id.type === 'Identifier')
        exported.push(declaration.id.name);
    }
  }
  // A dynamic import in CommonJS would be outside of what test runners and bundlers mock and see.
  const visit = (node: Node): void => {
    if (node.type === 'ImportExpression') {
      const request = source.slice(node.source.start, node.source.end);
      edits.push({
        start: node.start,
        end: node.end,
        text: `Promise.resolve().then(() => require(${request}))`,
      });
      return;
    }
    eachChild(node, visit);
  };
  for (const statement of program.body) if (statement.type !== 'ImportDeclaration') visit(statement);
  const body = applied(source, edits).trimEnd();
  const head = /^\/\*\*[\s\S]*?\*\/\n/.exec(body)?.[0] ?? '';
  return `${head}'use strict';\n\n${body.slice(head.length).trimStart()}${
    exported.length > 0 ? `\n\nmodule.exports = { ${exported.join(', ')} };` : ''
  }\n`;
}
