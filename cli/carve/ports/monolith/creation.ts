/** Where the monolith creates its application, and how a line is added that is handed it. */
import { StranglerError } from '../../../../migration-plans/errors.ts';
import { eachChild, isCallable, lineAt, type Node, unwrap } from '../../../analysis/syntax/ast.ts';
import type { SourceFile } from '../../../analysis/syntax/parse.ts';
import { type Insertion, indentAt, lineBelow } from './edits.ts';

/**
 * Insertions after which `call` (such as `mountPorts`) is called with the application that is created on this line.
 * @throws StranglerError `CARVE_PORT_APP` where no such statement is there
 */
export function callWithApp(source: SourceFile, line: number, call: string): Insertion[] {
  const statement = innermost(source, line);
  const text = (node: Node): string => source.text.slice(node.start, node.end);
  const below = (holder: string): Insertion[] => {
    const added = `${indentAt(source.text, statement!.start)}${call}(${holder});`;
    return [lineBelow(source.text, statement!.end, added)];
  };
  const around = (node: Node): Insertion[] => [
    { at: node.start, text: `${call}(` },
    { at: node.end, text: ')' },
  ];
  if (statement !== undefined) {
    const inner = statement.type === 'ExportNamedDeclaration' ? (statement.declaration as Node) : statement;
    if (inner?.type === 'VariableDeclaration') {
      const makers = inner.declarations.filter((item) => item.init !== null && creates(item.init as Node));
      const named = makers.find((item) => contains(source, item as Node, line)) ?? makers[0];
      if (named?.id.type === 'Identifier') return below(named.id.name);
    }
    if (inner?.type === 'ExpressionStatement') {
      const assigned = unwrap(inner.expression as Node);
      if (assigned.type === 'AssignmentExpression' && creates(assigned.right as Node))
        return below(text(assigned.left as Node));
    }
    if (inner?.type === 'ReturnStatement' && inner.argument !== null && creates(inner.argument as Node))
      return around(inner.argument as Node);
    if (inner?.type === 'ExportDefaultDeclaration' && creates(inner.declaration as Node))
      return around(inner.declaration as Node);
    if (inner?.type === 'PropertyDefinition' && inner.value !== null && creates(inner.value as Node))
      return around(inner.value as Node);
    // A plugin that is handed the instance, as fastify-cli starts it.
    const plugin = callableAt(source, line);
    const entered = plugin === undefined ? undefined : entry(source, plugin, call);
    if (entered !== undefined) return entered;
  }
  throw new StranglerError('CARVE_PORT_APP', 'the statement that creates the application was not found', {
    place: { file: source.name, line },
    remedy: 'carve again if the monolith changed; otherwise assign the application to a variable of its own',
  });
}

function entry(source: SourceFile, made: Node, call: string): Insertion[] | undefined {
  const { params, body } = made as { params?: Node[]; body?: Node | null };
  const first = params?.[0];
  const statements = (body as { body?: Node[] } | null | undefined)?.body;
  if (first?.type !== 'Identifier' || !body || !Array.isArray(statements)) return undefined;
  const before = statements[0]?.start;
  const indent = before === undefined ? '  ' : indentAt(source.text, before);
  return [{ at: body.start + 1, text: `\n${indent}${call}(${first.name});` }];
}

/** The outermost function that begins on the line; of several the last. */
export function callableAt(source: SourceFile, line: number): Node | undefined {
  let found: Node | undefined;
  const visit = (node: Node): void => {
    if (isCallable(node) && lineAt(source.lines, node.start) === line) {
      found = node;
      return;
    }
    eachChild(node, visit);
  };
  for (const statement of source.program.body) visit(statement as Node);
  return found;
}

const statementTypes = /Statement$|^(?:Variable|Export\w*|Function)Declaration$|^PropertyDefinition$/;

/** The smallest statement that covers the line; of several on one line the first that creates something. */
function innermost(source: SourceFile, line: number): Node | undefined {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (!contains(source, node, line)) return;
    if (statementTypes.test(node.type) && node.type !== 'BlockStatement') found.push(node);
    eachChild(node, visit);
  };
  for (const statement of source.program.body) visit(statement as Node);
  const exported = new Set(
    found.flatMap((node) => (node.type === 'ExportNamedDeclaration' ? [node.declaration as Node] : [])),
  );
  return found
    .filter((node) => !exported.has(node))
    .sort((a, b) => a.end - a.start - (b.end - b.start))
    .find((node) => node.type !== 'EmptyStatement');
}

function contains(source: SourceFile, node: Node, line: number): boolean {
  return (
    lineAt(source.lines, node.start) <= line &&
    line <= lineAt(source.lines, Math.max(node.start, node.end - 1))
  );
}

/** Whether the value is what a call made: `express()`, `await build()`, `Fastify().withTypeProvider()`, `a = b()`. */
function creates(node: Node): boolean {
  const value = unwrap(node);
  if (value.type === 'AwaitExpression') return creates(value.argument as Node);
  if (value.type === 'AssignmentExpression') return creates(value.right as Node);
  return value.type === 'CallExpression' || value.type === 'NewExpression';
}
