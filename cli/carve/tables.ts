import type { Model } from '../analysis/model.ts';
import type { TablePlan } from './model.ts';

/** What happens to the tables of the models that move: keys that are cut, relations of which the identifier remains. */
export function planTables(models: readonly Model[], owned: ReadonlySet<string>): TablePlan[] {
  return models
    .filter((model) => owned.has(model.name))
    .map((model) => {
      const foreign = model.relations.filter((relation) => !owned.has(relation.target));
      const outgoing = foreign
        .filter((relation) => relation.owning)
        .map((relation) => ({
          from: model.name,
          field: relation.field,
          to: relation.target,
          columns: relation.fields,
        }));
      const incoming = models
        .filter((other) => !owned.has(other.name))
        .flatMap((other) =>
          other.relations
            .filter((relation) => relation.owning && relation.target === model.name)
            .map((relation) => ({
              from: other.name,
              field: relation.field,
              to: model.name,
              columns: relation.fields,
            })),
        );
      return {
        model: model.name,
        table: model.table,
        foreignKeysCut: [...outgoing, ...incoming],
        becomesId: foreign
          .filter((relation) => relation.owning)
          .map((relation) => ({ field: relation.field, target: relation.target })),
        joinTables: [
          ...new Set(
            model.relations.flatMap((relation) =>
              relation.joinTable !== undefined ? [relation.joinTable] : [],
            ),
          ),
        ],
      };
    });
}
