/** The account in the gate's own database: found after it was registered, made usable, given rows, and raised. */
import pg from 'pg';
import type { Column, Table } from '../catalog.ts';
import { AS_TEXT, keyOf, type Row } from '../sample-rows.ts';

export interface Account {
  table: Table;
  row: Row;
}

const LOOKED_AT = 200;

/** The row that holds one of the texts, of the table that most others refer to. */
export async function findAccount(
  client: pg.Client,
  tables: readonly Table[],
  texts: readonly string[],
): Promise<Account | undefined> {
  const found: Account[] = [];
  for (const table of tables.slice(0, LOOKED_AT)) {
    const columns = table.columns.filter(
      ({ type, name, array }) =>
        !array &&
        /^(?:text|character varying|character|citext)$/.test(type) &&
        /mail|user|login|name|handle|ident/i.test(name),
    );
    if (columns.length === 0) continue;
    const where = columns.map(({ name }) => `${pg.escapeIdentifier(name)}::text = ANY($1)`).join(' OR ');
    const text = `SELECT * FROM ${place(table)} WHERE ${where} LIMIT 1`;
    const { rows } = await client.query<Row>({ text, values: [texts], types: AS_TEXT });
    if (rows[0] !== undefined) found.push({ table, row: rows[0] });
  }
  const referred = (account: Account): number => references(tables, account.table).length;
  return found.sort((a, b) => referred(b) - referred(a))[0];
}

/** Undoes what waits for somebody to confirm an address or to let the account in. Returns the columns that were set. */
export async function activate(client: pg.Client, account: Account): Promise<string[]> {
  return change(client, account, activation);
}

/** Gives the account the most rights that its own row can give. Returns the columns that were set. */
export async function raise(
  client: pg.Client,
  account: Account,
): Promise<{ column: string; value: string }[]> {
  const set: { column: string; value: string }[] = [];
  await change(client, account, (column, value) => {
    const raised = raisedValue(column, value);
    if (raised !== undefined && raised !== value) set.push({ column: column.name, value: raised });
    return raised;
  });
  return set;
}

/** Of a column and its value, as PostgreSQL writes it; undefined: it stays. */
export function activation({ name, type, labels, array }: Column, value: string | null): string | undefined {
  const plain = name.toLowerCase().replace(/_/g, '');
  if (array) return undefined;
  if (type === 'boolean') {
    if (AGAINST.test(plain)) return 'false';
    return /verif|confirm|activ|enabled|approved/.test(plain) ? 'true' : undefined;
  }
  if (
    /^timestamp|^date$/.test(type) &&
    value === null &&
    /(?:verified|confirmed|activated|approved)(?:at|on)?$/.test(plain)
  )
    return '2024-01-01 12:00:00';
  if (labels.length > 0 && /status|state/.test(plain))
    return labels.find((label) => /^(?:active|verified|approved|enabled|confirmed)$/i.test(label));
  if (/text|char/.test(type) && /status|state/.test(plain) && value !== null && WAITING.test(value))
    return value === value.toUpperCase() ? 'ACTIVE' : 'active';
  return undefined;
}

/** Columns that keep an account out when they are true. */
const AGAINST =
  /block|banned|disabled|locked|deleted|suspended|inactive|deactiv|pending|^(?:is)?un(?:verif|confirm|approv)|required$|needed$/;
const WAITING = /^(?:pending|inactive|waiting|unverified|unconfirmed|disabled|new)\b/i;

const STRONGEST = [/super|root/i, /admin/i, /owner/i, /manager|staff/i, /moderator|editor|support/i];

export function raisedValue({ name, type, labels, array }: Column, value: string | null): string | undefined {
  const plain = name.toLowerCase().replace(/_/g, '');
  if (type === 'boolean' && !array)
    return /^(?:is|has)?(?:super)?(?:admin|administrator|staff|superuser|moderator|owner|root)$/.test(plain)
      ? 'true'
      : undefined;
  if (!/role|permission|authority|usertype|accounttype|accesslevel|^type$|^group$/.test(plain))
    return undefined;
  const wrap = (text: string): string => (array ? `{${text}}` : text);
  if (labels.length > 0) {
    const strongest = STRONGEST.map((pattern) => labels.find((label) => pattern.test(label))).find(Boolean);
    return strongest === undefined ? undefined : wrap(strongest);
  }
  if (!/text|char/.test(type) || !/role/.test(plain)) return undefined;
  return wrap(
    value !== null && /^[{]?[A-Z]/.test(value) && value === value.toUpperCase() ? 'ADMIN' : 'admin',
  );
}

/**
 * Makes rows that belong to one account belong to another one: a person who is signed in has orders, reviews, a cart. Where a table
 * allows one row for each account, what was there makes room.
 */
export async function adoptRows(
  client: pg.Client,
  tables: readonly Table[],
  { table, row }: Account,
  from: Row,
): Promise<void> {
  for (const { holder, column, reference } of references(tables, table)) {
    const [own, former] = [row[reference], from[reference]];
    if (own === undefined || own === null || former === undefined || former === null || own === former)
      continue;
    const name = pg.escapeIdentifier(column);
    const update = `UPDATE ${place(holder)} SET ${name} = $1 WHERE ${name}::text = $2`;
    if (await attempted(client, [[update, [own, former]]])) continue;
    await attempted(client, [
      [`DELETE FROM ${place(holder)} WHERE ${name}::text = $1`, [own]],
      [update, [own, former]],
    ]);
  }
}

function references(
  tables: readonly Table[],
  target: Table,
): { holder: Table; column: string; reference: string }[] {
  return tables.flatMap((holder) =>
    holder.foreignKeys.flatMap(({ columns, schema, table, references: to }) =>
      `${schema}.${table}` === keyOf(target) && columns.length === 1 && holder !== target
        ? [{ holder, column: columns[0] ?? '', reference: to[0] ?? '' }]
        : [],
    ),
  );
}

async function change(
  client: pg.Client,
  { table, row }: Account,
  valueFor: (column: Column, value: string | null) => string | undefined,
): Promise<string[]> {
  const key = table.primaryKey.length > 0 ? table.primaryKey : table.columns.map(({ name }) => name);
  const where = key.filter((name) => row[name] !== null);
  const changed: string[] = [];
  for (const column of table.columns) {
    const value = valueFor(column, row[column.name] ?? null);
    if (value === undefined || value === row[column.name]) continue;
    const condition = where
      .map((name, index) => `${pg.escapeIdentifier(name)}::text = $${index + 2}`)
      .join(' AND ');
    const text = `UPDATE ${place(table)} SET ${pg.escapeIdentifier(column.name)} = $1 WHERE ${condition}`;
    if (await attempted(client, [[text, [value, ...where.map((name) => row[name] ?? null)]]]))
      changed.push(column.name);
  }
  return changed;
}

/** All of it, or nothing: a rule of the database may be against it. */
async function attempted(
  client: pg.Client,
  statements: readonly [string, (string | null)[]][],
): Promise<boolean> {
  await client.query('BEGIN');
  try {
    for (const [text, values] of statements) await client.query(text, values);
    await client.query('COMMIT');
    return true;
  } catch {
    await client.query('ROLLBACK');
    return false;
  }
}

function place({ schema, name }: Table): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
}
