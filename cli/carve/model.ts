/** What a carve would do: plain data, complete before anything is written. */
import type { Spot } from '../analysis/model.ts';

export interface SymbolPlan {
  /** Names it declares, or `statement` for one that declares nothing. */
  name: string;
  kind: string;
  file: string;
  line: number;
  endLine: number;
  why: string;
}

export interface CopiedSymbol extends SymbolPlan {
  /** Digest of the text that was copied; a later check compares it with the monolith's. */
  digest: string;
  as: 'shared-code' | 'client' | 'middleware';
}

export interface RemotePort {
  name: string;
  file: string;
  line: number;
  /** Who calls whom over the network. */
  direction: 'service-to-monolith' | 'monolith-to-service';
  parameters: string[];
  models: { name: string; access: 'read' | 'write' }[];
  /** Called in a loop: one call for many rows is needed. */
  batch: boolean;
  callers: Spot[];
  why: string;
}

export interface TablePlan {
  model: string;
  table: string;
  foreignKeysCut: { from: string; field: string; to: string; columns: string[] }[];
  /** Relations of which only the identifier stays. */
  becomesId: { field: string; target: string }[];
  joinTables: string[];
}

export interface Refusal {
  file: string;
  line: number;
  kind: string;
  reason: string;
  /** The entry of the decisions file that would resolve it, as `key: option | option`. */
  decision: string;
  key: string;
  options: string[];
}

export interface ResolvedRefusal extends Refusal {
  chosen: string;
  because: string;
}

export interface CarvePlan {
  version: 1;
  capability: string;
  routes: { method: string; path: string; file: string; line: number }[];
  moved: SymbolPlan[];
  copied: CopiedSymbol[];
  remote: RemotePort[];
  stays: SymbolPlan[];
  tables: TablePlan[];
  refusals: Refusal[];
  resolved: ResolvedRefusal[];
  /** Entries of the decisions file that no refusal asks for any more. */
  staleDecisions: string[];
  dependencies: string[];
}
