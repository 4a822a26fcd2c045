/** Refusals for queries that cross the boundary. */
import type { AccessRecord, Invocation } from '../../analysis/interpret/invocation.ts';
import type { Access } from '../../analysis/model.ts';
import { type Fated, runsOf } from '../fates.ts';
import type { Slice } from '../slice/slice.ts';
import type { ProjectSymbol } from '../symbols.ts';
import { canStay, type Draft, KEEP, SHARED } from './draft.ts';

interface Query {
  model: string;
  access: Access;
  operation: string;
  file: string;
  line: number;
  inTransaction: boolean;
}

/** Queries in a symbol's own text, those in raw SQL included. */
export function queriesOf(
  slice: Slice,
  symbol: ProjectSymbol,
  counts: (run: Invocation) => boolean = () => true,
): Query[] {
  const { vm } = slice.deep.run;
  return runsOf(slice, symbol)
    .filter(counts)
    .flatMap((run) => {
      const place = (item: { place: AccessRecord['place'] }): { file: string; line: number } => ({
        file: item.place.module.source.name,
        line: vm.line(item.place.module, item.place.node),
      });
      return [
        ...[...run.accesses.values()].map((item) => ({
          model: item.model,
          access: item.access,
          operation: item.operation,
          inTransaction: item.transaction !== undefined,
          ...place(item),
        })),
        ...run.raw.flatMap((item) =>
          slice.behaviour.raw(item).map((touch) => ({
            ...touch,
            operation: 'raw SQL',
            inTransaction: item.transaction !== undefined,
            ...place(item),
          })),
        ),
      ];
    });
}

function verb(access: Access): string {
  return access === 'read' ? 'reads' : 'writes';
}

/** Queries of taken code on models that stay. */
export function foreignQueries(slice: Slice, fates: ReadonlyMap<ProjectSymbol, Fated>): Draft[] {
  const asked = new Set(
    slice.routes.flatMap((route) =>
      [...route.ownInvocations, ...route.inheritedInvocations].flatMap((item) => slice.graph.of(item) ?? []),
    ),
  );
  return [...slice.taken].flatMap((symbol): Draft[] => {
    if (fates.get(symbol)?.fate === 'middleware' || asked.has(symbol)) return [];
    const options = canStay(slice, symbol) ? [SHARED, KEEP] : [SHARED];
    return queriesOf(slice, symbol)
      .filter((query) => !slice.owned.has(query.model))
      .map(({ model, access, operation, file, line }) => {
        const joined = / of (\w+)$/.exec(operation)?.[1];
        const spans = joined !== undefined && slice.owned.has(joined);
        return {
          kind: spans ? 'joined-query' : 'foreign-access',
          subject: `${symbol.id}:${model}:${access}`,
          file,
          line,
          reason: spans
            ? `a query on ${joined} also ${verb(access)} ${model}, which stays in the monolith`
            : `${symbol.id} would move but ${verb(access)} ${model}, which stays`,
          options,
          keeps: symbol.id,
        };
      });
  });
}

/** Queries of code that stays, or of which only a copy goes, on models that move. */
export function ownedQueries(slice: Slice, fates: ReadonlyMap<ProjectSymbol, Fated>): Draft[] {
  const elsewhere = runsForOthers(slice, fates);
  return slice.graph.all.flatMap((symbol): Draft[] => {
    const staysToo = fates.get(symbol)?.staysToo === true;
    if (slice.taken.has(symbol) && !staysToo) return [];
    return queriesOf(slice, symbol, staysToo ? (run) => elsewhere.has(run) : undefined)
      .filter((query) => slice.owned.has(query.model))
      .map(({ model, access, operation, file, line }) => {
        const joined = / of (\w+)$/.exec(operation)?.[1];
        const spans = joined !== undefined && !slice.owned.has(joined);
        const stays = staysToo ? 'goes on running in the monolith as well' : 'stays';
        return {
          kind: spans ? 'joined-query' : 'owned-access',
          subject: `${symbol.id}:${model}:${access}`,
          file,
          line,
          reason: spans
            ? `a query on ${joined}, which stays in the monolith, also ${verb(access)} ${model}, which moves`
            : `${symbol.id} ${stays} but ${verb(access)} ${model}, which moves`,
          options: [SHARED],
        };
      });
  });
}

/** What runs in the monolith for routes, jobs and listeners of others, not going on in what moves: that is called. */
function runsForOthers(slice: Slice, fates: ReadonlyMap<ProjectSymbol, Fated>): ReadonlySet<Invocation> {
  const { run } = slice.deep;
  const roots = [
    ...run.routes
      .filter((route) => !slice.routes.includes(route))
      .flatMap((route) => [...route.handled, ...route.ownInvocations, ...route.inheritedInvocations]),
    ...run.entries.filter((entry) => !slice.entries.includes(entry)).map(({ invocation }) => invocation),
  ];
  const moves = (invocation: Invocation): boolean => {
    const symbol = slice.graph.of(invocation);
    return symbol !== undefined && fates.get(symbol)?.fate === 'moved';
  };
  return slice.behaviour.reach(roots, moves).invocations;
}
