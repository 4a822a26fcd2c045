import type { Invocation, TransactionScope } from '../interpret/invocation.ts';
import type { Machine } from '../interpret/machine.ts';
import type { Access, Transaction } from '../model.ts';
import { type RawReader, spot } from './uses.ts';

/** Every transaction with the models that take part in it. */
export function transactionsOf(
  vm: Machine,
  raw: RawReader,
  invocations: readonly Invocation[],
): Transaction[] {
  const found = new Map<string, Transaction & { seen: Set<string> }>();
  const note = (scope: TransactionScope, model: string, access: Access): void => {
    const place = spot(vm, scope.place);
    const key = `${place.file}:${scope.place.node.start}`;
    let entry = found.get(key);
    if (entry === undefined) {
      entry = { ...place, kind: scope.kind, models: [], seen: new Set() };
      found.set(key, entry);
    }
    if (entry.seen.has(`${model}:${access}`)) return;
    entry.seen.add(`${model}:${access}`);
    entry.models.push({ name: model, access });
  };
  for (const invocation of invocations) {
    for (const access of invocation.accesses.values()) {
      if (access.transaction !== undefined) note(access.transaction, access.model, access.access);
    }
    for (const record of invocation.raw) {
      if (record.transaction === undefined) continue;
      for (const { model, access } of raw.read(record)) note(record.transaction, model, access);
    }
  }
  return [...found.values()]
    .map(({ seen: _seen, ...entry }) => ({
      ...entry,
      models: entry.models.sort((a, b) => (a.name < b.name ? -1 : 1)),
    }))
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
}
