/** What stands in the way of a division, hardest first. */
import type { Obstacle, Spot } from '../model.ts';
import type { Findings } from './units.ts';

const ORDER: Obstacle['kind'][] = [
  'split-transaction',
  'cascade',
  'foreign-raw-sql',
  'join-table',
  'database-object',
  'shared-state',
];

/**
 * @param models names of the models inside
 * @param files files whose code is inside
 */
export function obstaclesOf(
  findings: Findings,
  models: ReadonlySet<string>,
  files: ReadonlySet<string>,
): Obstacle[] {
  const found: Obstacle[] = [];
  const add = (
    kind: Obstacle['kind'],
    message: string,
    evidence: Spot[],
    weight: Obstacle['weight'] = kind === 'shared-state' || kind === 'database-object' ? 'soft' : 'hard',
  ): void => {
    found.push({ kind, message, weight, evidence });
  };
  for (const transaction of findings.transactions) {
    const inside = transaction.models.filter((use) => models.has(use.name));
    const outside = transaction.models.filter((use) => !models.has(use.name));
    if (inside.length === 0 || outside.length === 0) continue;
    if (![...inside, ...outside].some((use) => use.access === 'write')) continue;
    const writes = (uses: typeof inside): boolean => uses.some((use) => use.access === 'write');
    const [changed, seen] = writes(inside) ? [inside, outside] : [outside, inside];
    add(
      'split-transaction',
      writes(seen)
        ? `one transaction changes ${names(inside)} and ${names(outside)}, which would be apart`
        : `the transaction that changes ${names(changed)} also reads ${names(seen)}, which would be apart`,
      [{ file: transaction.file, line: transaction.line }],
      writes(seen) ? 'hard' : 'soft',
    );
  }
  for (const model of findings.models) {
    for (const relation of model.relations) {
      const across = models.has(model.name) !== models.has(relation.target);
      if (!across) continue;
      const place = [{ file: model.file, line: model.line }];
      if (
        relation.owning &&
        (relation.onDelete === 'Cascade' ||
          relation.onDelete === 'SetNull' ||
          relation.onDelete === 'SetDefault')
      ) {
        const effect = relation.onDelete === 'Cascade' ? 'deletes' : 'clears the key of';
        if (relation.onDelete === 'Cascade')
          add(
            'cascade',
            `deleting a ${relation.target} ${effect} its ${model.name} rows by a database cascade`,
            place,
          );
      }
      if (relation.kind === 'many-to-many' && model.name < relation.target) {
        add(
          'join-table',
          `${model.name} and ${relation.target} are joined by the table ${relation.joinTable ?? '?'}, which one side must own`,
          place,
        );
      }
    }
  }
  const byTable = new Map(findings.models.map((model) => [model.table, model.name]));
  for (const raw of findings.rawSql) {
    const touched = raw.tables.flatMap((table) => table.model ?? []);
    const inside = touched.filter((name) => models.has(name));
    const outside = touched.filter((name) => !models.has(name));
    const codeInside = files.has(raw.file);
    if ((codeInside && outside.length > 0) || (!codeInside && inside.length > 0)) {
      const foreign = codeInside ? outside : inside;
      add(
        'foreign-raw-sql',
        `raw SQL ${codeInside ? 'of the capability' : 'elsewhere'} reaches ${[...new Set(foreign)].join(', ')}`,
        [{ file: raw.file, line: raw.line }],
      );
    }
  }
  for (const object of findings.database) {
    const sides = new Set(
      object.tables.flatMap((table) => byTable.get(table) ?? []).map((name) => models.has(name)),
    );
    const touches = object.tables.some((table) => models.has(byTable.get(table) ?? ''));
    if (sides.size === 2 || (touches && object.kind !== 'foreign-key' && object.kind !== 'index')) {
      add(
        'database-object',
        `the ${object.kind} ${object.name} exists only in a migration and involves ${object.tables.join(', ')}`,
        [{ file: object.file, line: object.line }],
      );
    }
  }
  const callersOutside = new Set(
    findings.graph.edges
      .filter((edge) => edge.kind === 'imports')
      .filter(
        (edge) => !files.has(edge.from.replace(/^module:/, '')) && files.has(edge.to.replace(/^module:/, '')),
      )
      .map((edge) => edge.to.replace(/^module:/, '')),
  );
  for (const use of findings.state) {
    if (!files.has(use.file) || !callersOutside.has(use.file)) continue;
    add(
      'shared-state',
      `the variable ${use.name} is kept in memory and its module is also used from outside`,
      [{ file: use.file, line: use.line }, ...use.writers.slice(0, 3)],
    );
  }
  return found.sort(
    (a, b) =>
      (a.weight === b.weight ? 0 : a.weight === 'hard' ? -1 : 1) ||
      ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) ||
      (a.message < b.message ? -1 : 1),
  );
}

function names(uses: { name: string }[]): string {
  return [...new Set(uses.map((use) => use.name))].join(', ');
}
