import { parseSync } from 'oxc-parser';

export type JavaScriptModules = 'esm' | 'cjs';

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

/**
 * A template of the runtime as JavaScript: types are taken out to the last character, comments and layout stay, and for
 * CommonJS the imports become `require` and the exports one `module.exports` at the end. Only for the templates: they
 * use no top-level await and no enums, and a default import is alone in its statement.
 */
export function toJavaScript(source: string, modules: JavaScriptModules): string {
  const { program, errors } = parseSync('template.ts', source);
  if (errors.length > 0) throw new Error(`template can't be parsed: ${errors[0]?.message}`);
  const edits: Edit[] = [];
  const exported: string[] = [];
  for (const statement of program.body as unknown as Node[])
    topLevel(statement, source, modules, edits, exported);
  let text = apply(source, edits);
  if (modules === 'cjs') {
    text = `'use strict';\n\n${text}`;
    if (exported.length > 0) text += `\nmodule.exports = ${list(exported)};\n`;
  }
  return text.replace(/\n{3,}/g, '\n\n').replace(/^\n+/, '');
}

function topLevel(
  statement: Node,
  source: string,
  modules: JavaScriptModules,
  edits: Edit[],
  exported: string[],
): void {
  const inner = (statement.declaration ?? undefined) as Node | undefined;
  if (isTypeOnly(statement) || (inner && isTypeOnly(inner))) {
    edits.push({ ...withItsComment(statement, source), text: '' });
    return;
  }
  if (statement.type === 'ImportDeclaration') {
    importStatement(statement, modules, edits);
    return;
  }
  if (statement.type === 'ExportNamedDeclaration' && inner && modules === 'cjs') {
    edits.push({ start: statement.start, end: inner.start, text: '' });
    exported.push(...namesOf(inner));
  }
  visit(statement, source, edits);
}

function isTypeOnly(node: Node): boolean {
  return (
    node.type === 'TSInterfaceDeclaration' ||
    node.type === 'TSTypeAliasDeclaration' ||
    (node.type === 'ImportDeclaration' && node.importKind === 'type')
  );
}

function namesOf(declaration: Node): string[] {
  if (declaration.type === 'VariableDeclaration') {
    return (declaration.declarations as Node[]).map((one) => (one.id as { name: string }).name);
  }
  return [(declaration.id as { name: string }).name];
}

function importStatement(statement: Node, modules: JavaScriptModules, edits: Edit[]): void {
  const from = (statement.source as Node).value as string;
  const specifiers = (statement.specifiers as Node[]).filter((one) => one.importKind !== 'type');
  const quoted = `'${from}'`;
  let text: string;
  if (specifiers.length === 0) text = modules === 'cjs' ? `require(${quoted});` : `import ${quoted};`;
  else if (specifiers[0]?.type === 'ImportDefaultSpecifier') {
    const name = (specifiers[0].local as { name: string }).name;
    text = modules === 'cjs' ? `const ${name} = require(${quoted});` : `import ${name} from ${quoted};`;
  } else if (specifiers[0]?.type === 'ImportNamespaceSpecifier') {
    const name = (specifiers[0].local as { name: string }).name;
    text = modules === 'cjs' ? `const ${name} = require(${quoted});` : `import * as ${name} from ${quoted};`;
  } else {
    const names = specifiers.map((one) => {
      const imported = (one.imported as { name: string }).name;
      const local = (one.local as { name: string }).name;
      if (imported === local) return local;
      return modules === 'cjs' ? `${imported}: ${local}` : `${imported} as ${local}`;
    });
    text =
      modules === 'cjs'
        ? `const ${list(names)} = require(${quoted});`
        : `import ${list(names)} from ${quoted};`;
  }
  edits.push({ start: statement.start, end: statement.end, text });
}

/** `{ a, b }`, over several lines where it gets long. */
function list(names: string[]): string {
  const line = `{ ${names.join(', ')} }`;
  return line.length <= 80 ? line : `{\n${names.map((name) => `  ${name},`).join('\n')}\n}`;
}

/** A statement with the comment right above it and the line break after it. */
function withItsComment(statement: Node, source: string): { start: number; end: number } {
  const before = source.slice(0, statement.start);
  const comment = /(?:^|\n)([ \t]*(?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/|\/\/[^\n]*)\n)$/.exec(before)?.[1] ?? '';
  const after = source[statement.end] === '\n' ? 1 : 0;
  return { start: statement.start - comment.length, end: statement.end + after };
}

const TYPES = new Set([
  'TSTypeAnnotation',
  'TSTypeParameterDeclaration',
  'TSTypeParameterInstantiation',
  'TSClassImplements',
]);

function visit(node: Node, source: string, edits: Edit[]): void {
  if (TYPES.has(node.type)) {
    const optional = source[node.start - 1] === '?' ? 1 : 0;
    edits.push({ start: node.start - optional, end: node.end, text: '' });
    return;
  }
  if (['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'].includes(node.type)) {
    const expression = node.expression as Node;
    visit(expression, source, edits);
    edits.push({ start: expression.end, end: node.end, text: '' });
    return;
  }
  if (node.type === 'PropertyDefinition' || node.type === 'MethodDefinition') {
    const modifiers = /^(?:(?:private|public|protected|readonly|override)\s+)+/.exec(
      source.slice(node.start, (node.key as Node).start),
    );
    if (modifiers) edits.push({ start: node.start, end: node.start + modifiers[0].length, text: '' });
  }
  if (node.type === 'VariableDeclaration' && node.declare === true) {
    edits.push({ ...withItsComment(node, source), text: '' });
    return;
  }
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) visit(child, source, edits);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function apply(source: string, edits: Edit[]): string {
  let text = source;
  for (const edit of [...edits].sort((a, b) => b.start - a.start)) {
    text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
  }
  return text;
}
