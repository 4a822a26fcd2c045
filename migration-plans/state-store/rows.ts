import { atOnce } from '../in-steps.ts';
import { canonicalJson, textDigestSteps } from '../revision/digest.ts';
import { parseMembers } from '../revision/json-members.ts';
import type { Revision, Transition, TransitionDraft } from '../revision/revision.ts';
import { readRevisionSteps } from '../revision/validate.ts';
import { corruptError } from './failures.ts';
import type { EdgeLease, EdgeReport } from './port.ts';

/** Rows as the database holds them, and back. Whatever comes from there is checked: others can write to a database too. */
export interface RevisionRow {
  number: number;
  parent: number | null;
  formatVersion: number;
  createdAt: Date;
  actor: string;
  reason: string;
  plans: string;
  states: string;
  digest: string;
}

/** In steps of one plan: an edge reads revisions while it answers requests. */
export function* toRevisionSteps(row: RevisionRow): Generator<void, Revision> {
  const what = `revision ${row.number}`;
  const value = {
    ...row,
    createdAt: row.createdAt.toISOString(),
    plans: yield* objectSteps(row.plans, what),
    states: yield* objectSteps(row.states, what),
  };
  const read = yield* readRevisionSteps(value, yield* textDigestSteps(row.plans, row.states));
  if ('problem' in read) throw corruptError(what, read.problem);
  return read.revision;
}

export function fromRevision(revision: Omit<Revision, 'createdAt'>): Omit<RevisionRow, 'createdAt'> {
  return {
    number: revision.number,
    parent: revision.parent,
    formatVersion: 1,
    actor: storable(revision.actor),
    reason: storable(revision.reason),
    plans: canonicalJson(revision.plans),
    states: canonicalJson(revision.states),
    digest: revision.digest,
  };
}

export interface TransitionRow {
  id: number;
  at: Date;
  revision: number;
  capability: string;
  command: string;
  outcome: string;
  actor: string;
  reason: string;
  detail: string;
}

export function fromTransition(draft: TransitionDraft, revision: number): Omit<TransitionRow, 'id' | 'at'> {
  const { capability, command, outcome, actor, reason, from, to, evidence } = draft;
  return {
    revision,
    capability: storable(capability),
    command,
    outcome,
    actor: storable(actor),
    reason: storable(reason),
    detail: canonicalJson({ from, to, evidence }),
  };
}

export function toTransition(row: TransitionRow): Transition {
  const detail = parseObject(row.detail, `transition ${row.id}`) as Pick<
    Transition,
    'from' | 'to' | 'evidence'
  >;
  return {
    id: row.id,
    at: row.at.toISOString(),
    revision: row.revision,
    capability: row.capability,
    command: row.command as Transition['command'],
    outcome: row.outcome as Transition['outcome'],
    actor: row.actor,
    reason: row.reason,
    from: detail.from ?? null,
    to: detail.to ?? null,
    evidence: Array.isArray(detail.evidence) ? detail.evidence : [],
  };
}

export interface LeaseRow {
  report: string;
  last_seen: Date;
  live: boolean;
}

export function toLease(row: LeaseRow): EdgeLease {
  const report = parseObject(row.report, 'the report of an edge') as unknown as EdgeReport;
  return { ...report, lastSeen: row.last_seen.toISOString(), live: row.live };
}

/** PostgreSQL has no U+0000 in text; a person's reason may. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd').toWellFormed();
}

export function parseObject(text: string, what: string): Record<string, unknown> {
  return atOnce(objectSteps(text, what));
}

function* objectSteps(text: string, what: string): Generator<void, Record<string, unknown>> {
  let value: unknown;
  try {
    value = yield* parseMembers(text);
  } catch {
    throw corruptError(what, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw corruptError(what, 'it is not a JSON object');
  return value as Record<string, unknown>;
}
