/** Requests that a capability's routes are tried with, made from its route templates and the rows that its database holds. Pure. */
import type { Model } from '../../analysis/model.ts';
import type { Table } from './catalog.ts';
import { keyOf, type Row } from './sample-rows.ts';

export interface TrialRequest {
  /** What it is meant to show. */
  name: string;
  method: string;
  /** Path and query. */
  url: string;
  headers: Record<string, string>;
  body: string | null;
}

export interface RequestInput {
  routes: readonly { method: string; path: string }[];
  models: readonly Model[];
  owned: readonly string[];
  tables: readonly Table[];
  rows: ReadonlyMap<string, readonly Row[]>;
}

/** Most requests for one capability. What is beyond is left out from the end, and told by the number of routes that were tried. */
const MAX_REQUESTS = 400;
const METHODS_OF_ALL = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const ORDER = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Reads first, then writes, then the reads again, which show what the writes did. Each route with rows that are there, with one that is
 * not, and with what is no identifier; writes with a body from the model's fields, with an empty one and a broken one.
 */
export function trialRequests(input: RequestInput): TrialRequest[] {
  const routes = input.routes
    .flatMap(({ method, path }) =>
      (method === 'ALL' || method === '*' ? METHODS_OF_ALL : [method.toUpperCase()]).map((one) => ({
        method: one,
        path,
      })),
    )
    .filter(({ path }) => !/[{}*]/.test(path) || /\*$/.test(path))
    .sort((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method));
  const data = new Data(input);
  const all = routes.flatMap(({ method, path }) => requestsOf(method, path, data));
  const again = all
    .filter(({ method, name }) => method === 'GET' && name.startsWith('a row'))
    .map((request) => ({ ...request, name: `after the writes: ${request.name}` }));
  const wrote = all.some(({ method }) => !['GET', 'HEAD', 'OPTIONS'].includes(method));
  return [...all, ...(wrote ? again : [])].slice(0, MAX_REQUESTS);
}

function requestsOf(method: string, path: string, data: Data): TrialRequest[] {
  const parameters = [...path.matchAll(/:(\w+)(\([^)]*\))?\??/g)].map((match) => match[1] ?? '');
  const model = data.modelOf(path);
  const fill = (pick: (parameter: string, at: number) => string): string => {
    let at = 0;
    return path
      .replace(/\*$/, 'sample')
      .replace(/:(\w+)(\([^)]*\))?\??/g, (_, name: string) => encodeURIComponent(pick(name, at++)));
  };
  const reads = ['GET', 'HEAD', 'OPTIONS'].includes(method);
  const make = (name: string, url: string, body: string | null = null): TrialRequest => ({
    name,
    method,
    url,
    headers: body === null ? {} : { 'content-type': 'application/json' },
    body,
  });
  const rows = method === 'DELETE' ? [2] : reads ? [0, 1] : [0];
  const known = [...new Set(rows.map((row) => fill((name) => data.value(name, path, row))))];
  const body = reads || method === 'DELETE' ? null : JSON.stringify(data.body(model));
  const found: TrialRequest[] = known.map((url, index) =>
    make(parameters.length === 0 ? 'a row: as it is' : `a row: ${index + 1}`, url, body),
  );
  if (parameters.length > 0) {
    found.push(
      make(
        'no such row',
        fill((name) => data.missing(name, path)),
        body,
      ),
    );
    found.push(
      make(
        'no identifier',
        fill(() => "not'an id"),
        body,
      ),
    );
  } else if (method === 'GET') found.push(make('a query', `${fill(() => '')}?page=2&limit=1`));
  if (body !== null) {
    const url = known[0] ?? path;
    found.push(make('an empty body', url, '{}'), make('a broken body', url, '{"'));
  }
  return found;
}

class Data {
  private readonly models: readonly Model[];
  private readonly owned: readonly Model[];
  private readonly tables = new Map<string, Table>();
  private readonly rows: ReadonlyMap<string, readonly Row[]>;

  constructor({ models, owned, tables, rows }: RequestInput) {
    this.models = models;
    this.owned = models.filter((model) => owned.includes(model.name));
    for (const table of tables) this.tables.set(table.name, table);
    this.rows = rows;
  }

  /** The model that a path speaks of: of its last word that names one, else the first that the capability owns. */
  modelOf(path: string): Model | undefined {
    for (const part of path.split('/').reverse()) {
      const named = part.startsWith(':') ? undefined : this.named(part);
      if (named !== undefined) return named;
    }
    return this.owned[0];
  }

