/** Made-up bodies: a value for each field that is known of, as a person would send it. Pure. */
import { type Credentials, credentialFor } from '../sign-in/credentials.ts';
import type { FieldHint } from './schema-hints.ts';

/** Knows a value for a field by its name, such as from a row of the database. */
export type ValueOf = (field: string) => unknown;

export function bodyOf(
  fields: ReadonlyMap<string, FieldHint>,
  valueFor: ValueOf,
  credentials: Credentials,
): Record<string, unknown> {
  return Object.fromEntries(
    [...fields]
      .map(([name, hint]) => [name, fieldValue(name, hint, valueFor, credentials)] as const)
      .filter(([, value]) => value !== undefined),
  );
}

function fieldValue(name: string, hint: FieldHint, valueFor: ValueOf, credentials: Credentials): unknown {
  if (hint.oneOf !== undefined && hint.oneOf.length > 0) return hint.oneOf[0];
  if (hint.fields !== undefined) return bodyOf(hint.fields, valueFor, credentials);
  if (hint.type === 'array') {
    const item =
      hint.items === undefined ? undefined : fieldValue(singular(name), hint.items, valueFor, credentials);
    return item === undefined ? [] : [item];
  }
  const known = valueFor(name);
  if (known !== undefined && fits(known, hint)) return known;
  switch (hint.type) {
    case 'number':
    case 'integer':
      return bounded(/year/i.test(name) ? 2024 : 1, hint);
    case 'boolean':
      return true;
    case 'object':
      return {};
    default:
      return textValue(name, hint, known, credentials);
  }
}

function textValue(name: string, hint: FieldHint, known: unknown, credentials: Credentials): unknown {
  const text =
    hint.format === 'email'
      ? credentials.email
      : hint.format === 'uuid'
        ? '00000000-0000-4000-8000-000000000009'
        : hint.format === 'uri' || hint.format === 'url'
          ? 'https://example.com/sample-9'
          : hint.format === 'date-time'
            ? '2024-01-09T12:00:00.000Z'
            : hint.format === 'date'
              ? '2024-01-09'
              : (credentialFor(name, credentials) ?? byName(name, hint));
  if (typeof text !== 'string') return text;
  if (hint.type === 'string' && typeof known === 'string' && hasFormat(known, hint.format))
    return cut(known, hint);
  return cut(text, hint);
}

/** A row's own value is sent where it is written as the schema asks: databases write times of day otherwise. */
function hasFormat(text: string, format: string | undefined): boolean {
  const pattern = format === undefined ? undefined : FORMATS[format];
  return pattern === undefined || pattern.test(text);
}

const FORMATS: Record<string, RegExp> = {
  email: /^[^\s@]+@[^\s@]+$/,
  uuid: /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i,
  uri: /^https?:\/\//,
  url: /^https?:\/\//,
  'date-time': /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/,
  date: /^\d{4}-\d\d-\d\d$/,
};

/** Of a field of which nothing but its name is known. */
function byName(name: string, hint: FieldHint): unknown {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (hint.type === undefined) {
    if (/quantity|qty|count|amount|rating|stars|score|price|total|age|page|limit|number$/.test(plain))
      return 1;
    if (/^(?:is|has|can)[a-z]|enabled|active|accept|agree|helpful|done|completed/.test(plain)) return true;
    if (/ids$|tags|items|list$/.test(plain)) return [];
  }
  if (/url|link|website|image|avatar/.test(plain)) return 'https://example.com/sample-9';
  if (/date|time|at$/.test(plain) && !/format|what|cat$/.test(plain)) return '2024-01-09T12:00:00.000Z';
  if (/slug/.test(plain)) return 'sample-9';
  if (/country/.test(plain)) return 'DE';
  if (/currency/.test(plain)) return 'EUR';
  if (/id$/.test(plain)) return '1';
  return `Sample ${name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase()} 9`;
}

function cut(text: string, { min, max }: FieldHint): string {
  const long = min !== undefined && text.length < min ? text.padEnd(Math.min(min, 5000), ' sample') : text;
  return max !== undefined && long.length > max && max > 0 ? long.slice(0, max) : long;
}

function bounded(value: number, { min, max }: FieldHint): number {
  const low = min === undefined ? value : Math.max(value, min);
  return max === undefined ? low : Math.min(low, max);
}

function fits(value: unknown, { type, min, max, format }: FieldHint): boolean {
  if (type === 'number' || type === 'integer')
    return (
      typeof value === 'number' && (min === undefined || value >= min) && (max === undefined || value <= max)
    );
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'string')
    return (
      typeof value === 'string' && hasFormat(value, format) && (min === undefined || value.length >= min)
    );
  return type === undefined;
}

function singular(name: string): string {
  return name.replace(/s$/, '');
}
