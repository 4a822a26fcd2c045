/** Fills a database with a few rows a table, deterministic, in an order that satisfies foreign keys. */
import pg from 'pg';
import type { Table } from './catalog.ts';
import { type SampleValue, sampleValue } from './sample-values.ts';

export type Row = Record<string, string | null>;

export interface Samples {
  /** Rows by `schema.table`, values as PostgreSQL writes them. */
  rows: Map<string, Row[]>;
  /** Tables that could not be filled, and why. */
  problems: string[];
}

const ROWS = 3;

export function keyOf({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}

/** Values stay as they came over the wire: what is written as a text is compared and sent as one. */
export const AS_TEXT: pg.CustomTypesConfig = { getTypeParser: () => (value: unknown) => value };

export async function fillTables(client: pg.Client, tables: readonly Table[]): Promise<Samples> {
  const samples: Samples = { rows: new Map(), problems: [] };
  for (const table of inOrder(tables)) {
    const rows: Row[] = [];
    samples.rows.set(keyOf(table), rows);
    let refusal = '';
    for (let row = 0; row < ROWS; row++) {
      const outcome = await insertSample(client, table, row, samples.rows);
      if ('row' in outcome) rows.push(outcome.row);
      else refusal = outcome.refused;
    }
    if (rows.length === 0) samples.problems.push(`${table.name} is empty: ${refusal}`);
  }
  return samples;
}

/** Parents first; of a circle, first what can do without. */
export function inOrder(tables: readonly Table[]): Table[] {
  const left = new Map(tables.map((table) => [keyOf(table), table]));
  const ordered: Table[] = [];
  const waits = (table: Table, all: boolean): boolean =>
    table.foreignKeys.some(({ columns, schema, table: name }) => {
      const target = `${schema}.${name}`;
      if (target === keyOf(table) || !left.has(target)) return false;
      return (
        all || columns.some((column) => table.columns.find((item) => item.name === column)?.required === true)
      );
    });
  while (left.size > 0) {
    const waiting = [...left.values()];
    const next =
      waiting.find((table) => !waits(table, true)) ??
      waiting.find((table) => !waits(table, false)) ??
      waiting[0];
    if (next === undefined) break;
    left.delete(keyOf(next));
    ordered.push(next);
  }
  return ordered;
}

async function insertSample(
  client: pg.Client,
  table: Table,
  row: number,
  rows: ReadonlyMap<string, readonly Row[]>,
): Promise<{ row: Row } | { refused: string }> {
  const full = valuesOf(table, row, rows);
  if (full === undefined) return { refused: 'a table that it needs is empty' };
  // What a trigger or a rule does not like may be something that is not needed.
  const least = new Map(
    [...full].filter(([name]) => table.columns.find((column) => column.name === name)?.required),
  );
  let refused = '';
  for (const values of [full, least]) {
    try {
      return { row: await insert(client, table, values) };
    } catch (error) {
      refused = (error as Error).message;
    }
  }
  return { refused };
}

async function insert(
  client: pg.Client,
  { schema, name }: Table,
  values: ReadonlyMap<string, string | null>,
): Promise<Row> {
  const columns = [...values.keys()].map((column) => pg.escapeIdentifier(column));
  const places = columns.map((_, index) => `$${index + 1}`);
  const into = `INSERT INTO ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
  const text =
    columns.length === 0
      ? `${into} DEFAULT VALUES RETURNING *`
      : `${into} (${columns.join(', ')}) VALUES (${places.join(', ')}) RETURNING *`;
  const { rows } = await client.query<Row>({ text, values: [...values.values()], types: AS_TEXT });
  return rows[0] ?? {};
}

/** Undefined: a required foreign key has nothing to point to. */
export function valuesOf(
  table: Table,
  row: number,
  rows: ReadonlyMap<string, readonly Row[]>,
): Map<string, string | null> | undefined {
  const values = new Map<string, SampleValue>();
  for (const column of table.columns) values.set(column.name, sampleValue(table, column, row));
  for (const { columns, schema, table: name, references } of table.foreignKeys) {
    const required = columns.some((column) => table.columns.find((item) => item.name === column)?.required);
    const targets = rows.get(`${schema}.${name}`) ?? [];
    const own = `${schema}.${name}` === keyOf(table);
    // A tree: each row hangs below the one before.
    const target = own ? targets[row - 1] : targets[row % Math.max(1, targets.length)];
    for (const [index, column] of columns.entries()) {
      const value = target?.[references[index] ?? ''];
      const itself = own && target === undefined ? values.get(references[index] ?? '') : undefined;
      if (value !== undefined) values.set(column, value);
      else if (!required) values.set(column, null);
      else if (typeof itself === 'string') values.set(column, itself);
      else return undefined;
    }
  }
  return new Map([...values].filter((entry): entry is [string, string | null] => entry[1] !== undefined));
}

/** The rows as SQL, to be had again by whoever runs the recorded exchanges later. */
export function seedSql(tables: readonly Table[], samples: Samples): string {
  const lines: string[] = [];
  for (const table of inOrder(tables)) {
    const target = `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`;
    for (const row of samples.rows.get(keyOf(table)) ?? []) {
      const columns = Object.keys(row).map((column) => pg.escapeIdentifier(column));
      const values = Object.values(row).map((value) => (value === null ? 'NULL' : pg.escapeLiteral(value)));
      lines.push(
        `INSERT INTO ${target} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE VALUES (${values.join(', ')});`,
      );
    }
    for (const column of table.columns.filter(({ automatic }) => automatic)) {
      if ((samples.rows.get(keyOf(table)) ?? []).length === 0) continue;
      lines.push(
        `SELECT setval(pg_get_serial_sequence(${pg.escapeLiteral(target)}, ${pg.escapeLiteral(column.name)}), (SELECT max(${pg.escapeIdentifier(column.name)}) FROM ${target})) WHERE pg_get_serial_sequence(${pg.escapeLiteral(target)}, ${pg.escapeLiteral(column.name)}) IS NOT NULL;`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
