/** The text of a taken file: what its authors wrote, byte for byte, without what was left out. */
import type { ModuleSymbol, SymbolTable } from '../../analysis/symbols/table.ts';
import type { Node, Program } from '../../analysis/syntax/ast.ts';
import { commonExport, requiredNames } from './common-js.ts';
import type { Cut } from './cuts.ts';
import type { TakenModule } from './liveness.ts';

export interface EmitRules {
  cuts: readonly Cut[];
  /** Pieces of a symbol with other text in their place: functions that are called over the network. */
  replaced: (symbol: ModuleSymbol) => readonly Piece[];
  /** Whether an import for its effects alone stays. */
  keepsEffectImport: (request: string) => boolean;
  /** Lines put behind the imports, such as the import of the caller of ports. */
  head: readonly string[];
  /** Lines put at the end, such as an export that the service's start needs. */
  tail: readonly string[];
}

export type Piece = { start: number; end: number; text: string };

/** Pure: the same module and decisions give the same bytes. Line ends are those of the file. */
export function emitModule(taken: TakenModule, table: SymbolTable, rules: EmitRules): string {
  const { module } = taken;
  const { text, program } = module.source;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const pieces: Piece[] = [];
  const bySymbol = new Map<Node, ModuleSymbol>(table.symbols.map((symbol) => [symbol.node, symbol]));
  let keptBefore = false;
  for (const [at, statement] of program.body.entries()) {
    const symbol = bySymbol.get(statement);
    const edits =
      statement.type === 'ImportDeclaration'
        ? importEdits(statement, taken, rules)
        : symbol !== undefined && taken.symbols.has(symbol)
          ? symbolEdits(symbol, taken, rules)
          : undefined;
    const from = at === 0 ? 0 : (program.body[at - 1]?.end ?? 0);
    if (edits === undefined) {
      pieces.push({ ...removal(text, program, from, statement, keptBefore), text: '' });
      continue;
    }
    keptBefore = true;
    pieces.push(...edits);
  }
  for (const cut of rules.cuts) {
    if (pieces.some((piece) => piece.start <= cut.start && cut.end <= piece.end)) continue;
    const range = cut.replacement === undefined ? wholeLine(text, cut) : cut;
    pieces.push({ start: range.start, end: range.end, text: cut.replacement ?? '' });
  }
  if (rules.head.length > 0) pieces.push(headOf(taken, rules.head, newline));
  let result = apply(text, pieces);
  if (rules.tail.length > 0)
    result = `${result.replace(/\s*$/, '')}${newline}${newline}${rules.tail.join(newline)}${newline}`;
  return result.replace(/^(?:[ \t]*\r?\n)+/, '').replace(/(?:\r?\n)+$/, newline);
}

function apply(text: string, pieces: readonly Piece[]): string {
  // What is put in comes before what is taken out at the same place.
  const isEmpty = (piece: Piece): number => (piece.start === piece.end ? 0 : 1);
  const sorted = [...pieces].sort((a, b) => a.start - b.start || isEmpty(a) - isEmpty(b) || b.end - a.end);
  let result = '';
  let at = 0;
  // Where something was taken out, the blank lines above and below it become one.
  let joint = false;
  const keep = (kept: string): void => {
    let chunk = kept;
    if (joint && /(?:^|\n[ \t]*\r?\n)$/.test(result)) chunk = kept.replace(/^(?:[ \t]*\r?\n)+/, '');
    else if (joint && result.endsWith('\n')) chunk = kept.replace(/^([ \t]*\r?\n)(?:[ \t]*\r?\n)+/, '$1');
    else if (joint) chunk = kept.replace(/^([ \t]*\r?\n[ \t]*\r?\n)(?:[ \t]*\r?\n)+/, '$1');
    if (chunk !== '') joint = false;
    result += chunk;
  };
  for (const piece of sorted) {
    if (piece.end <= at && piece.end !== piece.start) continue;
    keep(text.slice(at, Math.max(at, piece.start)));
    if (piece.text === '') joint = true;
    else keep(piece.text);
    at = Math.max(at, piece.end);
  }
  keep(text.slice(at));
  return result;
}

