import type { EvidenceDelta } from '../../migration-plans/evidence/evidence.ts';
import { emptyEvidence, emptyFunnel } from '../../migration-plans/evidence/merge.ts';
import type { RevisionDraft, TransitionDraft } from '../../migration-plans/revision/revision.ts';
import type { EdgeReport } from '../../migration-plans/state-store/port.ts';
import { plan, state } from '../routing/plans.ts';

export function draft(reason = 'test'): RevisionDraft {
  return {
    plans: { reviews: plan('reviews', ['GET /reviews/:id']) },
    states: { reviews: state() },
    actor: 'ann@example.com',
    reason,
  };
}

export function transition(reason = 'test', extra: Partial<TransitionDraft> = {}): TransitionDraft {
  return {
    capability: 'reviews',
    command: 'apply',
    from: null,
    to: { phase: 'monolith', weightBp: 0, owner: 'monolith' },
    outcome: 'done',
    actor: 'ann@example.com',
    reason,
    evidence: [{ rule: 'canary.minCompared', met: true, message: '1 of 1', required: 1, seen: 1 }],
    ...extra,
  };
}

export function edge(id: string, extra: Partial<EdgeReport> = {}): EdgeReport {
  return {
    id,
    revision: 1,
    digest: 'd',
    url: 'http://127.0.0.1:8080',
    adminUrl: 'http://127.0.0.1:9901',
    startedAt: '2026-01-01T00:00:00.000Z',
    draining: false,
    services: [{ capability: 'reviews', endpoints: 2, healthy: 1, versions: ['1.0.0'] }],
    ...extra,
  };
}

export function delta(
  edgeId: string,
  compared: number,
  extra: Partial<EvidenceDelta['run']> = {},
): EvidenceDelta {
  return {
    ...emptyEvidence(),
    run: { capability: 'reviews', epoch: 1, serviceVersion: '1.0.0', ...extra },
    edge: edgeId,
    from: '2026-01-01T00:00:00.000Z',
    to: '2026-01-01T00:00:05.000Z',
    funnel: { 'GET /reviews/:id': { ...emptyFunnel(), eligible: compared, compared } },
  };
}
