import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { DatabaseObject, Model } from '../model.ts';
import { tablesOf } from './sql.ts';

interface Pattern {
  kind: DatabaseObject['kind'];
  create: RegExp;
}

const NAME = '(?:"?[\\w]+"?\\.)?["`]?([\\w]+)["`]?';

const PATTERNS: Pattern[] = [
  {
    kind: 'trigger',
    create: new RegExp(`CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:CONSTRAINT\\s+)?TRIGGER\\s+${NAME}`, 'gi'),
  },
  {
    kind: 'view',
    create: new RegExp(
      `CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:MATERIALIZED\\s+)?VIEW\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?${NAME}`,
      'gi',
    ),
  },
  {
    kind: 'function',
    create: new RegExp(`CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:FUNCTION|PROCEDURE)\\s+${NAME}`, 'gi'),
  },
  { kind: 'sequence', create: new RegExp(`CREATE\\s+SEQUENCE\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?${NAME}`, 'gi') },
  {
    kind: 'extension',
    create: new RegExp(`CREATE\\s+EXTENSION\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?${NAME}`, 'gi'),
  },
];

const FOREIGN_KEY = new RegExp(
  `ALTER\\s+TABLE\\s+(?:ONLY\\s+)?${NAME}[^;]*?ADD\\s+CONSTRAINT\\s+["\`]?([\\w]+)["\`]?\\s+FOREIGN\\s+KEY\\s*\\(([^)]*)\\)\\s*REFERENCES\\s+${NAME}`,
  'gi',
);

/**
 * Lists what migrations create that the Prisma schema does not show: triggers, views, functions, sequences, and foreign
 * keys between tables that no relation of the schema joins. What a later migration drops is left out again.
 */
export function scanMigrations(
  root: string,
  paths: readonly string[],
  models: Iterable<Model>,
): DatabaseObject[] {
  const list = [...models];
  const byTable = new Map(list.map((model) => [model.table, model]));
  const declaredViews = new Set(list.filter((model) => model.kind === 'view').map((model) => model.table));
  const objects = new Map<string, DatabaseObject>();
  for (const path of [...paths].sort()) {
    const text = readFileSync(path, 'utf8');
    const code = blankComments(text);
    const file = relative(root, path).split(sep).join('/');
    const lineOf = (index: number): number => text.slice(0, index).split('\n').length;
    for (const { kind, create } of PATTERNS) {
      for (const match of code.matchAll(create)) {
        const name = match[1] ?? '';
        if (kind === 'view' && declaredViews.has(name)) continue;
        const statement = statementAt(code, match.index);
        const tables =
          kind === 'trigger'
            ? [...statement.matchAll(new RegExp(`\\bON\\s+${NAME}`, 'gi'))]
                .map((hit) => hit[1] ?? '')
                .slice(0, 1)
            : kind === 'extension' || kind === 'sequence'
              ? []
              : tablesOf(statement.replace(/\$\w*\$/g, ' ')).tables.map((table) => table.name);
        objects.set(`${kind}:${name}`, { kind, name, tables, file, line: lineOf(match.index) });
      }
    }
    for (const match of code.matchAll(FOREIGN_KEY)) {
      const [, from = '', name = '', , to = ''] = match;
      const known = byTable.get(from)?.relations.some((relation) => {
        const target = list.find((model) => model.name === relation.target);
        return relation.owning && target?.table === to;
      });
      // The join tables of implicit relations begin with an underscore; the schema implies their keys.
      if (known === true || from.startsWith('_')) continue;
      objects.set(`foreign-key:${name}`, {
        kind: 'foreign-key',
        name,
        tables: [from, to],
        file,
        line: lineOf(match.index),
      });
    }
    for (const match of code.matchAll(
      new RegExp(
        `DROP\\s+(TRIGGER|VIEW|MATERIALIZED\\s+VIEW|FUNCTION|PROCEDURE|SEQUENCE|EXTENSION|CONSTRAINT)\\s+(?:IF\\s+EXISTS\\s+)?${NAME}`,
        'gi',
      ),
    )) {
      const word = (match[1] ?? '').toLowerCase().replace(/materialized\s+/, '');
      const kind = word === 'constraint' ? 'foreign-key' : word === 'procedure' ? 'function' : word;
      const made = objects.get(`${kind}:${match[2] ?? ''}`);
      if (made !== undefined && (made.file !== file || made.line < lineOf(match.index))) {
        objects.delete(`${kind}:${match[2] ?? ''}`);
      }
    }
    for (const match of code.matchAll(new RegExp(`DROP\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?${NAME}`, 'gi'))) {
      for (const [key, object] of objects) if (object.tables.includes(match[1] ?? '')) objects.delete(key);
    }
  }
  return [...objects.values()].filter(
    (object) => object.kind !== 'foreign-key' || object.tables.every((table) => byTable.has(table)),
  );
}

function blankComments(text: string): string {
  return text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
}

/** The statement that begins at `index`: up to a semicolon outside a dollar-quoted body. */
function statementAt(code: string, index: number): string {
  let quoted: string | undefined;
  for (let at = index; at < code.length; at += 1) {
    const tag = code[at] === '$' ? /^\$\w*\$/.exec(code.slice(at, at + 40))?.[0] : undefined;
    if (tag !== undefined) {
      if (quoted === undefined) quoted = tag;
      else if (quoted === tag) quoted = undefined;
      at += tag.length - 1;
    } else if (code[at] === ';' && quoted === undefined) return code.slice(index, at);
  }
  return code.slice(index);
}
