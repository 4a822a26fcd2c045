/** `sign-in` of a decisions file: how somebody signs in at the monolith, as people review it. Pure. */
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { EXIT, type Finding, StranglerError } from '../../../../migration-plans/errors.ts';
import { didYouMean } from '../../../../migration-plans/yaml/did-you-mean.ts';

export interface Recipe {
  /** Name of the identity. */
  as: string;
  requests: RecipeRequest[];
}

export interface RecipeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  json?: unknown;
  form?: Record<string, string>;
  headers?: Record<string, string>;
  /** Path of the token in the JSON answer. */
  token?: string;
  /** How the token is sent, `Bearer` unless said otherwise. */
  scheme?: string;
  /** Where the value stands that protects later unsafe requests. */
  csrf?: { from: 'page' } | { from: 'json'; path: string };
  /** Header that carries it; it is also sent as a field of forms, by the name that it has in the page. */
  csrfHeader?: string;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const KEYS = [...METHODS, 'json', 'form', 'headers', 'token', 'scheme', 'csrf', 'csrf-header'];
const REMEDY =
  'Each identity is { as: NAME, requests: [...] }; each request has one of get, post, put, patch, delete with a path, and may have json, form, headers, token, scheme, csrf, csrf-header.';
const MOST_REQUESTS = 20;
const MOST_IDENTITIES = 5;

/**
 * @returns undefined where the file has no `sign-in`
 * @throws StranglerError `CARVE_BAD_SIGN_IN` with all mistakes at once
 */
export function parseRecipes(text: string, file: string): Recipe[] | undefined {
  const counter = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: true, lineCounter: counter });
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
  const found = document.get('sign-in', true) as Node | undefined;
  if (found === undefined) return undefined;
  const reader = new Reader(document, counter, file);
  const recipes = reader.recipes(found);
  if (reader.findings.length > 0)
    throw new StranglerError('CARVE_BAD_SIGN_IN', `sign-in of ${file} can’t be used`, {
      exitCode: EXIT.usage,
      findings: reader.findings,
      remedy: REMEDY,
    });
  return recipes;
}

class Reader {
  readonly findings: Finding[] = [];
  readonly #document: Document.Parsed;
  readonly #counter: LineCounter;
  readonly #file: string;

  constructor(document: Document.Parsed, counter: LineCounter, file: string) {
    this.#document = document;
    this.#counter = counter;
    this.#file = file;
  }

  recipes(node: Node): Recipe[] {
    if (!isSeq(node) || node.items.length === 0) {
      this.#wrong(node, 'sign-in is a list of identities, with at least one');
      return [];
    }
    if (node.items.length > MOST_IDENTITIES) this.#wrong(node, `at most ${MOST_IDENTITIES} identities`);
    const names = new Set<string>();
    return node.items.map((item) => {
      const entry = this.#entries(item as Node, ['as', 'requests'], 'an identity');
      const name = this.#text(entry.get('as'), item as Node, 'as');
      if (name !== '' && !/^[a-z0-9][a-z0-9-]{0,30}$/i.test(name))
        this.#wrong(
          entry.get('as') ?? (item as Node),
          'as is a name of letters, digits and dashes, at most 31',
        );
      if (name !== '' && names.has(name.toLowerCase())) this.#wrong(item as Node, `${name} is there twice`);
      names.add(name.toLowerCase());
      const list = entry.get('requests');
      if (list === undefined || !isSeq(list) || list.items.length === 0) {
        this.#wrong(
          list ?? (item as Node),
          `requests of ${name === '' ? 'an identity' : name} is a list with at least one`,
        );
        return { as: name, requests: [] };
      }
      if (list.items.length > MOST_REQUESTS) this.#wrong(list, `at most ${MOST_REQUESTS} requests`);
      return { as: name, requests: list.items.map((request) => this.#request(request as Node)) };
    });
  }

