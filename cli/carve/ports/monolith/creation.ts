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
  for (const statement of statementsAt(source, line)) {
    const found = besideStatement(source, statement, line, call);
    if (found !== undefined) return found;
  }
  // A plugin that is handed the instance, as fastify-cli starts it.
  const plugin = callableAt(source, line);
  const entered = plugin === undefined ? undefined : entry(source, plugin, call);
  if (entered !== undefined) return entered;
  throw new StranglerError('CARVE_PORT_APP', 'the statement that creates the application was not found', {
    place: { file: source.name, line },
    remedy: 'carve again if the monolith changed; otherwise assign the application to a variable of its own',
  });
}

/** Below a statement that gives the application a name, around an application that has none. */
function besideStatement(
  source: SourceFile,
  statement: Node,
  line: number,
  call: string,
): Insertion[] | undefined {
  const below = (holder: string): Insertion[] => {
    const added = `${indentAt(source.text, statement.start)}${call}(${holder});`;
    return [lineBelow(source.text, statement.end, added)];
  };
  const around = (value: Node | null): Insertion[] | undefined =>
    value !== null && creates(value)
      ? [
          { at: value.start, text: `${call}(` },
          { at: value.end, text: ')' },
        ]
      : undefined;
  const inner = statement.type === 'ExportNamedDeclaration' ? (statement.declaration as Node) : statement;
  switch (inner?.type) {
    case 'VariableDeclaration': {
      const makers = inner.declarations.filter((item) => item.init !== null && creates(item.init as Node));
      const named = makers.find((item) => contains(source, item as Node, line)) ?? makers[0];
      return named?.id.type === 'Identifier' ? below(named.id.name) : undefined;
    }
    case 'ExpressionStatement': {
      const assigned = unwrap(inner.expression as Node);
      if (assigned.type !== 'AssignmentExpression' || !creates(assigned.right as Node)) return undefined;
      return below(source.text.slice(assigned.left.start, assigned.left.end));
    }
    case 'ReturnStatement':
      return around(inner.argument as Node | null);
    case 'ExportDefaultDeclaration':
      return around(inner.declaration as Node);
    case 'PropertyDefinition':
      return around(inner.value as Node | null);
    default:
      return undefined;
  }
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

/** Statements that begin on the line, and the smallest that covers it; the smallest first. */
function statementsAt(source: SourceFile, line: number): Node[] {
  const found: Node[] = [];
  const exported = new Set<Node>();
  const visit = (node: Node): void => {
    if (!contains(source, node, line)) return;
    if (statementTypes.test(node.type) && node.type !== 'BlockStatement') found.push(node);
    if (node.type === 'ExportNamedDeclaration' && node.declaration !== null)
      exported.add(node.declaration as Node);
    eachChild(node, visit);
  };
  for (const statement of source.program.body) visit(statement as Node);
  return found
    .filter((node) => !exported.has(node))
    .sort((a, b) => a.end - a.start - (b.end - b.start))
    .filter((node, at) => at === 0 || lineAt(source.lines, node.start) === line);
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
