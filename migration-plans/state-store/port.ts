import type { EvidenceDelta, EvidenceFilter, EvidenceSummary } from '../evidence/evidence.ts';
import type { ObservationDelta, ObservationFilter, Observations } from '../observe/observation.ts';
import type { Revision, RevisionDraft, Transition, TransitionDraft } from '../revision/revision.ts';

/** What an edge says of itself, every few seconds, under a lease that runs out when it is gone. */
export interface EdgeReport {
  id: string;
  /** Revision it serves from; null: none loaded, everything goes to the monolith. */
  revision: number | null;
  digest: string | null;
  /** Where it listens, for people: `http://127.0.0.1:8080`. */
  url: string;
  adminUrl: string;
  startedAt: string;
  draining: boolean;
  /** What the edge sees of each capability's service right now. */
  services: { capability: string; endpoints: number; healthy: number; versions: string[] }[];
}

export interface EdgeLease extends EdgeReport {
  lastSeen: string;
  /** False once the lease has run out. */
  live: boolean;
}

/**
 * The state store. One implementation on PostgreSQL (`postgres.ts`); callers know only this.
 * Methods reject with `StranglerError` `STORE_UNREACHABLE` when the database is away and never hang:
 * each has a time limit given when the store is opened.
 */
export interface StateStore {
  /** The newest revision; null: nothing was ever applied. */
  head(): Promise<Revision | null>;
  /** Number of the newest revision alone: what edges poll, so that nothing large is read every few seconds. */
  headNumber(): Promise<number | null>;
  revision(number: number): Promise<Revision | null>;
  /**
   * Publishes the next revision if `expectedParent` is still the head (compare-and-swap), with its transitions, in one transaction,
   * then notifies all watchers. Rejects with `REVISION_CONFLICT` (exit code 5) otherwise.
   */
  publish(
    draft: RevisionDraft,
    expectedParent: number | null,
    transitions: TransitionDraft[],
  ): Promise<Revision>;
  /** Records a transition that was refused; publishes nothing. */
  recordRefusal(transition: TransitionDraft): Promise<void>;
  /** Newest first. */
  history(filter: { capability?: string; limit?: number }): Promise<Transition[]>;
  /**
   * Calls back with the number of each published revision. A notification can be lost (reconnect): watchers poll as well.
   * Reconnects by itself with bounded backoff; `onState` tells whether it is connected.
   */
  watch(
    onRevision: (number: number) => void,
    onState?: (connected: boolean) => void,
  ): Promise<() => Promise<void>>;
  /** Renews the lease of an edge. `leaseMs` from now, by the database's clock. */
  reportEdge(report: EdgeReport, leaseMs: number): Promise<void>;
  /** Ends the lease at once (a clean stop). */
  removeEdge(id: string): Promise<void>;
  /** All edges seen in the last hour, live ones first. */
  edges(): Promise<EdgeLease[]>;
  /** Adds what was measured. All counts are additive, so that edges need no coordination. Rows are bounded by merging. */
  addEvidence(deltas: EvidenceDelta[]): Promise<void>;
  /** Everything measured about a capability, merged over edges. */
  evidence(filter: EvidenceFilter): Promise<EvidenceSummary>;
  /** Adds what edges saw of the traffic, with or without plans. Additive and bounded, as evidence is. */
  addObservations(deltas: ObservationDelta[]): Promise<void>;
  /** Everything that was seen, merged over edges and time. */
  observations(filter: ObservationFilter): Promise<Observations>;
  close(): Promise<void>;
}