  #request(node: Node): RecipeRequest {
    const entry = this.#entries(node, KEYS, 'a request');
    const given = METHODS.filter((method) => entry.has(method));
    const [method = 'get'] = given;
    if (given.length !== 1) this.#wrong(node, `a request has exactly one of ${METHODS.join(', ')}`);
    const url = given.length === 0 ? '/' : this.#text(entry.get(method), node, method);
    if (url !== '' && (!url.startsWith('/') || url.startsWith('//')))
      this.#wrong(entry.get(method) ?? node, `${method} is a path of the monolith that begins with /`);
    const request: RecipeRequest = { method: method.toUpperCase() as RecipeRequest['method'], url };
    const [json, form, headers] = ['json', 'form', 'headers'].map((key) => entry.get(key));
    if (json !== undefined && form !== undefined) this.#wrong(node, 'a request has json or form, not both');
    if (method === 'get' && (json ?? form) !== undefined) this.#wrong(node, 'get has no body');
    if (json !== undefined) request.json = this.#plain(json);
    if (form !== undefined) request.form = this.#texts(form, 'form');
    if (headers !== undefined) request.headers = this.#texts(headers, 'headers');
    for (const key of ['token', 'scheme'] as const)
      if (entry.has(key)) request[key] = this.#text(entry.get(key), node, key);
    if (entry.has('scheme') && !entry.has('token'))
      this.#wrong(node, 'scheme says how a token is sent: give token');
    const csrf = entry.get('csrf');
    if (csrf !== undefined) this.#csrf(csrf, request);
    if (entry.has('csrf-header')) {
      if (csrf === undefined) this.#wrong(node, 'csrf-header says how csrf is sent: give csrf');
      request.csrfHeader = this.#text(entry.get('csrf-header'), node, 'csrf-header').toLowerCase();
    }
    return request;
  }

  #csrf(node: Node, request: RecipeRequest): void {
    if (isScalar(node) && node.value === 'page') {
      request.csrf = { from: 'page' };
      return;
    }
    if (!isMap(node)) {
      this.#wrong(node, 'csrf is page, or { json: PATH }');
      return;
    }
    const entry = this.#entries(node, ['json'], 'csrf');
    request.csrf = { from: 'json', path: this.#text(entry.get('json'), node, 'json') };
  }

  #entries(node: Node, keys: readonly string[], what: string): Map<string, Node> {
    const found = new Map<string, Node>();
    if (!isMap(node)) {
      this.#wrong(node, `${what} is a mapping of ${keys.join(', ')}`);
      return found;
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (keys.includes(name)) found.set(name, (value ?? key) as Node);
      else {
        const meant = didYouMean(name, keys);
        const known = `it has ${keys.join(', ')}`;
        this.#wrong(
          key as Node,
          `${what} has no ${name}: ${meant === undefined ? known : `did you mean ${meant}?`}`,
        );
      }
    }
    return found;
  }

  #text(node: Node | undefined, parent: Node, name: string): string {
    if (isScalar(node) && typeof node.value === 'string' && node.value !== '') return node.value;
    this.#wrong(node ?? parent, `${name} is a text`);
    return '';
  }

  #texts(node: Node, name: string): Record<string, string> {
    const value = this.#plain(node);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#wrong(node, `${name} is a mapping of texts`);
      return {};
    }
    const entries = Object.entries(value);
    for (const [key, item] of entries)
      if (!['string', 'number', 'boolean'].includes(typeof item))
        this.#wrong(node, `${key} of ${name} is no text`);
    return Object.fromEntries(entries.map(([key, item]) => [key, String(item)]));
  }

  #plain(node: Node): unknown {
    try {
      return node.toJS(this.#document) as unknown;
    } catch {
      // More aliases than anybody writes: each doubles what the one before holds.
      this.#wrong(node, 'its aliases can’t be resolved');
      return undefined;
    }
  }

  #wrong(node: Node, message: string): void {
    const offset = (node as { range?: [number, number, number] | null }).range?.[0];
    const at = offset === undefined ? undefined : this.#counter.linePos(offset);
    this.findings.push({
      code: 'CARVE_BAD_SIGN_IN',
      message,
      severity: 'error',
      place: { file: this.#file, ...(at && { line: at.line, column: at.col }) },
    });
  }
}

/**
 * Puts values of environment variables where `${NAME}` stands.
 *
 * @returns the recipes, and the values, which are never shown or written
 * @throws StranglerError `CARVE_SIGN_IN_VARIABLE` with all that are not set
 */
export function expandRecipes(
  recipes: readonly Recipe[],
  env: Readonly<Record<string, string | undefined>>,
  file: string,
): { recipes: Recipe[]; secrets: string[] } {
  const secrets = new Set<string>();
  const missing = new Set<string>();
  const expand = (value: unknown): unknown => {
    if (typeof value === 'string')
      return value.replace(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => {
        const found = env[name];
        if (found === undefined || found === '') missing.add(name);
        else secrets.add(found);
        return found ?? '';
      });
    if (Array.isArray(value)) return value.map(expand);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item)]));
    return value;
  };
  const expanded = recipes.map(
    ({ as, requests }): Recipe => ({
      as,
      requests: requests.map((request) => ({
        ...request,
        ...(request.json !== undefined && { json: expand(request.json) }),
        ...(request.form !== undefined && { form: expand(request.form) as Record<string, string> }),
        ...(request.headers !== undefined && { headers: expand(request.headers) as Record<string, string> }),
      })),
    }),
  );
  if (missing.size > 0)
    throw new StranglerError(
      'CARVE_SIGN_IN_VARIABLE',
      `sign-in of ${file} reads ${[...missing].join(', ')}, which ${missing.size === 1 ? 'is' : 'are'} not set`,
      { exitCode: EXIT.usage, place: { file }, remedy: 'Set it in the environment of strangler carve.' },
    );
  return { recipes: expanded, secrets: [...secrets] };
}

/** What a drafted file shows of it. */
export const RECIPE_EXAMPLE = `# The gates compare as somebody who is signed in, too. Mostly they register an account by themselves, in a database of their own.
# Where that does not work, say how; \${NAME} is taken from the environment, and never shown or written:
# sign-in:
#   - as: customer
#     requests:
#       - { get: /login, csrf: page }        # or csrf: { json: csrfToken }
#       - { post: /login, form: { email: sample1@example.com, password: '\${PASSWORD}' } }
#   - as: admin
#     requests:
#       - { post: /api/login, json: { email: admin@example.com, password: '\${PASSWORD}' }, token: tokens.access.token }
`;
