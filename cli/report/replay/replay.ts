import { MirrorClient } from '../../../edge-proxy/shadow/mirror-client.ts';
import { mirrorHeaders } from '../../../edge-proxy/shadow/mirror-headers.ts';
import { ByteBudget } from '../../../edge-proxy/shadow/queue.ts';
import { compareAnswers } from '../../../migration-plans/compare/compare.ts';
import { compileRules } from '../../../migration-plans/compare/rules.ts';
import type { DifferenceCluster, DifferenceExample } from '../../../migration-plans/evidence/evidence.ts';
import type { Plan } from '../../../migration-plans/plan/plan.ts';
import { judgeReplay, type ReplayOutcome } from './judge-replay.ts';
import { whyNotSendable } from './sendable.ts';

export interface Replayed {
  cluster: string;
  method: string;
  url: string;
  outcome: ReplayOutcome | 'not sent';
  why: string;
}

export interface ReplayOptions {
  plan: Plan;
  /** `http://host:port` of both sides. */
  origins: { monolith: string; service: string };
  now: Date;
  signal: AbortSignal;
}

/** Answers held at a time, both sides together. Bytes. */
const HELD = 64 * 1024 * 1024;

/** Sends the clusters' examples again, one after the other, to both sides at once, and compares as the edges do. */
export async function replay(
  clusters: readonly DifferenceCluster[],
  options: ReplayOptions,
): Promise<Replayed[]> {
  const client = new MirrorClient({ connectionsPerOrigin: 2, budget: new ByteBudget(HELD) });
  try {
    const results: Replayed[] = [];
    for (const cluster of clusters)
      for (const example of cluster.examples)
        results.push(await replayOne(client, cluster, example, options));
    return results;
  } finally {
    await client.close();
  }
}

async function replayOne(
  client: MirrorClient,
  cluster: DifferenceCluster,
  { method, url }: DifferenceExample,
  { plan, origins, now, signal }: ReplayOptions,
): Promise<Replayed> {
  const about = { cluster: cluster.id, method, url };
  const not = whyNotSendable({ method, url });
  if (not !== undefined) return { ...about, outcome: 'not sent', why: not };
  // One name for both, as the edge does it: what is built from it must not differ for that alone.
  const headers = ['Host', new URL(origins.monolith).host, 'Accept', '*/*'];
  const send = (target: 'monolith' | 'service') =>
    client.send(
      {
        origin: origins[target],
        method,
        url,
        headers: mirrorHeaders(headers, target, plan.shadow.headers[target]),
        maxBodyBytes: plan.shadow.maxBodyBytes,
        timeoutMs: plan.shadow.timeoutMs,
      },
      signal,
    );
  const [left, right] = await Promise.all([send('monolith'), send('service')]);
  if ('failure' in left)
    return { ...about, outcome: 'cannot tell', why: `the monolith did not answer (${left.message})` };
  if ('failure' in right && cluster.kind !== 'failure')
    return { ...about, outcome: 'cannot tell', why: `the service did not answer (${right.message})` };
  const comparison = compareAnswers(left, right, {
    method,
    rules: compileRules(plan, now).forRoute(cluster.route),
  });
  return { ...about, ...judgeReplay(cluster, left, comparison) };
}