/** A statement with the comments that belong to it: those above it that no blank line parts from it. */
function removal(
  text: string,
  program: Program,
  from: number,
  statement: Node,
  keptBefore: boolean,
): { start: number; end: number } {
  const gap = text.slice(from, statement.start);
  // What follows a blank line after the statement before belongs here; a file's heading comment belongs to the file.
  const blank = [...gap.matchAll(/\n[ \t]*\r?\n/g)].at(-1);
  const firstBreak = gap.indexOf('\n');
  let start: number;
  if (from === 0) {
    start = blank === undefined ? statement.start : (blank.index ?? 0) + blank[0].length;
    if (blank === undefined && !/\/\*|\/\//.test(gap)) start = 0;
  } else if (blank !== undefined) start = from + (blank.index ?? 0) + (keptBefore ? 0 : blank[0].length);
  else start = from + (firstBreak === -1 ? 0 : firstBreak);
  if (start > statement.start) start = statement.start;
  let { end } = statement;
  // A comment behind it on the same line goes as well.
  const rest = /^[^\S\n]*(?:\/\/[^\n]*|\/\*[^\n]*?\*\/[^\S\n]*)?/.exec(text.slice(end));
  const next = program.body.find((other) => other.start >= end);
  if (rest !== null && (next === undefined || next.start >= end + rest[0].length)) end += rest[0].length;
  if (text[end] === '\r') end += text[end + 1] === '\n' && text[start] !== '\n' ? 1 : 0;
  const blankAfter = /^\r?\n[ \t]*\r?\n/.test(text.slice(end));
  if (from > 0 && blank !== undefined && keptBefore && !blankAfter && next !== undefined) {
    // The blank line above parts what stays, too.
    start = from + (blank.index ?? 0) + blank[0].length;
    end += /^\r?\n/.exec(text.slice(end))?.[0].length ?? 0;
  }
  return { start, end };
}

/** A cut that is all there is on its lines takes the lines, and the comment right above. */
function wholeLine(text: string, cut: Cut): { start: number; end: number } {
  let { start, end } = cut;
  const before = text.lastIndexOf('\n', start - 1) + 1;
  const after = text.indexOf('\n', end);
  const alone =
    /^[ \t]*$/.test(text.slice(before, start)) &&
    /^[ \t]*(?:\/\/.*)?\r?$/.test(text.slice(end, after === -1 ? text.length : after));
  if (!alone) return { start, end };
  start = before;
  end = after === -1 ? text.length : after + 1;
  for (;;) {
    const previous = text.lastIndexOf('\n', start - 2) + 1;
    if (start === 0 || !/^[ \t]*\/\//.test(text.slice(previous, start))) break;
    start = previous;
  }
  // Two blank lines in a row become one.
  const blankBefore = /\n[ \t]*\r?\n$/.test(text.slice(0, start));
  const blankAfter = /^[ \t]*\r?\n/.exec(text.slice(end));
  if (blankBefore && blankAfter !== null) end += blankAfter[0].length;
  return { start, end };
}

/** Undefined where the import goes as a whole. */
function importEdits(
  statement: Extract<Program['body'][number], { type: 'ImportDeclaration' }>,
  taken: TakenModule,
  rules: EmitRules,
): Piece[] | undefined {
  const { specifiers, source } = statement;
  if (specifiers.length === 0) return rules.keepsEffectImport(source.value) ? [] : undefined;
  const kept = specifiers.filter((item) => taken.imported.has(item.local.name));
  if (kept.length === 0) return undefined;
  if (kept.length === specifiers.length) return [];
  const { text } = taken.module.source;
  const pieces: Piece[] = [];
  const named = specifiers.filter((item) => item.type === 'ImportSpecifier');
  const keptNamed = named.filter((item) => kept.includes(item));
  const lead = specifiers.find((item) => item.type !== 'ImportSpecifier');
  if (lead !== undefined && !kept.includes(lead)) {
    const [first] = named;
    const brace = first === undefined ? lead.end : text.lastIndexOf('{', first.start);
    pieces.push({ start: lead.start, end: Math.max(lead.end, brace), text: '' });
  }
  if (named.length > 0 && keptNamed.length === 0) {
    const last = named.at(-1);
    const close = text.indexOf('}', last?.end ?? statement.start);
    pieces.push({ start: lead?.end ?? statement.start, end: close + 1, text: '' });
  } else pieces.push(...listEdits(text, named, keptNamed, '}'));
  return pieces;
}

/** Removes items of a comma-separated list. */
function listEdits(text: string, all: readonly Node[], kept: readonly Node[], close: string): Piece[] {
  const pieces: Piece[] = [];
  for (const [at, item] of all.entries()) {
    if (kept.includes(item)) continue;
    const next = all[at + 1];
    const keptBefore = all.slice(0, at).some((other) => kept.includes(other));
    if (next !== undefined && !(all.slice(at + 1).every((other) => !kept.includes(other)) && keptBefore)) {
      pieces.push({ start: item.start, end: next.start, text: '' });
      continue;
    }
    const previous = [...all.slice(0, at)].reverse().find((other) => kept.includes(other));
    let start = previous === undefined ? item.start : previous.end;
    let { end } = all.at(-1) ?? item;
    if (previous !== undefined && next !== undefined) end = all.at(-1)?.end ?? end;
    // A comma behind the last item stays where the list is written over several lines.
    const tail = /^\s*,/.exec(text.slice(end));
    if (tail !== null && text.indexOf(close, end) >= end + tail[0].length) {
      const multiline = /\n/.test(text.slice(end + tail[0].length, text.indexOf(close, end)));
      if (!multiline) end += tail[0].length;
    }
    start = Math.min(start, item.start);
    pieces.push({ start, end, text: '' });
    break;
  }
  return pieces;
}

function symbolEdits(symbol: ModuleSymbol, taken: TakenModule, rules: EmitRules): Piece[] {
  const replaced = rules.replaced(symbol);
  if (replaced.length > 0) return [...replaced];
  const { text } = taken.module.source;
  const { node } = symbol;
  const required = requiredNames(node);
  if (required !== undefined && node.type === 'VariableDeclaration') {
    const pieces: Piece[] = [];
    const declarators = node.declarations;
    const used = declarators.filter((item) =>
      required.some((name) => name.declarator === item && taken.imported.has(name.local)),
    );
    if (used.length < declarators.length) pieces.push(...listEdits(text, declarators, used, ';'));
    for (const declarator of used) {
      const names = required.filter((name) => name.declarator === declarator && name.property !== undefined);
      const kept = names.filter((name) => taken.imported.has(name.local));
      if (kept.length < names.length) {
        const nodes = (list: typeof names): Node[] => list.flatMap((name) => name.property ?? []);
        pieces.push(...listEdits(text, nodes(names), nodes(kept), '}'));
      }
    }
    return pieces;
  }
  if (taken.whole) return [];
  const exported = commonExport(node);
  if (exported?.kind === 'list') {
    const nodes = exported.properties.map((item) => item.node);
    const kept = exported.properties.filter((item) => taken.exported.has(item.key)).map((item) => item.node);
    return kept.length === 0 || kept.length === nodes.length ? [] : listEdits(text, nodes, kept, '}');
  }
  if (node.type === 'ExportNamedDeclaration' && node.declaration === null) {
    const kept = node.specifiers.filter((item) => {
      const name =
        item.exported.type === 'Literal'
          ? String(item.exported.value)
          : (item.exported as { name: string }).name;
      return taken.exported.has(name);
    });
    return kept.length === 0 || kept.length === node.specifiers.length
      ? []
      : listEdits(text, node.specifiers, kept, '}');
  }
  return [];
}

/** Behind the last import or `require` that stays; before the first statement where there is none. */
function headOf(taken: TakenModule, lines: readonly string[], newline: string): Piece {
  const { program } = taken.module.source;
  const symbols = new Set<Node>([...taken.symbols].map((symbol) => symbol.node));
  const imports = program.body.filter(
    (statement) =>
      (statement.type === 'ImportDeclaration' &&
        (statement.specifiers.length === 0 ||
          statement.specifiers.some((item) => taken.imported.has(item.local.name)))) ||
      (symbols.has(statement) && requiredNames(statement) !== undefined),
  );
  const last = imports.at(-1);
  if (last !== undefined) return { start: last.end, end: last.end, text: `${newline}${lines.join(newline)}` };
  const index = program.body.findIndex((statement) => symbols.has(statement) && !isDirective(statement));
  const first = program.body[index];
  const at =
    first === undefined
      ? 0
      : withComments(taken.module.source.text, program.body[index - 1]?.end ?? 0, first);
  return { start: at, end: at, text: `${lines.join(newline)}${newline}${newline}` };
}

/** `'use strict'` has to stay first. */
function isDirective(statement: Node): boolean {
  return statement.type === 'ExpressionStatement' && typeof statement.directive === 'string';
}

/** Where a statement starts with the comment right above it; a heading of the file does not belong to it. */
function withComments(text: string, from: number, { start }: Node): number {
  const gap = text.slice(from, start);
  const blank = [...gap.matchAll(/\n[ \t]*\r?\n/g)].at(-1);
  if (blank !== undefined) return from + (blank.index ?? 0) + blank[0].length;
  return from === 0 ? start : from + gap.indexOf('\n') + 1;
}
