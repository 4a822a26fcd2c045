/**
 * What the monolith's migrations make for the service's tables and no Prisma schema shows: triggers, functions, views,
 * check constraints, special indexes. What touches the service's tables only is carried over; the rest is named.
 */
import { tablesOf } from '../../../analysis/schema/sql.ts';
import type { TextFile } from '../project.ts';
import { splitSql } from './statements.ts';

export interface Carried {
  /** Statements to run after the tables were made, in the monolith's order. */
  statements: { text: string; from: string }[];
  /** What touches the service's tables and can't be carried over, as `trigger audit (file:line): reason`. */
  left: string[];
}

interface Made {
  kind: 'extension' | 'sequence' | 'function' | 'view' | 'trigger' | 'check' | 'index' | 'generated column';
  name: string;
  tables: string[];
  /** Function that a trigger calls. */
  calls?: string;
  text: string;
  from: string;
}

const NAME = '(?:"?\\w+"?\\s*\\.\\s*)?"?(\\w+)"?';
const OR_REPLACE = '(?:OR\\s+REPLACE\\s+)?';
const IF_NOT = '(?:IF\\s+NOT\\s+EXISTS\\s+)?';

/** Sorts the statements of all migrations, in order, for the tables that the service owns. `created`: its own SQL. */
export function carriedObjects(
  migrations: readonly TextFile[],
  owned: ReadonlySet<string>,
  created: string,
): Carried {
  const made = new Map<string, Made>();
  for (const file of migrations) {
    for (const { text, code, line } of splitSql(file.text)) {
      forget(code, made);
      for (const object of objectsOf(code, text)) {
        made.set(`${object.kind}:${object.name}`, { ...object, from: `${file.path}:${line}` });
      }
    }
  }
  return sortOut([...made.values()], owned, created);
}

function objectsOf(code: string, text: string): Omit<Made, 'from'>[] {
  const match = (pattern: string) => new RegExp(`^\\s*${pattern}`, 'i').exec(code);
  const named = (kind: Made['kind'], found: RegExpExecArray, tables: string[]): Omit<Made, 'from'>[] => [
    { kind, name: found[1] ?? '', tables, text },
  ];
  let found = match(`CREATE\\s+EXTENSION\\s+${IF_NOT}"?([\\w-]+)"?`);
  if (found) return named('extension', found, []);
  found = match(`CREATE\\s+SEQUENCE\\s+${IF_NOT}${NAME}`);
  if (found) return named('sequence', found, []);
  found = match(`CREATE\\s+${OR_REPLACE}(?:FUNCTION|PROCEDURE)\\s+${NAME}`);
  if (found) return named('function', found, tablesIn(code.replace(/\$\w*\$/g, ' ')));
  found = match(`CREATE\\s+${OR_REPLACE}(?:MATERIALIZED\\s+)?VIEW\\s+${IF_NOT}${NAME}`);
  if (found) return named('view', found, tablesIn(code));
  found = match(`CREATE\\s+${OR_REPLACE}(?:CONSTRAINT\\s+)?TRIGGER\\s+${NAME}`);
  if (found) {
    const table = new RegExp(`\\sON\\s+${NAME}`, 'i').exec(code)?.[1] ?? '';
    const calls = new RegExp(`\\bEXECUTE\\s+(?:FUNCTION|PROCEDURE)\\s+${NAME}`, 'i').exec(code)?.[1] ?? '';
    return [{ kind: 'trigger', name: found[1] ?? '', tables: [table], calls, text }];
  }
  found = match(
    `CREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+(?:CONCURRENTLY\\s+)?${IF_NOT}${NAME}\\s+ON\\s+(?:ONLY\\s+)?${NAME}`,
  );
  if (found) return named('index', found, [found[2] ?? '']);
  found = match(`ALTER\\s+TABLE\\s+(?:ONLY\\s+)?(?:IF\\s+EXISTS\\s+)?${NAME}`);
  if (found) return constraintsOf(code, text, found[1] ?? '');
  found = match(`CREATE\\s+TABLE\\s+${IF_NOT}${NAME}`);
  if (found) return inlineConstraints(code, text, found[1] ?? '');
  return [];
}

/** `ADD CONSTRAINT … CHECK` alone in its statement can be run again as it is; with others beside it, it is only named. */
function constraintsOf(code: string, text: string, table: string): Omit<Made, 'from'>[] {
  const checks = [...code.matchAll(/\bADD\s+CONSTRAINT\s+"?(\w+)"?\s+(CHECK|EXCLUDE)\b/gi)];
  const alone = (code.match(/\b(?:ADD|DROP|ALTER\s+COLUMN)\b/gi) ?? []).length === 1;
  const found: Omit<Made, 'from'>[] = checks.map((match) => ({
    kind: 'check',
    name: match[1] ?? '',
    tables: [table],
    text: alone ? text : '',
  }));
  return [...found, ...generatedColumns(code, table)];
}

