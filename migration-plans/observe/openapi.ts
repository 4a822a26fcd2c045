import type { Inventory, InventoryParameter, InventoryRoute } from './inventory.ts';
import type { BodyKind } from './observation.ts';
import type { SegmentKind } from './segment.ts';

export interface OpenApiOptions {
  title: string;
  /** Where the application answers; undefined: not said. */
  server?: string;
}

/** Methods that OpenAPI 3.1 has a place for. */
const OPERATIONS = new Set(['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE']);

const MEDIA_TYPES: Record<Exclude<BodyKind, 'none'>, string> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  multipart: 'multipart/form-data',
  xml: 'application/xml',
  text: 'text/plain',
  binary: 'application/octet-stream',
  other: '*/*',
};

const SCHEMAS: Partial<Record<SegmentKind, object>> = {
  number: { type: 'integer' },
  uuid: { type: 'string', format: 'uuid' },
  date: { type: 'string', format: 'date' },
  email: { type: 'string', format: 'email' },
};

/** A parameter of a query in at least so many of the calls is taken for required, once enough calls were looked at. */
const REQUIRED_SHARE = 0.995;
const REQUIRED_CALLS = 50;

/** The inventory as an OpenAPI 3.1 document. What traffic cannot tell stays open; how sure the rest is stands in `x-` fields. */
export function openApiOf(inventory: Inventory, { title, server }: OpenApiOptions): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of [...inventory.routes].sort((a, b) =>
    a.path < b.path ? -1 : a.path > b.path ? 1 : 0,
  )) {
    const path = pathOf(route.path);
    const item = paths[path] ?? {};
    paths[path] = item;
    if (route.parameters.length > 0 || route.path.endsWith('/*')) item.parameters = pathParameters(route);
    if (OPERATIONS.has(route.method)) item[route.method.toLowerCase()] = operationOf(route);
    // A WebSocket, or a method that OpenAPI does not know: told, without a place of its own.
    else
      item['x-other-methods'] = {
        ...(item['x-other-methods'] as object | undefined),
        [route.method]: figuresOf(route),
      };
  }
  return {
    openapi: '3.1.0',
    info: {
      title,
      version: inventory.to === '' ? 'observed' : `observed-${inventory.to.slice(0, 10)}`,
      description: `What ${title} was seen to answer, inferred from traffic alone. Schemas of bodies are not known; x-confidence says how sure each route is.`,
    },
    ...(server === undefined ? {} : { servers: [{ url: server }] }),
    paths,
    'x-observed': {
      from: inventory.from,
      to: inventory.to,
      calls: inventory.calls,
      skipped: inventory.skipped,
    },
  };
}

/** `/files/:id/*` → `/files/{id}/{path}`. */
function pathOf(template: string): string {
  return template.replace(/:(\w+)/g, '{$1}').replace(/\/\*$/, '/{path}');
}

function pathParameters({ parameters, path }: InventoryRoute): object[] {
  const named = parameters.map((parameter) => ({
    name: parameter.name,
    in: 'path',
    required: true,
    schema: schemaOf(parameter),
    'x-confidence': parameter.confidence,
    'x-evidence': {
      reason: parameter.reason,
      kinds: parameter.kinds,
      distinct: parameter.distinct,
      samples: parameter.samples,
    },
  }));
  if (!path.endsWith('/*')) return named;
  return [...named, { name: 'path', in: 'path', required: true, schema: { type: 'string' }, 'x-tail': true }];
}

function schemaOf({ kinds }: InventoryParameter): object {
  const [only, ...others] = kinds;
  return (others.length === 0 && only !== undefined ? SCHEMAS[only] : undefined) ?? { type: 'string' };
}

function operationOf(route: InventoryRoute): object {
  const required = (share: number): boolean => share >= REQUIRED_SHARE && route.calls >= REQUIRED_CALLS;
  return {
    operationId: operationId(route),
    ...(route.query.length === 0
      ? {}
      : {
          parameters: route.query.map(({ name, share }) => ({
            name,
            in: 'query',
            required: required(share),
            schema: { type: 'string' },
            'x-share': share,
          })),
        }),
    ...requestBody(route),
    responses: responsesOf(route),
    ...figuresOf(route),
  };
}

function requestBody({ bodies }: InventoryRoute): object {
  const kinds = bodies.filter(({ name }) => name !== 'none');
  if (kinds.length === 0) return {};
  const content = kinds.map(({ name, share }) => [
    MEDIA_TYPES[name as Exclude<BodyKind, 'none'>],
    { schema: {}, 'x-share': share },
  ]);
  return { requestBody: { content: Object.fromEntries(content) } };
}

function responsesOf({ status, types }: InventoryRoute): object {
  const classes = Object.entries(status).filter(([name]) => name !== '0xx');
  if (classes.length === 0) return { default: { description: 'Nobody answered.' } };
  const content = Object.fromEntries(
    types.filter(({ name }) => name !== 'other').map(({ name }) => [name, { schema: {} }]),
  );
  return Object.fromEntries(
    classes.map(([name, calls]) => [
      name.toUpperCase(),
      {
        description: `${calls} of the calls`,
        ...(name === '2xx' && types.length > 0 ? { content } : {}),
        'x-calls': calls,
      },
    ]),
  );
}

function figuresOf({ confidence, calls, p50Ms, p95Ms, firstSeen, lastSeen }: InventoryRoute): object {
  return {
    'x-confidence': confidence,
    'x-calls': calls,
    ...(p50Ms === undefined ? {} : { 'x-latency-ms': { p50: p50Ms, p95: p95Ms } }),
    'x-first-seen': firstSeen,
    'x-last-seen': lastSeen,
  };
}

/** `GET /products/:slug` → `get_products_by_slug`: unique, because what is no letter or digit is written out. */
function operationId({ method, path }: InventoryRoute): string {
  const words = path
    .split('/')
    .slice(1)
    .map((segment) => {
      if (segment === '') return 'slash';
      if (segment === '*') return 'rest';
      const text = segment.startsWith(':') ? `by_${segment.slice(1)}` : segment;
      return text.replace(/[^A-Za-z0-9_]/g, (character) => `-${character.charCodeAt(0).toString(16)}-`);
    });
  return [method.toLowerCase(), ...words].join('_');
}
