/** What symbols do when they run: which models they touch themselves, whom they call, and on whose behalf. */
import type { CallRecord, Invocation, RawRecord } from '../analysis/interpret/invocation.ts';
import { RawReader } from '../analysis/inventory/uses.ts';
import type { Access } from '../analysis/model.ts';
import type { DeepAnalysis } from '../analysis/pipeline.ts';
import type { ProjectSymbol, SymbolGraph } from './symbols.ts';

export interface ModelTouch {
  model: string;
  access: Access;
}

/** Which side's requests lead to a symbol. */
export interface Reach {
  invocations: Set<Invocation>;
  symbols: Set<ProjectSymbol>;
}

export class Behaviour {
  readonly #graph: SymbolGraph;
  readonly #raw: RawReader;
  readonly #deep = new Map<Invocation, ModelTouch[]>();

  constructor(analysis: DeepAnalysis, graph: SymbolGraph) {
    this.#graph = graph;
    this.#raw = new RawReader(analysis.run.vm);
  }

  /** Everything that running `roots` leads to, not going on below where `stop` says so. */
  reach(roots: readonly Invocation[], stop: (invocation: Invocation) => boolean = () => false): Reach {
    const invocations = new Set<Invocation>();
    const symbols = new Set<ProjectSymbol>();
    const stack = [...roots];
    while (stack.length > 0) {
      const next = stack.pop();
      if (next === undefined || invocations.has(next)) continue;
      invocations.add(next);
      const symbol = this.#graph.of(next);
      if (symbol !== undefined) symbols.add(symbol);
      if (stop(next)) continue;
      for (const call of next.calls.values()) stack.push(call.callee);
    }
    return { invocations, symbols };
  }

  /** Models that a raw statement touches. */
  raw(record: RawRecord): ModelTouch[] {
    return this.#raw.read(record);
  }

  /** Models that one evaluation touches in its own text. */
  own(invocation: Invocation): ModelTouch[] {
    const touched: ModelTouch[] = [...invocation.accesses.values()].map(({ model, access }) => ({
      model,
      access,
    }));
    for (const record of invocation.raw) touched.push(...this.#raw.read(record));
    return touched;
  }

  /** Models that it touches with all that it calls. */
  deep(invocation: Invocation): ModelTouch[] {
    let known = this.#deep.get(invocation);
    if (known === undefined) {
      const seen = new Map<string, ModelTouch>();
      for (const item of this.reach([invocation]).invocations) {
        for (const touch of this.own(item)) seen.set(`${touch.model}:${touch.access}`, touch);
      }
      known = [...seen.values()].sort((a, b) =>
        a.model < b.model ? -1 : a.model > b.model ? 1 : a.access < b.access ? -1 : 1,
      );
      this.#deep.set(invocation, known);
    }
    return known;
  }

  callsOf(invocation: Invocation): CallRecord[] {
    return [...invocation.calls.values()];
  }
}
