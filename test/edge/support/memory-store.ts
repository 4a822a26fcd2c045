import { StranglerError } from '../../../migration-plans/errors.ts';
import type { EvidenceDelta } from '../../../migration-plans/evidence/evidence.ts';
import type { ObservationDelta } from '../../../migration-plans/observe/observation.ts';
import type { Revision } from '../../../migration-plans/revision/revision.ts';
import type { EdgeReport, StateStore } from '../../../migration-plans/state-store/port.ts';

/** A state store in memory that can be switched off, for tests of what the edge does with one. */
export class MemoryStore
  implements
    Pick<
      StateStore,
      | 'head'
      | 'headNumber'
      | 'revision'
      | 'watch'
      | 'reportEdge'
      | 'removeEdge'
      | 'addEvidence'
      | 'addObservations'
      | 'close'
    >
{
  away = false;
  readonly revisions: Revision[] = [];
  readonly reports = new Map<string, EdgeReport>();
  readonly removed: string[] = [];
  readonly evidence: EvidenceDelta[] = [];
  readonly observations: ObservationDelta[] = [];
  readonly #watchers = new Set<(number: number) => void>();

  /** As the edge takes it. What the edge never calls is missing on purpose. */
  asStore(): StateStore {
    return this as unknown as StateStore;
  }

  publish(revision: Revision): void {
    this.revisions.push(revision);
    for (const notify of this.#watchers) notify(revision.number);
  }

  async head(): Promise<Revision | null> {
    this.#reach();
    return this.revisions.at(-1) ?? null;
  }

  async headNumber(): Promise<number | null> {
    this.#reach();
    return this.revisions.at(-1)?.number ?? null;
  }

  async revision(number: number): Promise<Revision | null> {
    this.#reach();
    return this.revisions.find((revision) => revision.number === number) ?? null;
  }

  async watch(onRevision: (number: number) => void): Promise<() => Promise<void>> {
    this.#reach();
    this.#watchers.add(onRevision);
    return async () => {
      this.#watchers.delete(onRevision);
    };
  }

  async reportEdge(report: EdgeReport): Promise<void> {
    this.#reach();
    this.reports.set(report.id, report);
  }

  async removeEdge(id: string): Promise<void> {
    this.#reach();
    this.reports.delete(id);
    this.removed.push(id);
  }

  async addEvidence(deltas: EvidenceDelta[]): Promise<void> {
    this.#reach();
    this.evidence.push(...structuredClone(deltas));
  }

  async addObservations(deltas: ObservationDelta[]): Promise<void> {
    this.#reach();
    this.observations.push(...structuredClone(deltas));
  }

  async close(): Promise<void> {}

  #reach(): void {
    if (this.away) throw new StranglerError('STORE_UNREACHABLE', 'The state store is away.');
  }
}
