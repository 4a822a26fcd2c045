/** Requests that a capability's routes are tried with, made from its route templates and the rows that its database holds. Pure. */
import type { Model } from '../../analysis/model.ts';
import { bodyOf } from './bodies/body-values.ts';
import type { FieldHint } from './bodies/schema-hints.ts';
import type { Table } from './catalog.ts';
import { isSafe } from './methods.ts';
import { keyOf, type Row } from './sample-rows.ts';
import { credentialsOf } from './sign-in/credentials.ts';
import { type Form, isCsrfName } from './sign-in/pages.ts';
import { destroys, endsSession } from './sign-in/routes.ts';

export interface TrialRequest {
  /** What it is meant to show. */
  name: string;
  method: string;
  /** Path and query. */
  url: string;
  headers: Record<string, string>;
  body: string | null;
  /** Who sends it; undefined: nobody in particular. */
  as?: string;
}

/** What is known of the bodies that a route takes. */
export interface BodyKnowledge {
  /** Fields that its source reads; undefined: it does not say. */
  fields(method: string, path: string): ReadonlyMap<string, FieldHint> | undefined;
  /** Parameters of the query that its source reads; undefined: it does not say. */
  query?(method: string, path: string): ReadonlyMap<string, FieldHint> | undefined;
  /** Forms that are sent to this path, as the monolith's pages show them. */
  forms(method: string, url: string): readonly Form[];
  /** Whether the monolith is seen to take forms at all. */
  takesForms: boolean;
  /** What somebody who is signed in knows: a refresh token, the own e-mail. */
  known(field: string, path: string): string | undefined;
  /** What was mailed to whoever is signed in, for a path with such a parameter. */
  mailed?(parameter: string, path: string): string | undefined;
  /** A value that pages offer for a field of this name, such as the first choice of a list. */
  offered(field: string): string | undefined;
}

export interface RequestInput {
  routes: readonly { method: string; path: string }[];
  models: readonly Model[];
  owned: readonly string[];
  tables: readonly Table[];
  rows: ReadonlyMap<string, readonly Row[]>;
  bodies?: BodyKnowledge;
  /** For somebody who is signed in, and to whom the first rows belong. */
  signedIn?: boolean;
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
  const { signedIn = false, bodies } = input;
  const routes = input.routes
    .flatMap(({ method, path }) =>
      (method === 'ALL' || method === '*' ? METHODS_OF_ALL : [method.toUpperCase()]).map((one) => ({
        method: one,
        path,
      })),
    )
    .filter(({ path }) => !/[{}*]/.test(path) || /\*$/.test(path))
    .sort((a, b) => rankOf(a) - rankOf(b));
  const data = new Data(input);
  const make = (some: typeof routes): TrialRequest[] =>
    some.flatMap(({ method, path }) => requestsOf(method, path, data, { signedIn, bodies }));
  const all = make(routes.filter((route) => !endsSession(route)));
  const again = all
    .filter(({ method, name }) => method === 'GET' && name.startsWith('a row'))
    .map((request) => ({ ...request, name: `after the writes: ${request.name}` }));
  const wrote = all.some(({ method }) => !isSafe(method));
  // What signs somebody out comes when there is nothing more to ask as that person.
  const last = make(routes.filter(endsSession));
  return [...all, ...(wrote ? again : []), ...last].slice(0, MAX_REQUESTS);
}

function rankOf(route: { method: string; path: string }): number {
  return ORDER.indexOf(route.method === 'POST' && destroys(route) ? 'DELETE' : route.method);
}

interface Making {
  signedIn: boolean;
  bodies: BodyKnowledge | undefined;
}

function requestsOf(method: string, path: string, data: Data, { signedIn, bodies }: Making): TrialRequest[] {
  const parameters = [...path.matchAll(/:(\w+)(\([^)]*\))?\??/g)].map((match) => match[1] ?? '');
  const fill = (pick: (parameter: string, at: number) => string): string => {
    let at = 0;
    return path
      .replace(/\*$/, 'sample')
      .replace(/:(\w+)(\([^)]*\))?\??/g, (_, name: string) => encodeURIComponent(pick(name, at++)));
  };
  const reads = isSafe(method);
  const make = (name: string, url: string, body: Body | null = null): TrialRequest => ({
    name,
    method,
    url,
    headers: body === null ? {} : { 'content-type': body.type },
    body: body === null ? null : body.text,
  });
  const known = [
    ...new Set(
      rowsFor({ method, path }, signedIn).map((row) =>
        fill((name) => bodies?.mailed?.(name, path) ?? data.value(name, path, row)),
      ),
    ),
  ];
  const model = data.modelOf(path);
  const bodyFor = (url: string): Body[] =>
    reads || method === 'DELETE' ? [] : bodiesOf(method, path, url, data.body(model), bodies);
  const found = known.flatMap((url, index) => {
    const name = parameters.length === 0 ? 'a row: as it is' : `a row: ${index + 1}`;
    const some = bodyFor(url);
    if (some.length === 0) return [make(name, url)];
    return some.map((body) => make(`${name}${body.told}`, url, body));
  });
  const first = known[0] ?? path;
  const body = bodyFor(first)[0] ?? null;
  const query = queryOf(method, path, data.body(model), bodies);
  if (query !== '')
    for (const [index, url] of (reads ? known : known.slice(0, 1)).entries())
      found.push(make(`a row: ${index + 1}, with a query`, `${url}?${query}`, body));
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
  if (body !== null)
    found.push(
      make('an empty body', first, { type: JSON_TYPE, text: '{}', told: '' }),
      make('a broken body', first, { type: JSON_TYPE, text: '{"', told: '' }),
    );
  return found;
}

