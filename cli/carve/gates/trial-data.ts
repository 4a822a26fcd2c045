/** Makes the template database: the monolith's tables with rows to compare on. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import pg from 'pg';
import type { Model } from '../../analysis/model.ts';
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
    const problem = await migrationProblem(database, spec);
    if (problem === undefined) return;
    notes.push(`${problem}; its tables were made from the schema`);
    await database.drop(TEMPLATE);
    await database.create(TEMPLATE);
  }
  const files = spec.schemaFiles.map((file) => ({
    path: relative(spec.layout.base, file),
    text: readFileSync(file, 'utf8'),
  }));
  const sql = await createTablesSql('postgresql', files);
  await database.run(TEMPLATE, [{ name: 'the schema', sql }]);
}

/** Runs the migrations. Undefined: they make all that the schema names. */
async function migrationProblem(database: GateDatabase, spec: ServiceSpec): Promise<string | undefined> {
  try {
    await database.run(TEMPLATE, migrationScripts(spec.migrationFiles, spec.layout.base));
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    return `the monolith’s migrations can’t be run here (${error.message})`;
  }
  const missing = missingColumns(
    spec.allModels,
    await withClient(database.url(TEMPLATE), (client) => readCatalog(client)),
  );
  if (missing.length === 0) return undefined;
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : '';
  return `the monolith’s migrations lag behind its schema (they don’t make ${missing.slice(0, 3).join(', ')}${more})`;
}

/** What a schema names and a database does not have, as `Tournament.etag`, or `Tournament` for a whole table. */
export function missingColumns(
  models: readonly Pick<Model, 'name' | 'table' | 'schema' | 'kind' | 'fields'>[],
  tables: readonly Pick<Table, 'schema' | 'name' | 'columns'>[],
): string[] {
  return models.flatMap((model) => {
    if (model.kind !== 'model') return [];
    const table = tables.find(
      ({ name, schema }) => name === model.table && (model.schema === undefined || schema === model.schema),
    );
    if (table === undefined) return [model.name];
    return model.fields
      .filter(({ column }) => !table.columns.some(({ name }) => name === column))
      .map(({ name }) => `${model.name}.${name}`);
  });
}
