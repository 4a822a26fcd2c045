import { jsonpath } from 'json-p3';
import type { CapturedAnswer, Comparison } from '../../../migration-plans/compare/answer.ts';
import type { DifferenceCluster } from '../../../migration-plans/evidence/evidence.ts';

export type ReplayOutcome = 'fixed' | 'still different' | 'cannot tell';

export interface ReplayJudgement {
  outcome: ReplayOutcome;
  why: string;
}

/**
 * What a repeated comparison says of one cluster. That a difference is not there is only good news where the monolith's answer still
 * holds what it was about: without the user's session it may be a redirect to the login on both sides.
 */
export function judgeReplay(
  cluster: Pick<DifferenceCluster, 'path' | 'kind' | 'shape'>,
  monolith: CapturedAnswer,
  comparison: Comparison,
): ReplayJudgement {
  const here = comparison.differences.filter(({ path }) => path === cluster.path);
  const same = here.find(({ kind, shape }) => kind === cluster.kind && shape === cluster.shape);
  const found = same ?? here[0];
  if (found !== undefined)
    return {
      outcome: 'still different',
      why: `${found === same ? '' : `in another way: ${found.kind} ${found.shape}, `}${found.left ?? 'absent'} ↔ ${found.right ?? 'absent'}`,
    };
  if (comparison.omitted > 0) return { outcome: 'cannot tell', why: 'more differs than could be listed' };
  const status = comparison.differences.find(({ kind }) => kind === 'status' || kind === 'failure');
  if (status !== undefined) return { outcome: 'still different', why: `now in status: ${status.shape}` };
  if ([401, 403].includes(monolith.status) || (monolith.status >= 300 && monolith.status < 400))
    return {
      outcome: 'cannot tell',
      why: `the monolith answers ${monolith.status} without the user's credentials`,
    };
  if (cluster.path.startsWith('$') && cluster.kind !== 'extra' && !holds(monolith, cluster.path))
    return { outcome: 'cannot tell', why: "the monolith's answer no longer holds it" };
  return { outcome: 'fixed', why: comparison.equal ? 'the answers agree' : 'it no longer differs' };
}

function holds({ body }: CapturedAnswer, path: string): boolean {
  try {
    const value = JSON.parse(Buffer.from(body ?? []).toString()) as Parameters<typeof jsonpath.query>[1];
    return jsonpath.query(path, value).nodes.length > 0;
  } catch {
    // No JSON: CSV, or another answer altogether. What cannot be read is no proof.
    return false;
  }
}
