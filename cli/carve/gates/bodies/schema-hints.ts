/** Reads validation schemas as they are written: Joi, Zod, Yup, TypeBox by their calls, JSON Schema by its members. Pure. */
import { type Node, unwrap } from '../../../analysis/syntax/ast.ts';
import type { SourceFile } from '../../../analysis/syntax/parse.ts';

export interface FieldHint {
  type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  /** Values that it may have. */
  oneOf?: unknown[];
  min?: number;
  max?: number;
  /** `email`, `uri`, `uuid`, `date-time`. */
  format?: string;
  optional?: boolean;
  fields?: Map<string, FieldHint>;
  items?: FieldHint;
  /** It is surely a schema, not just an object of something. */
  schema?: boolean;
}

export type Resolve = (node: Node) => { node: Node; source: SourceFile } | undefined;

const TYPES: Record<string, FieldHint> = {
  string: { type: 'string' },
  number: { type: 'number' },
  integer: { type: 'integer' },
  int: { type: 'integer' },
  boolean: { type: 'boolean' },
  bool: { type: 'boolean' },
  date: { type: 'string', format: 'date-time' },
  email: { type: 'string', format: 'email' },
  uuid: { type: 'string', format: 'uuid' },
  url: { type: 'string', format: 'uri' },
};
const FORMATS: Record<string, string> = {
  email: 'email',
  uuid: 'uuid',
  guid: 'uuid',
  url: 'uri',
  uri: 'uri',
  datetime: 'date-time',
  isoDate: 'date-time',
  iso: 'date-time',
};
const MOST_DEPTH = 8;

/** Undefined: it is nothing that is known. */
export function hintOf(node: Node, resolve: Resolve, depth = 0): FieldHint | undefined {
  if (depth > MOST_DEPTH) return undefined;
  const plain = unwrap(node);
  switch (plain.type) {
    case 'Identifier': {
      const target = resolve(plain);
      return target === undefined || target.node === plain
        ? undefined
        : hintOf(target.node, resolve, depth + 1);
    }
    case 'MemberExpression': {
      const target = resolve(plain);
      if (target !== undefined) return hintOf(target.node, resolve, depth + 1);
      // `z.string` without a call is a property of a chain: `Type.Optional(...)` has calls.
      return undefined;
    }
    case 'CallExpression':
      return calledHint(plain, resolve, depth);
    case 'ObjectExpression':
      return jsonSchemaHint(plain, resolve, depth);
    default:
      return undefined;
  }
}

function calledHint(node: Node, resolve: Resolve, depth: number): FieldHint | undefined {
  const { callee, arguments: args } = node as unknown as { callee: Node; arguments: Node[] };
  const target = unwrap(callee);
  if (target.type !== 'MemberExpression') return undefined;
  const { object, property } = target as unknown as { object: Node; property: { name?: string } };
  const method = property.name ?? '';
  const holder = unwrap(object);
  const isStart = holder.type === 'Identifier' || (holder.type === 'MemberExpression' && !hasCall(holder));
  if (!isStart) {
    const before = hintOf(holder, resolve, depth);
    return before === undefined ? undefined : refined(before, method, args, resolve, depth);
  }
  // A chain that begins with a schema of its own name: `base.extend({…})`.
  if (
    holder.type === 'Identifier' &&
    !/^(?:z|zod|joi|yup|type|t|v|vine|celebrate|s)$/i.test((holder as { name: string }).name)
  ) {
    const known = hintOf(holder, resolve, depth + 1);
    if (known !== undefined) return refined(known, method, args, resolve, depth);
  }
  return startHint(method, args, resolve, depth);
}

function hasCall(node: Node): boolean {
  const plain = unwrap(node);
  if (plain.type === 'CallExpression') return true;
  return plain.type === 'MemberExpression' && hasCall((plain as unknown as { object: Node }).object);
}

