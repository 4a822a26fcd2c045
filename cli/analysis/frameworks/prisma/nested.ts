/** Other models that a query touches through its arguments: includes, relation filters, nested writes. */

import { members, truth, UNKNOWN, type Value } from '../../interpret/values.ts';
import type { Access, Model, Relation } from '../../model.ts';
import type { DataModel } from '../../schema/read.ts';

export type Touch = (model: string, access: Access) => void;

const DEPTH = 12;

export function touchedByArguments(
  data: DataModel,
  model: Model,
  args: Value | undefined,
  touch: Touch,
  depth = 0,
): void {
  if (depth > DEPTH) return;
  for (const [key, value] of properties(args)) {
    switch (key) {
      case 'include':
      case 'select':
      case 'omit':
        selection(data, model, value, touch, depth);
        break;
      case 'where':
      case 'having':
      case 'cursor':
        filter(data, model, value, touch, depth);
        break;
      case 'orderBy':
        ordering(data, model, value, touch);
        break;
      case 'data':
      case 'create':
      case 'update':
        nestedWrites(data, model, value, touch, depth);
        break;
    }
  }
}

function* properties(value: Value | undefined): Generator<[string, Value]> {
  for (const member of value === undefined ? [] : members(value)) {
    if (member.kind === 'object') {
      for (const [key, held] of member.props) if (held.value !== undefined) yield [key, held.value];
    } else if (member.kind === 'array') for (const item of member.items) yield* properties(item);
  }
}

function related(
  data: DataModel,
  model: Model,
  field: string,
): { relation: Relation; target: Model } | undefined {
  const relation = model.relations.find((item) => item.field === field);
  const target = relation === undefined ? undefined : data.models.get(relation.target);
  return relation === undefined || target === undefined ? undefined : { relation, target };
}

function selection(data: DataModel, model: Model, value: Value, touch: Touch, depth: number): void {
  for (const [field, chosen] of properties(value)) {
    if (truth(chosen) === false) continue;
    if (field === '_count') {
      let named = false;
      for (const [key, inner] of properties(chosen)) {
        if (key !== 'select') continue;
        named = true;
        selection(data, model, inner, touch, depth + 1);
      }
      if (!named)
        for (const relation of model.relations)
          if (relation.kind.endsWith('many')) touch(relation.target, 'read');
      continue;
    }
    const found = related(data, model, field);
    if (found === undefined) continue;
    touch(found.target.name, 'read');
    touchedByArguments(data, found.target, chosen, touch, depth + 1);
  }
}

function filter(data: DataModel, model: Model, value: Value, touch: Touch, depth: number): void {
  if (depth > DEPTH) return;
  for (const [field, condition] of properties(value)) {
    if (field === 'AND' || field === 'OR' || field === 'NOT') {
      filter(data, model, condition, touch, depth + 1);
      continue;
    }
    const found = related(data, model, field);
    if (found === undefined || truth(condition) === false) continue;
    touch(found.target.name, 'read');
    let quantified = false;
    for (const [key, inner] of properties(condition)) {
      if (!['some', 'every', 'none', 'is', 'isNot'].includes(key)) continue;
      quantified = true;
      filter(data, found.target, inner, touch, depth + 1);
    }
    if (!quantified) filter(data, found.target, condition, touch, depth + 1);
  }
}

function ordering(data: DataModel, model: Model, value: Value, touch: Touch): void {
  for (const [field, inner] of properties(value)) {
    const found = related(data, model, field);
    if (found === undefined || inner === UNKNOWN) continue;
    touch(found.target.name, 'read');
    ordering(data, found.target, inner, touch);
  }
}

/**
 * Nested writes (Prisma Client reference, "Nested queries"). Whether `connect` writes the other model depends on who owns
 * the key: it sets the key in the table that has it.
 */
function nestedWrites(data: DataModel, model: Model, value: Value, touch: Touch, depth: number): void {
  if (depth > DEPTH) return;
  for (const [field, nested] of properties(value)) {
    const found = related(data, model, field);
    if (found === undefined) continue;
    const { relation, target } = found;
    const keyElsewhere = !relation.owning && relation.kind !== 'many-to-many';
    for (const [operation, input] of properties(nested)) {
      if (truth(input) === false) continue;
      switch (operation) {
        case 'connect':
        case 'set':
        case 'disconnect':
          touch(target.name, keyElsewhere ? 'write' : 'read');
          break;
        case 'create':
        case 'update':
          touch(target.name, 'write');
          nestedWrites(data, target, input, touch, depth + 1);
          touchedByArguments(data, target, input, touch, depth + 1);
          break;
        case 'createMany':
        case 'updateMany':
        case 'upsert':
        case 'connectOrCreate':
        case 'delete':
        case 'deleteMany':
          touch(target.name, 'write');
          touchedByArguments(data, target, input, touch, depth + 1);
          break;
      }
    }
  }
}
