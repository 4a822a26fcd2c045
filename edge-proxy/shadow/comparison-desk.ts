import type { Comparison, ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';
import {
  GeneratedMemory,
  GeneratedValues,
  isStateDiverged,
} from '../../migration-plans/compare/generated.ts';
import { compileRules, type RuleBook } from '../../migration-plans/compare/rules.ts';
import { type Aggregator, createAggregator } from '../../migration-plans/evidence/aggregator.ts';
import { isStructural } from '../../migration-plans/evidence/cluster.ts';
import type { EvidenceDelta } from '../../migration-plans/evidence/evidence.ts';
import { createExampler, type ExampleSource } from '../../migration-plans/evidence/example.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import { createRedactor, type Redactor } from '../../migration-plans/redact/redactor.ts';
import { type Confirmation, confirm, KnownNoise } from './confirmation.ts';
import { keepNewest } from './keyed-once.ts';

/** What is compared, and what is needed to tell of it. `left` is the answer that the user got from the monolith. */
export interface ComparisonJob extends ExampleSource {
  epoch: number;
  serviceVersion: string;
  routeId: string;
  /** A write: `right` is a sandbox's answer, whose ids, times and data are its own. */
  sandboxed: boolean;
  /** Of a write, as text, its beginning: what the client named itself. */
  requestBody: string | undefined;
  /** The noise probe: a second answer of the monolith. */
  probe: ShadowAnswer | undefined;
}

export type ToDesk =
  | { type: 'plan'; key: number; plan: Plan }
  | { type: 'compare'; id: number; planKey: number; job: ComparisonJob }
  | { type: 'confirm'; id: number; again: ShadowAnswer | undefined };

export interface FromDesk {
  id: number;
  /** Something differs that no noise probe has shown so far: the desk waits for `confirm`. False: it is filed. */
  suspicious: boolean;
}

export interface DeskOptions {
  edge: string;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** What a plan makes of comparing: compiled once. */
interface PlanTools {
  plan: Plan;
  rules: RuleBook;
  rulesSince: number;
  redactor: Redactor;
}

/** One run under way: its evidence, and which differences its noise probes have shown. */
interface Run {
  aggregator: Aggregator;
  noise: KnownNoise;
  /** Ids and the like that the sandbox has given. */
  generated: GeneratedMemory;
}

interface Waiting {
  tools: PlanTools;
  run: Run;
  job: ComparisonJob;
  first: Comparison;
}

/** Bounds: runs beyond are forgotten oldest first, after their evidence was drained. */
const MAX_RUNS = 256;
const MAX_WAITING = 1024;
/** Rules expire by the day; compiling them again every hour is soon enough. Milliseconds. */
const RULES_AGE_MS = 3_600_000;

/**
 * Compares answers and files what differs. Single-threaded and without I/O: `worker.ts` runs it in a thread of its own, tests run it
 * in place.
 */
export class ComparisonDesk {
  readonly #options: DeskOptions;
  readonly #plans = new Map<number, PlanTools>();
  readonly #runs = new Map<string, Run>();
  readonly #waiting = new Map<number, Waiting>();
  #leftover: EvidenceDelta[] = [];

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** The reply to a message; undefined: there is none. */
  handle(message: ToDesk): FromDesk | undefined {
    switch (message.type) {
      case 'plan':
        this.#addPlan(message.key, message.plan);
        return undefined;
      case 'compare':
        return { id: message.id, suspicious: this.#compare(message.id, message.planKey, message.job) };
      case 'confirm':
        this.#confirm(message.id, message.again);
        return { id: message.id, suspicious: false };
    }
  }

  /** What was measured since the last time. */
  drain(): EvidenceDelta[] {
    const deltas = this.#leftover;
    this.#leftover = [];
    for (const { aggregator } of this.#runs.values()) {
      const delta = aggregator.drain();
      if (delta !== undefined) deltas.push(delta);
    }
    return deltas;
  }

  /** Nobody is left who would confirm what waits. It is counted as lost by whoever sent it. */
  forgetWaiting(): void {
    this.#waiting.clear();
  }

  #addPlan(key: number, plan: Plan): void {
    const now = this.#options.now();
    keepNewest(this.#plans, key, {
      plan,
      rules: compileRules(plan, new Date(now)),
      rulesSince: now,
      redactor: createRedactor(plan.redact),
    });
  }

  #compare(id: number, planKey: number, job: ComparisonJob): boolean {
    const tools = this.#plans.get(planKey);
    if (tools === undefined) throw new Error(`plan ${planKey} was never sent to the worker`);
    this.#refreshRules(tools);
    const run = this.#runOf(tools.plan, job);
    if (job.sandboxed) {
      this.#compareWrite(tools, run, job);
      return false;
    }
    // The probe goes first: what it shows is known noise for the comparison beside it.
    if (job.probe !== undefined) {
      const probe = this.#compareWith(tools, job, job.left, job.probe);
      run.noise.learn(job.routeId, probe);
      this.#file(tools, run, job, probe, job.left, job.probe, 'probe');
    }
    const first = this.#compareWith(tools, job, job.left, job.right);
    this.#measure(run, job);
    if (first.equal || !run.noise.needsConfirmation(job.routeId, first)) {
      this.#file(tools, run, job, first, job.left, job.right, 'comparison');
      return false;
    }
    const oldest = this.#waiting.size >= MAX_WAITING ? this.#waiting.keys().next().value : undefined;
    if (oldest !== undefined) this.#confirm(oldest, undefined);
    this.#waiting.set(id, { tools, run, job, first });
    return true;
  }

  /** A write is sent to its sandbox once and to the monolith never again: it is compared as it is. */
  #compareWrite(tools: PlanTools, run: Run, job: ComparisonJob): void {
    const { left, right, routeId, method } = job;
    this.#measure(run, job);
    if (!('failure' in left) && !('failure' in right) && isStateDiverged(left.status, right.status)) {
      run.aggregator.dropped(routeId, 'state-diverged');
      return;
    }
    const comparison = compareAnswers(left, right, {
      rules: tools.rules.forRoute(routeId),
      method,
      generated: new GeneratedValues(run.generated, {
        route: routeId,
        request: `${job.url}\n${job.requestBody ?? ''}`,
      }),
    });
    // Traits and repeated values tell noise by its probes, of which there are none.
    this.#file(tools, run, job, { ...comparison, traits: [], values: [] }, left, right, 'comparison');
  }

  #measure({ aggregator }: Run, { routeId, left, right }: ComparisonJob): void {
    for (const [target, answer] of [
      ['monolith', left],
      ['service', right],
    ] as const) {
      const failed = 'failure' in answer || answer.status >= 500;
      aggregator.shadowLatency(routeId, target, { failed, ms: answer.totalMs });
    }
  }

  #confirm(id: number, again: ShadowAnswer | undefined): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    const { tools, run, job, first } = waiting;
    if (again === undefined) {
      // A difference in form decides the verdict: an unconfirmed one is counted as lost rather than as a difference.
      if (first.differences.some(isStructural)) run.aggregator.dropped(job.routeId, 'unconfirmed');
      else this.#file(tools, run, job, first, job.left, job.right, 'comparison');
      return;
    }
    const confirmed = this.#confirmed(tools, run, job, first, again);
    if ('inconclusive' in confirmed) run.aggregator.dropped(job.routeId, 'changed-meanwhile');
    else this.#file(tools, run, job, confirmed.comparison, job.left, job.right, 'comparison');
  }

  #confirmed(
    tools: PlanTools,
    run: Run,
    job: ComparisonJob,
    first: Comparison,
    again: ShadowAnswer,
  ): Confirmation {
    // A monolith that fails to answer now takes nothing back of what it said before.
    if ('failure' in again) return { comparison: first };
    const beforeAndNow = this.#compareWith(tools, job, job.left, again);
    const result = confirm(
      first,
      this.#compareWith(tools, job, again, job.right),
      beforeAndNow,
      (difference) => run.noise.has(job.routeId, difference),
    );
    run.noise.learn(job.routeId, beforeAndNow);
    return result;
  }

  #compareWith(tools: PlanTools, job: ComparisonJob, left: ShadowAnswer, right: ShadowAnswer): Comparison {
    return compareAnswers(left, right, { rules: tools.rules.forRoute(job.routeId), method: job.method });
  }

  #file(
    { redactor }: PlanTools,
    { aggregator }: Run,
    job: ComparisonJob,
    comparison: Comparison,
    left: ShadowAnswer,
    right: ShadowAnswer,
    lane: 'comparison' | 'probe',
  ): void {
    const { method, url, time, traceId } = job;
    aggregator[lane]({
      route: job.routeId,
      method,
      status: 'failure' in left ? 0 : left.status,
      comparison,
      bytes: sizeOf(left) + sizeOf(right),
      example: createExampler({ method, url, time, traceId, left, right }, redactor),
    });
    aggregator.redactions(redactor.takeCount());
  }

  #runOf(plan: Plan, job: ComparisonJob): Run {
    const key = JSON.stringify([plan.capability, job.epoch, job.serviceVersion]);
    let run = this.#runs.get(key);
    if (run === undefined) {
      const oldest = dropOldest(this.#runs, MAX_RUNS);
      const delta = oldest?.aggregator.drain();
      if (delta !== undefined) this.#leftover.push(delta);
      const { epoch, serviceVersion } = job;
      run = {
        aggregator: createAggregator({
          run: { capability: plan.capability, epoch, serviceVersion },
          edge: this.#options.edge,
          now: this.#options.now,
          routes: plan.routes.map((route) => route.id),
        }),
        noise: new KnownNoise(),
        generated: new GeneratedMemory(),
      };
      this.#runs.set(key, run);
    }
    return run;
  }

  #refreshRules(tools: PlanTools): void {
    const now = this.#options.now();
    if (now - tools.rulesSince < RULES_AGE_MS) return;
    tools.rules = compileRules(tools.plan, new Date(now));
    tools.rulesSince = now;
  }
}

function sizeOf(answer: ShadowAnswer): number {
  return 'failure' in answer ? 0 : answer.bodyBytes;
}

/** Makes room for one more; maps keep the order of insertion. */
function dropOldest<K, V>(map: Map<K, V>, limit: number): V | undefined {
  if (map.size < limit) return undefined;
  const oldest = map.entries().next().value;
  if (oldest === undefined) return undefined;
  map.delete(oldest[0]);
  return oldest[1];
}