function startHint(method: string, args: Node[], resolve: Resolve, depth: number): FieldHint | undefined {
  const name = method.toLowerCase();
  const [first] = args;
  if (name === 'object' || name === 'strictobject' || name === 'looseobject')
    return {
      type: 'object',
      schema: true,
      fields: first === undefined ? new Map() : fieldsIn(first, resolve, depth),
    };
  if (name === 'array') {
    const items = first === undefined ? undefined : hintOf(first, resolve, depth + 1);
    return { type: 'array', schema: true, ...(items && { items }) };
  }
  if (name === 'optional') {
    const inner = first === undefined ? undefined : hintOf(first, resolve, depth + 1);
    return inner === undefined ? undefined : { ...inner, optional: true };
  }
  if (['enum', 'nativeenum', 'literal', 'valid', 'picklist'].includes(name)) {
    const values = first === undefined ? [] : valuesIn(first, resolve);
    return { schema: true, ...(values.length > 0 && { oneOf: values }) };
  }
  if (name === 'union') {
    const inner =
      first?.type === 'ArrayExpression' ? (first as unknown as { elements: Node[] }).elements[0] : first;
    return inner === undefined ? undefined : hintOf(inner, resolve, depth + 1);
  }
  const type = TYPES[name];
  if (type === undefined) return undefined;
  // TypeBox: options stand in the call.
  const options = first?.type === 'ObjectExpression' ? jsonSchemaHint(first, resolve, depth) : undefined;
  return { ...type, ...options, ...type, schema: true };
}

function refined(
  before: FieldHint,
  method: string,
  args: Node[],
  resolve: Resolve,
  depth: number,
): FieldHint {
  const [first] = args;
  const number = first?.type === 'Literal' ? (first as { value?: unknown }).value : undefined;
  const hint: FieldHint = { ...before };
  const format = FORMATS[method];
  if (format !== undefined) hint.format = format;
  else if (['keys', 'shape', 'extend', 'append'].includes(method) && first !== undefined)
    hint.fields = new Map([...(before.fields ?? []), ...fieldsIn(first, resolve, depth)]);
  else if (['min', 'gte', 'minLength'].includes(method) && typeof number === 'number') hint.min = number;
  else if (['max', 'lte', 'maxLength'].includes(method) && typeof number === 'number') hint.max = number;
  else if (method === 'length' && typeof number === 'number') {
    hint.min = number;
    hint.max = number;
  } else if (['positive', 'nonempty'].includes(method)) hint.min = Math.max(1, before.min ?? 1);
  else if (['integer', 'int'].includes(method)) hint.type = 'integer';
  else if (['optional', 'nullish', 'notRequired', 'default'].includes(method)) hint.optional = true;
  else if (['required', 'exist'].includes(method)) hint.optional = false;
  else if (['valid', 'equal', 'oneOf', 'allow'].includes(method) && method !== 'allow') {
    const values = args.flatMap((item) => valuesIn(item, resolve));
    if (values.length > 0) hint.oneOf = values;
  } else if (method === 'items' || method === 'of') {
    const items = first === undefined ? undefined : hintOf(first, resolve, depth + 1);
    if (items !== undefined) hint.items = items;
  } else if (['merge', 'concat', 'and'].includes(method) && first !== undefined) {
    const other = hintOf(first, resolve, depth + 1)?.fields;
    if (other !== undefined) hint.fields = new Map([...(before.fields ?? []), ...other]);
  } else if (['pick', 'omit'].includes(method) && first !== undefined && before.fields !== undefined) {
    const names = new Set([...fieldsIn(first, resolve, depth).keys(), ...valuesIn(first, resolve)]);
    hint.fields = new Map([...before.fields].filter(([name]) => names.has(name) === (method === 'pick')));
  } else if (method === 'partial' && before.fields !== undefined)
    hint.fields = new Map([...before.fields].map(([name, inner]) => [name, { ...inner, optional: true }]));
  return hint;
}

