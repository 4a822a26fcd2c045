import type { Attribute, BlockAttribute, Field, Model as ModelBlock, Value, View } from '@mrleebo/prisma-ast';
import type { Action, Model, Relation } from '../model.ts';
import { unquote } from './read.ts';

/** A relation before the other side is known: `kind` is settled by `linkRelations`. */
export interface RawRelation extends Relation {
  list: boolean;
  /** Where it turns out to be an enum. */
  column?: string;
}

const SCALARS = new Set([
  'String',
  'Int',
  'BigInt',
  'Float',
  'Decimal',
  'Boolean',
  'DateTime',
  'Json',
  'Bytes',
]);

/** Turns a parsed model or view into ours. Fields of a type that is no scalar stay candidates for relations. */
export function toModel(block: ModelBlock | View, file: string, line: number): Model {
  const model: Model = {
    name: block.name,
    table: block.name,
    kind: block.type,
    file,
    line,
    fields: [],
    relations: [],
    enums: [],
  };
  for (const property of block.properties) {
    if (property.type === 'attribute') {
      if (property.name === 'map') model.table = firstString(property) ?? model.table;
      if (property.name === 'schema') {
        const schema = firstString(property);
        if (schema !== undefined) model.schema = schema;
      }
    } else if (property.type === 'field') addField(model, property);
  }
  return model;
}

function addField(model: Model, field: Field): void {
  const attributes = field.attributes ?? [];
  const type = typeof field.fieldType === 'string' ? field.fieldType : 'Unsupported';
  const named = (name: string): Attribute | undefined => attributes.find((item) => item.name === name);
  if (SCALARS.has(type) || type === 'Unsupported') {
    const mapped = named('map');
    model.fields.push({
      name: field.name,
      column: (mapped === undefined ? undefined : firstString(mapped)) ?? field.name,
      type,
      list: field.array === true,
      optional: field.optional === true,
      unique: named('unique') !== undefined || named('id') !== undefined,
    });
    return;
  }
  const relation = named('relation');
  const raw: RawRelation = {
    field: field.name,
    target: type,
    kind: 'many-to-one',
    owning: false,
    fields: names(relation, 'fields'),
    references: names(relation, 'references'),
    optional: field.optional === true,
    list: field.array === true,
  };
  const mapped = named('map');
  const column = mapped === undefined ? undefined : firstString(mapped);
  if (column !== undefined) raw.column = column;
  raw.owning = raw.fields.length > 0;
  const name = relation === undefined ? undefined : (keyed(relation, 'name') ?? firstString(relation));
  if (typeof name === 'string') raw.name = unquote(name);
  const onDelete = relation === undefined ? undefined : keyed(relation, 'onDelete');
  const onUpdate = relation === undefined ? undefined : keyed(relation, 'onUpdate');
  if (typeof onDelete === 'string') raw.onDelete = onDelete as Action;
  if (typeof onUpdate === 'string') raw.onUpdate = onUpdate as Action;
  model.relations.push(raw);
}

function firstString(attribute: Attribute | BlockAttribute): string | undefined {
  for (const { value } of attribute.args ?? []) {
    if (typeof value === 'string') return unquote(value);
    const pair = asPair(value);
    if (pair?.key === 'name' && typeof pair.value === 'string') return unquote(pair.value);
  }
  return undefined;
}

function keyed(attribute: Attribute, key: string): Value | undefined {
  for (const { value } of attribute.args ?? []) {
    const pair = asPair(value);
    if (pair?.key === key) return pair.value;
  }
  return undefined;
}

function names(attribute: Attribute | undefined, key: string): string[] {
  const value = attribute === undefined ? undefined : keyed(attribute, key);
  const items = Array.isArray(value) ? value : isArray(value) ? value.args : [];
  return items.flatMap((item) => (typeof item === 'string' ? [item] : []));
}

function isArray(value: unknown): value is { type: 'array'; args: Value[] } {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'array';
}

function asPair(value: unknown): { key: string; value: Value } | undefined {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'keyValue'
    ? (value as { key: string; value: Value })
    : undefined;
}
