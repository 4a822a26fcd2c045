/** Values for sample rows: the same for the same column and row, as a person would expect them by the column's name. Pure. */
import type { Column, Table } from './catalog.ts';

/** Text as PostgreSQL reads it; null: NULL; undefined: the column's own default, or nothing is known for its type. */
export type SampleValue = string | null | undefined;

/** Set when something ended or was taken away: rows of a living application mostly have nothing there. */
const ENDED = /delet|archiv|bann|revok|block|cancel|disabl|suspend|closed|ended|locked/i;
const FUTURE = /expir|until|valid_?to|ends?_?at|due/i;

/** @param row from 0 */
export function sampleValue(table: Table, column: Column, row: number): SampleValue {
  const nothing = column.required ? undefined : null;
  if (column.automatic) return undefined;
  if (!column.required && (ENDED.test(column.name) || row === 1)) return null;
  if (column.default !== undefined && row === 0 && !isClock(column) && !/\w\(/.test(column.default))
    return undefined;
  if (column.array) {
    const element = row === 0 ? undefined : scalar(table, column, row);
    return element === undefined ? '{}' : `{"${element.replace(/["\\]/g, '\\$&')}"}`;
  }
  return scalar(table, column, row) ?? (column.default === undefined ? nothing : undefined);
}

function isClock({ type }: Column): boolean {
  return /^(?:timestamp|date|time)/.test(type);
}

function scalar(table: Table, column: Column, row: number): string | undefined {
  const { type, name, labels } = column;
  if (labels.length > 0) return labels[row % labels.length];
  const allowed = allowedBy(table, column);
  if (allowed.length > 0) return allowed[row % allowed.length];
  const day = `2024-01-${String((row % 28) + 1).padStart(2, '0')}`;
  const date = FUTURE.test(name) ? `2099-01-${day.slice(-2)}` : day;
  switch (type) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return String(/year/i.test(name) ? 2020 + row : 10 + row);
    case 'numeric':
      return numeric(column, row);
    case 'real':
    case 'double precision':
      return /lat/i.test(name) ? `${48 + row}.5` : `${10 + row}.5`;
    case 'money':
      return `${10 + row}.50`;
    case 'boolean':
      return row % 2 === 0 ? 'true' : 'false';
    case 'uuid':
      return `00000000-0000-4000-8000-${hash(`${table.name}.${name}`)}${String(row + 1).padStart(4, '0')}`;
    case 'date':
      return date;
    case 'time without time zone':
    case 'time with time zone':
      return `12:00:0${row % 10}`;
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return `${date} 12:00:00${type.endsWith('with time zone') ? '+00' : ''}`;
    case 'interval':
      return `${row + 1} days`;
    case 'json':
    case 'jsonb':
      return JSON.stringify({ sample: row + 1 });
    case 'bytea':
      return `\\x0${row % 10}`;
    case 'inet':
    case 'cidr':
      return `192.0.2.${(row % 200) + 1}`;
    case 'text':
    case 'character varying':
    case 'character':
    case 'citext':
      return fitted(text(table, name, row), column.length, row);
    default:
      return undefined;
  }
}

/** Twelve hexadecimal digits less four: what a column's identifiers have in common. FNV-1a. */
function hash(value: string): string {
  let result = 0x811c9dc5;
  for (const char of value) result = Math.imul(result ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return result.toString(16).padStart(8, '0');
}

function numeric({ precision, scale }: Column, row: number): string {
  const whole = precision === undefined ? 2 : Math.max(0, precision - (scale ?? 0));
  const before = whole === 0 ? '0' : whole === 1 ? String((row % 9) + 1) : String(10 + (row % 80));
  return scale === 0 ? before : `${before}.5`;
}

function text(table: Table, name: string, row: number): string {
  const n = row + 1;
  const lower = name.toLowerCase();
  if (/e_?mail/.test(lower)) return `sample${n}@example.com`;
  if (/slug|handle|key$/.test(lower))
    return `sample-${table.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${n}`;
  if (/user_?name|login/.test(lower)) return `sample${n}`;
  if (/url|link|website|avatar|image/.test(lower)) return `https://example.com/sample-${n}`;
  if (/phone|mobile/.test(lower)) return `+1555010000${n}`;
  if (/price|amount|total|cost/.test(lower)) return `${10 + row}.50`;
  if (/country/.test(lower)) return ['DE', 'FR', 'US'][row % 3] ?? 'DE';
  if (/currency/.test(lower)) return 'EUR';
  if (/locale|lang/.test(lower)) return 'en';
  if (/time_?zone/.test(lower)) return 'UTC';
  if (/colou?r/.test(lower)) return `#00000${n % 10}`;
  if (/^id$|_id$|Id$/.test(name))
    return `sample-${table.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${n}`;
  return `Sample ${lower.replaceAll('_', ' ')} ${n}`;
}

/** Keeps the end, which tells rows apart. */
function fitted(value: string, length: number | undefined, row: number): string {
  if (length === undefined || value.length <= length) return value;
  const end = String(row + 1);
  return length <= end.length ? end.slice(-length) : value.slice(0, length - end.length).trimEnd() + end;
}

/** Values that CHECK constraints name: `status IN ('a', 'b')`, `rating BETWEEN 1 AND 5`. */
function allowedBy({ checks }: Table, { name, type }: Column): string[] {
  const own = checks.filter(({ columns }) => columns.length === 1 && columns[0] === name);
  const found: string[] = [];
  for (const { expression } of own) {
    if (/text|char/.test(type))
      found.push(
        ...[...expression.matchAll(/'((?:[^']|'')*)'::/g)].map((match) =>
          (match[1] ?? '').replaceAll("''", "'"),
        ),
      );
    else if (/int|numeric|real|double/.test(type) && !/[<>]=? 0\)*$|> \(?0/.test(expression))
      found.push(...[...expression.matchAll(/(?<![\w.])-?\d+(?:\.\d+)?/g)].map((match) => match[0]));
  }
  return [...new Set(found)];
}
