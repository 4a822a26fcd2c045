import type { Plan } from '../plan/plan.ts';

/** Where a capability stands now, in the order of a migration. */
export const PHASES = [
  /** All answers come from the monolith; nothing is mirrored. */
  'monolith',
  /** The monolith answers; copies of safe requests go to the service and the answers are compared. */
  'shadow',
  /** A share of reads is answered by the service. */
  'canary',
  /** The service answers all and owns the writes; the way back stays open. */
  'cutover',
  /** The way back is given up on purpose. */
  'retired',
] as const;
export type Phase = (typeof PHASES)[number];

/** Who answers a request. */
export type Target = 'monolith' | 'service';

export interface CapabilityState {
  phase: Phase;
  /** Share of reads that the service answers, in basis points; 0 outside canary and cutover. */
  weightBp: number;
  /** Who may write the capability's data. */
  owner: Target;
  /** Rises whenever earlier sticky pins and read-your-writes pins must no longer hold. */
  epoch: number;
  /** Everything to the monolith at once, whatever the phase. Only where the monolith can still answer. */
  killed: boolean;
  /** When this phase was entered, ISO 8601 in UTC. */
  since: string;
}

/** One immutable, numbered snapshot of all plans and phases, from which every edge compiles its routing table. */
export interface Revision {
  formatVersion: 1;
  number: number;
  parent: number | null;
  createdAt: string;
  actor: string;
  reason: string;
  plans: Record<string, Plan>;
  states: Record<string, CapabilityState>;
  /** SHA-256 (hex) of the canonical JSON of `plans` and `states`. */
  digest: string;
}

export type RevisionDraft = Pick<Revision, 'plans' | 'states' | 'actor' | 'reason'>;

/** A change of phase or plan, done or refused. Append-only: the audit trail. */
export interface Transition {
  id: number;
  at: string;
  /** The revision it produced, or, if refused, the one it was judged on. */
  revision: number;
  capability: string;
  command: 'apply' | 'shadow' | 'canary' | 'cutover' | 'rollback' | 'retire' | 'kill' | 'auto-rollback';
  from: { phase: Phase; weightBp: number; owner: Target } | null;
  to: { phase: Phase; weightBp: number; owner: Target } | null;
  outcome: 'done' | 'refused';
  actor: string;
  reason: string;
  /** What was measured when it was decided: the gate findings with their figures. */
  evidence: GateFinding[];
}

export type TransitionDraft = Omit<Transition, 'id' | 'at' | 'revision'>;

/** The judgement of one gate rule, with the figures it was made on. */
export interface GateFinding {
  /** Such as `canary.minCompared`. */
  rule: string;
  met: boolean;
  /** In plain words: what was required, what was seen, what would open it. */
  message: string;
  required: number;
  seen: number | null;
}
