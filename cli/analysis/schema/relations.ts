import type { Model } from '../model.ts';
import type { RawRelation } from './fields.ts';
import type { DataModel } from './read.ts';

/**
 * Settles what each relation is once all models are known: its kind, the side that owns the key, and the hidden join
 * table of an implicit many-to-many (`_AToB` by the models' names in order, or `_<relation name>`; Prisma schema
 * reference, "Implicit many-to-many relations").
 */
export function linkRelations(data: DataModel): void {
  for (const model of data.models.values()) {
    const relations: RawRelation[] = [];
    for (const relation of model.relations as RawRelation[]) {
      if (data.models.has(relation.target)) relations.push(relation);
      else {
        if (data.enums.has(relation.target)) model.enums.push(relation.target);
        model.fields.push({
          name: relation.field,
          column: relation.column ?? relation.field,
          type: relation.target,
          list: relation.list,
          optional: relation.optional,
          unique: false,
        });
      }
    }
    model.relations = relations;
  }
  for (const model of data.models.values()) {
    for (const relation of model.relations as RawRelation[]) settle(data, model, relation);
  }
  for (const model of data.models.values()) {
    for (const relation of model.relations as Partial<RawRelation>[]) {
      delete relation.list;
      delete relation.column;
    }
  }
}

function settle(data: DataModel, model: Model, relation: RawRelation): void {
  const other = opposite(data, model, relation);
  if (relation.list && other?.list === true) {
    relation.kind = 'many-to-many';
    const pair = [model.name, relation.target].sort();
    relation.joinTable = `_${relation.name ?? `${pair[0]}To${pair[1]}`}`;
  } else if (relation.list) relation.kind = 'one-to-many';
  else if (relation.owning) {
    const single = other !== undefined && !other.list;
    relation.kind = single ? 'one-to-one' : 'many-to-one';
    // Prisma's defaults: SetNull for an optional key, Restrict for a required one (schema reference, referential actions).
    relation.onDelete ??= relation.optional ? 'SetNull' : 'Restrict';
    relation.onUpdate ??= 'Cascade';
  } else relation.kind = 'one-to-one';
}

/** The field on the other side of a relation, matched by relation name, or by being the only one between two models. */
export function opposite(data: DataModel, model: Model, relation: RawRelation): RawRelation | undefined {
  const candidates = (data.models.get(relation.target)?.relations ?? []) as RawRelation[];
  const fitting = candidates.filter(
    (item) => item.target === model.name && item.name === relation.name && item !== relation,
  );
  if (fitting.length > 0) return fitting[0];
  // A self relation that names only one field is its own opposite.
  return model.name === relation.target && relation.list ? relation : undefined;
}
