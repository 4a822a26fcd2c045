/** Makes the template database: the monolith's tables with rows to compare on. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import pg from 'pg';
import { createTablesSql } from '../service/schema/engine.ts';
import type { ServiceSpec } from '../service/spec.ts';
import { readCatalog, type Table } from './catalog.ts';
import { type GateDatabase, migrationScripts, ScriptError, withClient } from './database.ts';
import { AS_TEXT, fillTables, keyOf, type Row, seedSql } from './sample-rows.ts';

export interface TrialData {
  tables: Table[];
  rows: Map<string, Row[]>;
  /** The made-up rows as SQL; '' for rows of the user's own. */
  seed: string;
  notes: string[];
}

export const TEMPLATE = 'template_carve';
const MOST_ROWS = 50;

/** @throws ScriptError for a seed file, or tables, that PostgreSQL refuses */
export async function makeTrialData(
  database: GateDatabase,
  spec: ServiceSpec,
  seedFile: string | undefined,
): Promise<TrialData> {
  const notes: string[] = [];
  await makeTables(database, spec, notes);
  if (seedFile !== undefined)
    await database.run(TEMPLATE, [{ name: seedFile, sql: readFileSync(seedFile, 'utf8') }]);
  return withClient(database.url(TEMPLATE), async (client) => {
    const tables = await readCatalog(client);
    if (seedFile === undefined) {
      const samples = await fillTables(client, tables);
      notes.push(...samples.problems);
      return { tables, rows: samples.rows, seed: seedSql(tables, samples), notes };
    }
    const rows = await rowsOf(client, tables);
    return { tables, rows, seed: '', notes };
  });
}

/**
 * Rows as they are in a database.
 *
 * @param first a row that comes first among those of its table
 */
export async function readRows(
  url: string,
  tables: readonly Table[],
  first: { table: string; row: Row } | undefined,
): Promise<Map<string, Row[]>> {
  const rows = await withClient(url, (client) => rowsOf(client, tables));
  const list = first === undefined ? undefined : rows.get(first.table);
  if (first === undefined || list === undefined) return rows;
  const table = tables.find((item) => keyOf(item) === first.table);
  const key = table?.primaryKey ?? [];
  const same = (row: Row): boolean => key.every((name) => row[name] === first.row[name]);
  return rows.set(first.table, [first.row, ...list.filter((row) => !same(row))]);
}

async function rowsOf(client: pg.Client, tables: readonly Table[]): Promise<Map<string, Row[]>> {
  const rows = new Map<string, Row[]>();
  for (const table of tables) {
    const from = `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`;
    const order = table.primaryKey.map((column) => pg.escapeIdentifier(column)).join(', ');
    const text = `SELECT * FROM ${from}${order === '' ? '' : ` ORDER BY ${order}`} LIMIT ${MOST_ROWS}`;
    rows.set(keyOf(table), (await client.query<Row>({ text, types: AS_TEXT })).rows);
  }
  return rows;
}

/** By the monolith's migrations, which also make what the schema does not know; else from the schema. */
async function makeTables(database: GateDatabase, spec: ServiceSpec, notes: string[]): Promise<void> {
  await database.create(TEMPLATE);
  if (spec.migrationFiles.length > 0) {
    try {
      await database.run(TEMPLATE, migrationScripts(spec.migrationFiles, spec.layout.base));
      return;
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      notes.push(
        `the monolith’s migrations can’t be run here (${error.message}); its tables were made from the schema`,
      );
      await database.drop(TEMPLATE);
      await database.create(TEMPLATE);
    }
  }
  const files = spec.schemaFiles.map((file) => ({
    path: relative(spec.layout.base, file),
    text: readFileSync(file, 'utf8'),
  }));
  const sql = await createTablesSql('postgresql', files);
  await database.run(TEMPLATE, [{ name: 'the schema', sql }]);
}
