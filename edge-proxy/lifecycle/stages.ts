/** Where an edge stands in its life, in order. */
export const STAGES = [
  /** Listening for nobody yet: the first revision is being loaded. */
  'starting',
  /** Serving. */
  'ready',
  /** Finishing what it has; load balancers are to look elsewhere. */
  'draining',
  /** Nothing is left running. */
  'closed',
] as const;
export type Stage = (typeof STAGES)[number];

/** Answer of a health endpoint: why it says what it says. */
export interface Health {
  ok: boolean;
  stage: Stage;
  /** In plain words, empty when all is well. */
  reasons: string[];
}

/** What readiness depends on. */
export interface ReadinessFacts {
  stage: Stage;
  /** What to serve was learnt from the state store or from the last good file, or there is no store at all. */
  revisionKnown: boolean;
  revision: number | null;
  broken: { number: number; message: string } | undefined;
  storeConfigured: boolean;
  storeConnected: boolean;
}

/**
 * Ready while requests are served as they should be. A store that is away or a revision that cannot be used do not make
 * a serving edge unready: it goes on with the last good revision, and taking the whole fleet out would be worse.
 */
export function readiness(facts: ReadinessFacts): Health {
  const reasons: string[] = [];
  let ok = facts.stage === 'ready';
  if (facts.stage === 'starting') reasons.push('the edge is starting');
  if (facts.stage === 'draining' || facts.stage === 'closed') reasons.push('the edge is draining');
  if (!facts.revisionKnown) {
    ok = false;
    reasons.push('the state store has not been reached yet and no last good revision is on disk');
  }
  if (facts.broken) {
    const kept = facts.revision === null ? 'nothing' : `revision ${facts.revision}`;
    reasons.push(`revision ${facts.broken.number} cannot be used (${facts.broken.message}); serving ${kept}`);
  }
  if (facts.storeConfigured && !facts.storeConnected && facts.revisionKnown) {
    reasons.push('the state store is away; serving the last good revision');
  }
  return { ok, stage: facts.stage, reasons };
}
