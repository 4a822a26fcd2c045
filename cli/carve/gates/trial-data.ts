/** Makes the template database: the monolith's tables with rows to compare on. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
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
    const rows = new Map<string, Row[]>();
    for (const table of tables) {
      const from = `"${table.schema.replaceAll('"', '""')}"."${table.name.replaceAll('"', '""')}"`;
      const order = table.primaryKey.map((column) => `"${column.replaceAll('"', '""')}"`).join(', ');
      const text = `SELECT * FROM ${from}${order === '' ? '' : ` ORDER BY ${order}`} LIMIT ${MOST_ROWS}`;
      rows.set(keyOf(table), (await client.query<Row>({ text, types: AS_TEXT })).rows);
    }
    return { tables, rows, seed: '', notes };
  });
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
