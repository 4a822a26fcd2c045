import type { Place, RawRecord } from '../interpret/invocation.ts';
import type { Machine } from '../interpret/machine.ts';
import type { Access, Model, ModelUse, RawSql, Spot } from '../model.ts';
import { HOLE, tablesOf } from '../schema/sql.ts';
import type { Reached } from './reach.ts';

export function spot(vm: Machine, { module, node }: Place): Spot {
  return { file: module.source.name, line: vm.line(module, node) };
}

/** Reads raw statements: which models they touch, and which can't be read. */
export class RawReader {
  readonly #vm: Machine;
  readonly #byTable = new Map<string, Model>();
  readonly #parsed = new Map<string, { tables: RawSql['tables']; computed: boolean }>();
  readonly statements = new Map<string, RawSql>();

  constructor(vm: Machine) {
    this.#vm = vm;
    for (const model of vm.data.models.values()) {
      this.#byTable.set(model.table.toLowerCase(), model);
      for (const relation of model.relations) {
        if (relation.joinTable !== undefined) this.#byTable.set(relation.joinTable.toLowerCase(), model);
      }
    }
    // A model's own name counts where no table is called so.
    for (const model of vm.data.models.values()) {
      const name = model.name.toLowerCase();
      if (!this.#byTable.has(name)) this.#byTable.set(name, model);
    }
  }

  read(record: RawRecord): { model: string; access: Access }[] {
    const place = spot(this.#vm, record.place);
    const read = this.#tables(record.sql);
    const key = `${place.file}:${record.place.node.start}`;
    const known = this.statements.get(key);
    if (known === undefined) {
      const { tables, computed } = read;
      const statement: RawSql = {
        ...place,
        tables: [...tables],
        statement: record.sql.replaceAll(HOLE, '?').replace(/\s+/g, ' ').trim().slice(0, 240),
      };
      this.statements.set(key, statement);
      if (computed)
        this.#vm.unsettled('raw-sql', record.place, 'a table in the statement is chosen at run time');
      else if (tables.length === 0 && /\b(?:from|into|update|join|table)\b/i.test(record.sql)) {
        this.#vm.unsettled(
          'raw-sql',
          record.place,
          `no table could be read from: ${statement.statement.slice(0, 80)}`,
        );
      }
    } else {
      // The same statement with other parts put in.
      for (const table of read.tables) {
        if (!known.tables.some((item) => item.name === table.name && item.access === table.access))
          known.tables.push(table);
      }
    }
    return read.tables.flatMap(({ model, access }) => (model === undefined ? [] : [{ model, access }]));
  }

  #tables(sql: string): { tables: RawSql['tables']; computed: boolean } {
    let known = this.#parsed.get(sql);
    if (known === undefined) {
      const { tables, computed } = tablesOf(sql);
      known = {
        computed,
        tables: tables.map(({ name, access }) => {
          const model = this.#byTable.get(name.toLowerCase())?.name;
          return model === undefined ? { name, access } : { name, access, model };
        }),
      };
      this.#parsed.set(sql, known);
    }
    return known;
  }
}

/** The models that a set of evaluations touches, each way of touching once, with its first evidence. */
export function modelUses(vm: Machine, raw: RawReader, reached: Reached, via: ModelUse['via']): ModelUse[] {
  const uses = new Map<string, ModelUse>();
  const note = (name: string, access: Access, certain: boolean, place: Place): void => {
    const key = `${name}:${access}`;
    const known = uses.get(key);
    if (known === undefined) uses.set(key, { name, access, via, certain, evidence: spot(vm, place) });
    else if (certain && !known.certain) {
      known.certain = true;
      known.evidence = spot(vm, place);
    }
  };
  for (const access of reached.accesses) note(access.model, access.access, access.certain, access.place);
  for (const record of reached.raw)
    for (const { model, access } of raw.read(record)) note(model, access, true, record.place);
  return [...uses.values()].sort(byUse);
}

export function byUse(a: ModelUse, b: ModelUse): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : a.access < b.access ? -1 : a.access > b.access ? 1 : 0;
}
