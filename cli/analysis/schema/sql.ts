import type { Access } from '../model.ts';

export interface SqlTable {
  name: string;
  access: Access;
}

type Token = { kind: 'word' | 'name' | 'string' | 'number' | 'hole' | 'symbol'; text: string };

/** Placeholder that stands in a statement's text for an expression whose value is not known. */
export const HOLE = '\uE000';

/** Splits SQL into tokens: quoted names, dollar-quoted and plain strings, comments dropped, holes kept apart. */
export function tokenizeSql(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]*)\$[\s\S]*?\$\1\$|"((?:[^"]|"")*)"|`((?:[^`])*)`|\[([A-Za-z_][\w ]*)\]|'((?:[^']|'')*)'|([A-Za-z_][\w$]*)|(\d+(?:\.\d+)?)|(\uE000)|(\s+)|([^\s])/g;
  for (const match of text.matchAll(pattern)) {
    const [all, , double, back, bracket, single, word, number, hole, space, symbol] = match;
    if (double !== undefined) tokens.push({ kind: 'name', text: double.replaceAll('""', '"') });
    else if (back !== undefined) tokens.push({ kind: 'name', text: back });
    else if (bracket !== undefined) tokens.push({ kind: 'name', text: bracket });
    else if (single !== undefined || all.startsWith('$')) {
      if (all.length > 1) tokens.push({ kind: 'string', text: all });
    } else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (hole !== undefined) tokens.push({ kind: 'hole', text: hole });
    else if (space === undefined && symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol });
  }
  return tokens;
}

const STOP = new Set([
  'select',
  'where',
  'set',
  'values',
  'on',
  'using',
  'group',
  'order',
  'limit',
  'having',
  'union',
  'returning',
  'lateral',
  'unnest',
  'generate_series',
  'jsonb_array_elements',
  'default',
  'dual',
]);

const ENDS_LIST = new Set([
  'select',
  'where',
  'group',
  'order',
  'limit',
  'having',
  'union',
  'returning',
  'set',
  'values',
]);

/**
 * Tables that a statement names, and whether it writes them. Best effort by keyword position, not a grammar: names
 * after FROM, JOIN, INTO, UPDATE, DELETE FROM, TRUNCATE, LOCK TABLE, ALTER TABLE; names bound by WITH are left out.
 *
 * @returns the tables, and whether a table's name is computed or no table was found, which the caller reports
 */
export function tablesOf(sql: string): { tables: SqlTable[]; computed: boolean } {
  const tokens = tokenizeSql(sql);
  const tables = new Map<string, Access>();
  const bound = withNames(tokens);
  let computed = false;
  const word = (at: number): string =>
    tokens[at]?.kind === 'word' ? (tokens[at]?.text ?? '').toLowerCase() : '';

  const take = (at: number, access: Access): number => {
    let next = at;
    while (['only', 'table', 'if', 'exists', 'not', 'ignore', 'low_priority'].includes(word(next))) next += 1;
    const token = tokens[next];
    if (token?.kind === 'hole') {
      computed = true;
      return next + 1;
    }
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'name')) return next;
    if (token.kind === 'word' && STOP.has(token.text.toLowerCase())) return next;
    let name = token.text;
    next += 1;
    while (tokens[next]?.text === '.' && tokens[next]?.kind === 'symbol') {
      const part = tokens[next + 1];
      if (part?.kind === 'hole') computed = true;
      if (part === undefined || (part.kind !== 'word' && part.kind !== 'name')) break;
      name = part.text;
      next += 2;
    }
    // A name followed by an opening parenthesis after FROM is a function, not a table.
    if (tokens[next]?.text === '(' && access === 'read') return next;
    if (!bound.has(name.toLowerCase()) && tables.get(name) !== 'write') tables.set(name, access);
    return next;
  };

  // Whether each level of parentheses is in a FROM list, where a comma brings another table.
  const listing: boolean[] = [false];
  for (let at = 0; at < tokens.length; at += 1) {
    const { kind, text } = tokens[at] ?? { kind: 'symbol', text: '' };
    if (kind === 'symbol') {
      if (text === '(') listing.push(false);
      else if (text === ')' && listing.length > 1) listing.pop();
      else if (text === ',' && listing.at(-1) === true) take(at + 1, 'read');
    }
    if (ENDS_LIST.has(word(at))) listing[listing.length - 1] = false;
    switch (word(at)) {
      case 'from': {
        if (inFunction(tokens, at)) break;
        take(at + 1, word(at - 1) === 'delete' ? 'write' : 'read');
        listing[listing.length - 1] = true;
        break;
      }
      case 'join':
        take(at + 1, 'read');
        break;
      case 'into':
        take(at + 1, 'write');
        break;
      case 'update':
        if (!['for', 'do', 'on', 'key'].includes(word(at - 1))) take(at + 1, 'write');
        break;
      case 'truncate':
        take(at + 1, 'write');
        break;
      case 'table':
        if (['lock', 'alter', 'drop'].includes(word(at - 1))) take(at + 1, 'write');
        break;
    }
  }
  return { tables: [...tables].map(([name, access]) => ({ name, access })), computed };
}

/** `extract(epoch FROM x)`, `trim(both FROM x)`, `substring(x FROM 1)`: FROM that names no table. */
function inFunction(tokens: Token[], at: number): boolean {
  let depth = 0;
  for (let back = at - 1; back >= 0; back -= 1) {
    const text = tokens[back]?.text.toLowerCase();
    if (text === ')') depth += 1;
    else if (text === '(') {
      if (depth === 0) {
        const name = tokens[back - 1]?.text.toLowerCase() ?? '';
        return ['extract', 'trim', 'substring', 'overlay', 'position'].includes(name);
      }
      depth -= 1;
    } else if (text === 'select' && depth === 0) return false;
  }
  return false;
}

function withNames(tokens: Token[]): Set<string> {
  const names = new Set<string>();
  tokens.forEach((token, at) => {
    if (token.kind !== 'word' || token.text.toLowerCase() !== 'as') return;
    const opens = tokens[at + 1]?.text === '(' || /^(?:materialized|not)$/i.test(tokens[at + 1]?.text ?? '');
    const body = tokens
      .slice(at + 1, at + 5)
      .some((item) => /^(?:select|insert|update|delete|with|values)$/i.test(item.text));
    if (!opens || !body) return;
    let back = at - 1;
    if (tokens[back]?.text === ')') while (back > 0 && tokens[back]?.text !== '(') back -= 1;
    if (tokens[back]?.text === '(') back -= 1;
    const name = tokens[back];
    if (name?.kind === 'word' || name?.kind === 'name') names.add(name.text.toLowerCase());
  });
  return names;
}