function fieldsIn(node: Node, resolve: Resolve, depth: number): Map<string, FieldHint> {
  const fields = new Map<string, FieldHint>();
  const plain = unwrap(node);
  const object = plain.type === 'ObjectExpression' ? plain : (resolve(plain)?.node ?? plain);
  if (object.type !== 'ObjectExpression') return fields;
  for (const property of (object as unknown as { properties: Node[] }).properties) {
    if (property.type === 'SpreadElement') {
      const spread = (property as unknown as { argument: Node }).argument;
      for (const [name, hint] of fieldsIn(spread, resolve, depth + 1)) fields.set(name, hint);
      continue;
    }
    const { key, value } = property as unknown as { key: { name?: string; value?: unknown }; value: Node };
    const name = key.name ?? (typeof key.value === 'string' ? key.value : undefined);
    if (name !== undefined && depth < MOST_DEPTH) fields.set(name, hintOf(value, resolve, depth + 1) ?? {});
  }
  return fields;
}

function jsonSchemaHint(node: Node, resolve: Resolve, depth: number): FieldHint | undefined {
  const member = (wanted: string): Node | undefined => {
    for (const property of (node as unknown as { properties: Node[] }).properties) {
      const { key, value } = property as unknown as { key?: { name?: string; value?: unknown }; value: Node };
      if ((key?.name ?? key?.value) === wanted) return unwrap(value);
    }
    return undefined;
  };
  const literal = (wanted: string): unknown => (member(wanted) as { value?: unknown } | undefined)?.value;
  const types = member('type');
  // Of several types the first that is not null.
  const type = types === undefined ? undefined : valuesIn(types, resolve).find((one) => one !== 'null');
  const properties = member('properties');
  const values = member('enum');
  const hint: FieldHint = {};
  if (
    typeof type === 'string' &&
    ['string', 'number', 'integer', 'boolean', 'array', 'object'].includes(type)
  )
    hint.type = type as NonNullable<FieldHint['type']>;
  for (const [key, to] of [
    ['minimum', 'min'],
    ['minLength', 'min'],
    ['minItems', 'min'],
    ['maximum', 'max'],
    ['maxLength', 'max'],
  ] as const) {
    const value = literal(key);
    if (typeof value === 'number') hint[to] = value;
  }
  const format = literal('format');
  if (typeof format === 'string') hint.format = format;
  if (values !== undefined) hint.oneOf = valuesIn(values, resolve);
  const items = member('items');
  const inner = items === undefined ? undefined : hintOf(items, resolve, depth + 1);
  if (inner !== undefined) hint.items = inner;
  if (properties !== undefined) {
    const required = new Set(
      member('required') === undefined ? [] : valuesIn(member('required') as Node, resolve),
    );
    hint.type ??= 'object';
    hint.schema = true;
    hint.fields = new Map(
      [...fieldsIn(properties, resolve, depth + 1)].map(([name, field]) => [
        name,
        { ...field, optional: !required.has(name) },
      ]),
    );
  }
  return Object.keys(hint).length === 0 ? undefined : hint;
}

/** Literals of a list, of an object's values (an enum), or of one value; `Role.USER` is taken as `USER`. */
function valuesIn(node: Node, resolve: Resolve): unknown[] {
  const plain = unwrap(node);
  switch (plain.type) {
    case 'Literal':
      return [(plain as { value?: unknown }).value];
    case 'ArrayExpression':
      return (plain as unknown as { elements: (Node | null)[] }).elements.flatMap((item) =>
        item === null ? [] : valuesIn(item, resolve),
      );
    case 'SpreadElement':
      return valuesIn((plain as unknown as { argument: Node }).argument, resolve);
    case 'ObjectExpression':
      return (plain as unknown as { properties: { value?: Node }[] }).properties.flatMap(({ value }) =>
        value === undefined ? [] : valuesIn(value, resolve),
      );
    case 'Identifier': {
      const target = resolve(plain);
      return target === undefined || target.node === plain ? [] : valuesIn(target.node, resolve);
    }
    case 'MemberExpression': {
      const target = resolve(plain);
      if (target !== undefined) return valuesIn(target.node, resolve);
      const { property } = plain as unknown as { property: { name?: string } };
      return property.name === undefined ? [] : [property.name];
    }
    default:
      return [];
  }
}