function inlineConstraints(code: string, _text: string, table: string): Omit<Made, 'from'>[] {
  const checks = [...code.matchAll(/(?:\bCONSTRAINT\s+"?(\w+)"?\s+)?\bCHECK\s*\(/gi)];
  const found: Omit<Made, 'from'>[] = checks.map((match, at) => ({
    kind: 'check',
    name: match[1] ?? `${table}_check${at + 1}`,
    tables: [table],
    text: '',
  }));
  return [...found, ...generatedColumns(code, table)];
}

function generatedColumns(code: string, table: string): Omit<Made, 'from'>[] {
  return [...code.matchAll(/"?(\w+)"?\s+[\w"]+(?:\([^)]*\))?\s+GENERATED\s+ALWAYS\s+AS\s*\(/gi)].map(
    (match) => ({
      kind: 'generated column',
      name: `${table}.${match[1] ?? ''}`,
      tables: [table],
      text: '',
    }),
  );
}

function tablesIn(code: string): string[] {
  return tablesOf(code).tables.map((table) => table.name);
}

/** What a statement drops is not there any more, nor what belongs to a table that it drops. */
function forget(code: string, made: Map<string, Made>): void {
  const dropped = new RegExp(
    `\\bDROP\\s+(TRIGGER|VIEW|MATERIALIZED\\s+VIEW|FUNCTION|PROCEDURE|SEQUENCE|EXTENSION|INDEX|CONSTRAINT|TABLE)\\s+(?:CONCURRENTLY\\s+)?(?:IF\\s+EXISTS\\s+)?${NAME}`,
    'gi',
  );
  for (const match of code.matchAll(dropped)) {
    const word = (match[1] ?? '').toLowerCase().replace(/^materialized\s+/, '');
    const name = match[2] ?? '';
    if (word === 'table') {
      for (const [key, object] of made) if (object.tables.includes(name)) made.delete(key);
    } else
      made.delete(`${word === 'procedure' ? 'function' : word === 'constraint' ? 'check' : word}:${name}`);
  }
  const renamed = new RegExp(`^\\s*ALTER\\s+INDEX\\s+(?:IF\\s+EXISTS\\s+)?${NAME}\\s+RENAME`, 'i').exec(code);
  if (renamed) made.delete(`index:${renamed[1] ?? ''}`);
}

/** Columns of a constraint or index that are gone: the database dropped it with them. */
function missingNames(object: Made, created: string): string[] {
  if (object.kind !== 'check' && object.kind !== 'index') return [];
  const names = [...object.text.matchAll(/"(\w+)"/g)].map((match) => match[1] ?? '');
  return [...new Set(names)].filter((name) => name !== object.name && !created.includes(`"${name}"`));
}

function sortOut(all: readonly Made[], owned: ReadonlySet<string>, created: string): Carried {
  const functions = new Map(all.filter((one) => one.kind === 'function').map((one) => [one.name, one]));
  const carried = new Set<Made>();
  const left: string[] = [];
  for (const object of all) {
    if (['function', 'extension', 'sequence'].includes(object.kind)) continue;
    if (!object.tables.some((table) => owned.has(table))) continue;
    // An index that the schema knows is made with its table.
    if (object.kind === 'index' && created.includes(`"${object.name}"`)) continue;
    const called = object.calls === undefined ? undefined : functions.get(object.calls);
    const foreign = [...object.tables, ...(called?.tables ?? [])].filter((table) => !owned.has(table));
    const vanished = missingNames(object, created);
    const why =
      vanished.length > 0
        ? `it names ${vanished.join(', ')}, which the schema has no more`
        : foreign.length > 0
          ? `it also touches ${[...new Set(foreign)].join(', ')}`
          : object.text === ''
            ? 'it is a part of a larger statement'
            : undefined;
    if (why !== undefined) {
      left.push(`${object.kind} ${object.name} (${object.from}): ${why}`);
      continue;
    }
    if (called) carried.add(called);
    carried.add(object);
  }
  const text = [created, ...[...carried].map((one) => one.text)].join('\n');
  for (const object of all) {
    const used = object.kind === 'extension' ? usesExtension(text, object.name) : text.includes(object.name);
    if (['extension', 'sequence'].includes(object.kind) && used) carried.add(object);
  }
  const order = all.filter((object) => carried.has(object));
  const first = order.filter((object) => object.kind === 'extension' || object.kind === 'sequence');
  const then = order.filter((object) => !first.includes(object));
  // A function that a trigger calls may have been written after it was replaced: functions come before the rest.
  then.sort((a, b) => Number(b.kind === 'function') - Number(a.kind === 'function'));
  return { statements: [...first, ...then].map(({ text, from }) => ({ text, from })), left };
}

const EXTENSION_SIGNS: Record<string, RegExp> = {
  pg_trgm: /gin_trgm_ops|gist_trgm_ops|similarity\(/i,
  'uuid-ossp': /uuid_generate_/i,
  pgcrypto: /gen_random_bytes|crypt\(|digest\(|gen_random_uuid/i,
  unaccent: /unaccent\(/i,
};

function usesExtension(text: string, name: string): boolean {
  return EXTENSION_SIGNS[name]?.test(text) ?? new RegExp(`\\b${name}\\b`, 'i').test(text);
}
