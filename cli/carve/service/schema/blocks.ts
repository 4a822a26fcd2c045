/** A Prisma schema cut into its blocks and those into statements, losslessly: the texts of all parts in order are the file. */

export interface Block {
  kind: 'model' | 'view' | 'enum' | 'type' | 'datasource' | 'generator';
  name: string;
  /** Comment lines right above, without an empty line between. */
  lead: string;
  /** The line that opens it, its statements, the line that closes it. */
  open: string;
  statements: Statement[];
  close: string;
}

export interface Statement {
  /** Empty lines and comments above. */
  lead: string;
  /** With its trailing comment and line break; may span lines inside brackets. */
  text: string;
  /** Name of the field, value or key; `@@index` and the like for an attribute of the block; '' for what ends the block. */
  name: string;
  /** Type of a field without `?` and `[]`. */
  type: string;
}

export type Part = { block: Block } | { text: string };

const OPENS = /^\s*(model|view|enum|type|datasource|generator)\s+(\w+)\s*\{/;

/** Parts of a schema file in order: blocks, and the comments and empty lines between them. */
export function splitSchema(text: string): Part[] {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const parts: Part[] = [];
  let pending: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const opened = OPENS.exec(line);
    if (opened === null) {
      pending.push(line);
      continue;
    }
    const end = endOfBlock(lines, at);
    const attached = commentsAbove(pending);
    if (pending.length > attached.length) {
      parts.push({ text: pending.slice(0, pending.length - attached.length).join('') });
    }
    pending = [];
    parts.push({ block: blockOf(opened, attached.join(''), lines.slice(at, end + 1)) });
    at = end;
  }
  if (pending.length > 0) parts.push({ text: pending.join('') });
  return parts;
}

/** Index of the line with the brace that closes the block of line `at`. */
function endOfBlock(lines: readonly string[], at: number): number {
  let depth = 0;
  for (let index = at; index < lines.length; index += 1) {
    depth += balance(lines[index] ?? '', '{', '}');
    if (depth <= 0) return index;
  }
  return lines.length - 1;
}

function commentsAbove(lines: readonly string[]): string[] {
  let from = lines.length;
  while (from > 0 && /^\s*\/\//.test(lines[from - 1] ?? '')) from -= 1;
  return lines.slice(from);
}

function blockOf(opened: RegExpExecArray, lead: string, lines: string[]): Block {
  const kind = opened[1] as Block['kind'];
  const name = opened[2] ?? '';
  if (lines.length === 1) {
    // `enum A { }` or a datasource on one line.
    return { kind, name, lead, open: lines[0] ?? '', statements: [], close: '' };
  }
  const statements: Statement[] = [];
  let above = '';
  let text = '';
  let depth = 0;
  for (const line of lines.slice(1, -1)) {
    if (text === '' && /^\s*(?:\/\/.*)?$/.test(line.trimEnd())) {
      above += line;
      continue;
    }
    text += line;
    depth += balance(line, '([{', ')]}');
    if (depth > 0) continue;
    statements.push({ lead: above, text, ...nameAndType(text) });
    [above, text, depth] = ['', '', 0];
  }
  if (above !== '' || text !== '') statements.push({ lead: above, text, name: '', type: '' });
  return { kind, name, lead, open: lines[0] ?? '', statements, close: lines.at(-1) ?? '' };
}

function nameAndType(text: string): { name: string; type: string } {
  const attribute = /^\s*(@@[\w.]+)/.exec(text);
  if (attribute) return { name: attribute[1] ?? '', type: '' };
  const field = /^\s*(\w+)(?:\s+(\w+))?/.exec(text);
  return { name: field?.[1] ?? '', type: field?.[2] ?? '' };
}

/** Opened minus closed brackets of a line, outside texts and comments. */
function balance(line: string, opening: string, closing: string): number {
  const code = withoutComment(line).replace(/"(?:\\.|[^"\\])*"/g, '""');
  let depth = 0;
  for (const character of code) {
    if (opening.includes(character)) depth += 1;
    else if (closing.includes(character)) depth -= 1;
  }
  return depth;
}

/** A line up to its comment. */
export function withoutComment(line: string): string {
  return line.replace(/("(?:\\.|[^"\\])*")|\/\/.*$/gm, (_all, text: string | undefined) => text ?? '');
}

/** The text of a block as it stands. */
export function blockText(block: Block): string {
  const inside = block.statements.map((statement) => statement.lead + statement.text).join('');
  return block.lead + block.open + inside + block.close;
}