/** Places of rows: what is taken away is not what the others read. Of somebody's own rows the foreign ones are tried first. */
function rowsFor(route: { method: string; path: string }, signedIn: boolean): number[] {
  if (route.method === 'DELETE' || (route.method === 'POST' && destroys(route)))
    return signedIn ? [2, 1, 0] : [2];
  return isSafe(route.method) || signedIn ? [0, 1] : [0];
}

interface Body {
  type: string;
  text: string;
  /** Added to the name of the request. */
  told: string;
}

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
/** Made-up texts speak of these. */
const SAMPLE = credentialsOf('sample');

/** By what a page's form asks for, by what the source reads, else by the model's fields. */
function bodiesOf(
  method: string,
  path: string,
  url: string,
  row: Record<string, unknown>,
  knowledge: BodyKnowledge | undefined,
): Body[] {
  const byModel: Body = { type: JSON_TYPE, text: JSON.stringify(row), told: '' };
  if (knowledge === undefined) return [byModel];
  const valueFor = valuesOf(path, row, knowledge);
  const forms = method === 'POST' ? knowledge.forms(method, url) : [];
  const bodies = forms.map(
    (form, index): Body => ({
      type: FORM_TYPE,
      text: formText(form, valueFor),
      told: forms.length === 1 ? ', a form' : `, form ${index + 1}`,
    }),
  );
  const fields = knowledge.fields(method, path);
  const read = fields === undefined ? undefined : bodyOf(fields, valueFor, SAMPLE);
  const json: Body = read === undefined ? byModel : { type: JSON_TYPE, text: JSON.stringify(read), told: '' };
  if (knowledge.takesForms && method === 'POST' && forms.length === 0) {
    const flat = Object.entries(read ?? row).filter(([, value]) => typeof value !== 'object');
    const text = new URLSearchParams(
      Object.fromEntries(flat.map(([name, value]) => [name, String(value)])),
    ).toString();
    const form: Body = { type: FORM_TYPE, text, told: ', a form' };
    return /(?:^|\/)api(?:\/|$)/.test(path) ? [json] : [form, json];
  }
  return [...bodies, json];
}

/** What a route must be asked with; '' where its source names nothing. */
function queryOf(
  method: string,
  path: string,
  row: Record<string, unknown>,
  knowledge: BodyKnowledge | undefined,
): string {
  const fields = knowledge?.query?.(method, path);
  if (knowledge === undefined || fields === undefined) return '';
  const needed = new Map(
    [...fields].filter(([, { optional }]) => optional !== true).slice(0, MOST_PARAMETERS),
  );
  const values = bodyOf(needed, valuesOf(path, row, knowledge), SAMPLE);
  const filled = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    for (const one of Array.isArray(value) ? value : [value])
      filled.append(name, typeof one === 'object' ? JSON.stringify(one) : String(one));
  return filled.toString();
}

const MOST_PARAMETERS = 20;

/** A value for a field: what is known of it, what pages offer, what a row has. */
function valuesOf(
  path: string,
  row: Record<string, unknown>,
  knowledge: BodyKnowledge,
): (name: string) => unknown {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const byName = new Map(Object.entries(row).map(([name, value]) => [plain(name), value]));
  return (name) => knowledge.known(name, path) ?? knowledge.offered(name) ?? byName.get(plain(name));
}

function formText(form: Form, valueFor: (name: string) => unknown): string {
  const filled = new URLSearchParams();
  for (const { name, type, value } of form.fields) {
    if (isCsrfName(name)) continue;
    const typed = ['hidden', 'select', 'submit', 'radio', 'checkbox'].includes(type) || value !== '';
    const own = typed
      ? value
      : (valueFor(name) ?? Object.values(bodyOf(new Map([[name, {}]]), valueFor, SAMPLE))[0]);
    filled.append(name, String(own ?? ''));
  }
  return filled.toString();
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