  value(parameter: string, path: string, row: number): string {
    const { model, column } = this.columnOf(parameter, path);
    const rows = this.rowsOf(model);
    const value = column === undefined ? undefined : rows[row % Math.max(1, rows.length)]?.[column];
    return value ?? '1';
  }

  /** A value of the same form that no row has. */
  missing(parameter: string, path: string): string {
    const value = this.value(parameter, path, 0);
    if (/^-?\d+$/.test(value)) return '999999';
    if (/^[0-9a-f]{8}-/i.test(value)) return '00000000-0000-4000-8000-ffffffffffff';
    return 'no-such-row';
  }

  /** What a client would send to make a row: every field that the database does not give by itself. */
  body(model: Model | undefined): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    const table = model === undefined ? undefined : this.tables.get(model.table);
    if (model === undefined || table === undefined) return found;
    const keys = new Map(
      model.relations.flatMap((relation) =>
        relation.owning ? relation.fields.map((field, index) => [field, { relation, index }] as const) : [],
      ),
    );
    for (const field of model.fields) {
      const column = table.columns.find(({ name }) => name === field.column);
      if (column === undefined || column.automatic) continue;
      const own = table.primaryKey.length === 1 && table.primaryKey[0] === column.name;
      if (own || /^(?:created|updated|deleted)_?at$/i.test(field.name)) continue;
      const key = keys.get(field.name);
      if (key !== undefined) {
        const target = this.models.find(({ name }) => name === key.relation.target);
        const reference = target?.fields.find(({ name }) => name === key.relation.references[key.index]);
        const value = this.rowsOf(target)[0]?.[reference?.column ?? ''];
        if (value !== undefined && value !== null) found[field.name] = typed(field.type, value);
        continue;
      }
      const sample = this.rowsOf(model)[0]?.[column.name] ?? this.rowsOf(model)[2]?.[column.name];
      if (sample !== undefined && sample !== null && !field.list)
        found[field.name] = fresh(field.type, sample, column.labels.length > 0, field.unique);
    }
    return found;
  }

  private columnOf(
    parameter: string,
    path: string,
  ): { model: Model | undefined; column: string | undefined } {
    const before = path.split(`:${parameter}`)[0]?.split('/').filter(Boolean) ?? [];
    const word = [...before].reverse().find((part) => !part.startsWith(':'));
    const near = word === undefined ? undefined : this.named(word);
    const id = /^(.*?)_?(Id|ID|id|Slug|Uuid)$/.exec(parameter);
    const prefixed = id === null || id[1] === '' ? undefined : this.named(id[1] ?? '');
    const wanted = prefixed === undefined ? parameter : (id?.[2] ?? 'id').toLowerCase();
    for (const model of [prefixed, near, ...this.owned, ...this.models]) {
      const field = model?.fields.find(
        ({ name, type }) => name.toLowerCase() === wanted.toLowerCase() && type !== model.name,
      );
      if (model !== undefined && field !== undefined) return { model, column: field.column };
    }
    const model = prefixed ?? near ?? this.owned[0];
    const key = this.tables.get(model?.table ?? '')?.primaryKey[0];
    return { model, column: key };
  }

  private rowsOf(model: Model | undefined): readonly Row[] {
    const table = model === undefined ? undefined : this.tables.get(model.table);
    return table === undefined ? [] : (this.rows.get(keyOf(table)) ?? []);
  }

  private named(word: string): Model | undefined {
    const wanted = singular(word);
    return (
      this.models.find(({ name }) => singular(name) === wanted) ??
      this.models.find(({ table }) => singular(table) === wanted)
    );
  }
}

/** Enough for names of models in paths: categories, boxes, reviews. */
function singular(word: string): string {
  const plain = word.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (plain.endsWith('ies')) return `${plain.slice(0, -3)}y`;
  if (/(?:s|x|ch|sh)es$/.test(plain)) return plain.slice(0, -2);
  return plain.endsWith('s') && !plain.endsWith('ss') ? plain.slice(0, -1) : plain;
}

function typed(type: string, value: string): unknown {
  if (type === 'Int' || type === 'Float') return Number(value);
  if (type === 'Boolean') return value === 't' || value === 'true';
  if (type === 'Json') return JSON.parse(value);
  return value;
}

/** Like a row that is there, but not the same where it has to be another one. */
function fresh(type: string, value: string, isEnum: boolean, unique: boolean): unknown {
  if (type === 'DateTime') return `${value.slice(0, 10)}T12:00:00.000Z`;
  if (type !== 'String' || isEnum) return typed(type, value);
  if (/^[^@\s]+@/.test(value)) return value.replace(/\d*@/, '9@');
  return unique || /\d$/.test(value) ? value.replace(/\d*$/, '9') : value;
}
