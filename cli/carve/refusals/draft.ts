/** What a refusal is made from, and what all of them ask. */
import type { Invocation } from '../../analysis/interpret/invocation.ts';
import { isClient } from '../fates.ts';
import type { Refusal } from '../model.ts';
import { calledParameter, portForm } from '../slice/port-form.ts';
import type { Slice } from '../slice/slice.ts';
import type { ProjectSymbol } from '../symbols.ts';

/** A refusal with what its choices would change in the slice. */
export interface Draft extends Omit<Refusal, 'key' | 'decision'> {
  /** What tells two refusals of a kind apart, stable when lines shift. */
  subject: string;
  /** The function that `keep-in-monolith` keeps there. */
  keeps?: string;
  /** The function that `shared-database` takes along. */
  takes?: string;
  /** The statement, as `file:line`, that `only-monolith` leaves out. */
  drops?: string;
  /** The middleware that `ask-monolith` replaces. */
  asks?: Invocation;
}

export type FullRefusal = Refusal & Omit<Draft, 'subject'>;

export const SHARED = 'shared-database';
export const KEEP = 'keep-in-monolith';

/** Whether a function can stay in the monolith and be called: not what answers requests, puts the application together, or is handed a callback. */
export function canStay(slice: Slice, symbol: ProjectSymbol): boolean {
  const handlers = slice.routes.flatMap((route) =>
    [...route.handled, ...route.ownInvocations, ...route.inheritedInvocations].map((item) =>
      slice.graph.of(item),
    ),
  );
  const form = portForm(symbol);
  return (
    form !== undefined &&
    calledParameter(form.func) === undefined &&
    !handlers.includes(symbol) &&
    !(slice.invocations.get(symbol) ?? []).some((run) => run.boot) &&
    !isClient(symbol)
  );
}

export function symbolAt(slice: Slice, file: string, line: number): ProjectSymbol | undefined {
  return slice.graph.all.find(
    (item) => item.module.source.name === file && item.symbol.line <= line && line <= item.symbol.endLine,
  );
}
