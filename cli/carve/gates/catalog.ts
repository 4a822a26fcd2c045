/** Reads the tables of a database from PostgreSQL's own catalogue: whatever made them, this is what they are. */
import type pg from 'pg';

export interface Column {
  name: string;
  /** As PostgreSQL writes it, without length: `character varying`, `integer`, `uuid`. Of domains the type below. */
  type: string;
  /** Length of texts, undefined: unlimited. */
  length: number | undefined;
  /** Digits behind the point and in all, of numeric. */
  scale: number | undefined;
  precision: number | undefined;
  array: boolean;
  required: boolean;
  default: string | undefined;
  /** The database gives it: identity, serial, generated. */
  automatic: boolean;
  labels: string[];
}

export interface Table {
  schema: string;
  name: string;
  columns: Column[];
  primaryKey: string[];
  uniques: string[][];
  foreignKeys: { columns: string[]; schema: string; table: string; references: string[] }[];
  checks: { columns: string[]; expression: string }[];
}

const COLUMNS = `
SELECT n.nspname AS schema, c.relname AS table, a.attname AS name, a.attnotnull AS required,
  pg_get_expr(d.adbin, d.adrelid) AS default,
  a.attidentity <> '' OR a.attgenerated <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid), '') LIKE 'nextval(%' AS automatic,
  coalesce(e.typname, '') <> '' AND e.oid <> t.oid AS array,
  format_type(coalesce(nullif(b.typbasetype, 0), b.oid), NULL) AS type,
  CASE WHEN a.atttypmod > 4 AND coalesce(nullif(b.typbasetype, 0), b.oid) IN (1042, 1043) THEN a.atttypmod - 4 END AS length,
  CASE WHEN a.atttypmod > 4 AND b.oid = 1700 THEN (a.atttypmod - 4) & 65535 END AS scale,
  CASE WHEN a.atttypmod > 4 AND b.oid = 1700 THEN ((a.atttypmod - 4) >> 16) & 65535 END AS precision,
  ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = b.oid ORDER BY enumsortorder) AS labels
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
JOIN pg_type b ON b.oid = coalesce(e.oid, t.oid)
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
  AND c.relname <> '_prisma_migrations'
ORDER BY n.nspname, c.relname, a.attnum`;

const CONSTRAINTS = `
SELECT n.nspname AS schema, c.relname AS table, k.contype AS kind, k.conname AS name,
  ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(attnum, i)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.i) AS columns,
  fn.nspname AS "foreignSchema", f.relname AS "foreignTable",
  ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(attnum, i)
    JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum ORDER BY u.i) AS references,
  CASE WHEN k.contype = 'c' THEN pg_get_constraintdef(k.oid) END AS expression
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class f ON f.oid = k.confrelid
LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
WHERE k.contype IN ('p', 'f', 'c', 'u') AND k.conparentid = 0
ORDER BY n.nspname, c.relname, k.conname`;

/** Unique indexes that are no constraints, as Prisma makes them; partial ones and those of expressions are left out. */
const INDEXES = `
SELECT n.nspname AS schema, c.relname AS table,
  ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(attnum, o)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum ORDER BY u.o) AS columns
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indisunique AND NOT i.indisprimary AND i.indpred IS NULL AND i.indexprs IS NULL
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY n.nspname, c.relname, i.indexrelid`;

interface ColumnRow {
  schema: string;
  table: string;
  name: string;
  required: boolean;
  default: string | null;
  automatic: boolean;
  array: boolean;
  type: string;
  length: number | null;
  scale: number | null;
  precision: number | null;
  labels: string[];
}

interface ConstraintRow {
  schema: string;
  table: string;
  kind: 'p' | 'f' | 'c' | 'u';
  columns: string[];
  foreignSchema: string | null;
  foreignTable: string | null;
  references: string[];
  expression: string | null;
}

export async function readCatalog(client: pg.Client): Promise<Table[]> {
  const tables = new Map<string, Table>();
  const columns = await client.query<ColumnRow>(COLUMNS);
  for (const row of columns.rows) {
    const key = `${row.schema}.${row.table}`;
    let table = tables.get(key);
    if (table === undefined) {
      table = {
        schema: row.schema,
        name: row.table,
        columns: [],
        primaryKey: [],
        uniques: [],
        foreignKeys: [],
        checks: [],
      };
      tables.set(key, table);
    }
    table.columns.push({
      name: row.name,
      type: row.type,
      length: row.length ?? undefined,
      scale: row.scale ?? undefined,
      precision: row.precision ?? undefined,
      array: row.array,
      required: row.required,
      default: row.default ?? undefined,
      automatic: row.automatic,
      labels: row.labels,
    });
  }
  const constraints = await client.query<ConstraintRow>(CONSTRAINTS);
  for (const row of constraints.rows) {
    const table = tables.get(`${row.schema}.${row.table}`);
    if (table === undefined) continue;
    if (row.kind === 'p') table.primaryKey = row.columns;
    else if (row.kind === 'u') table.uniques.push(row.columns);
    else if (row.kind === 'c') table.checks.push({ columns: row.columns, expression: row.expression ?? '' });
    else
      table.foreignKeys.push({
        columns: row.columns,
        schema: row.foreignSchema ?? '',
        table: row.foreignTable ?? '',
        references: row.references,
      });
  }
  const indexes = await client.query<{ schema: string; table: string; columns: string[] }>(INDEXES);
  for (const row of indexes.rows) {
    const table = tables.get(`${row.schema}.${row.table}`);
    if (table !== undefined && !table.uniques.some((unique) => unique.join() === row.columns.join()))
      table.uniques.push(row.columns);
  }
  return [...tables.values()];
}
