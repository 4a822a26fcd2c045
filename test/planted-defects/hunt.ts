import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { createShadow, type ShadowStats } from '../../edge-proxy/shadow/pipeline.ts';
import type { EvidenceDelta } from '../../migration-plans/evidence/evidence.ts';
import { summarise } from '../../migration-plans/evidence/merge.ts';
import { isFinding, type Judgement, judge } from '../../migration-plans/gates/verdict.ts';
import { loadPlans } from '../../migration-plans/plan/load.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import { compileTable } from '../../migration-plans/routing/compile.ts';
import type { CompiledRoute, RoutingTable } from '../../migration-plans/routing/table.ts';
import { startBrokenCopy } from './broken-copy.ts';
import type { Defect, PlantedDefect } from './defects.ts';
import type { SampleShop } from './shop.ts';
import { type Read, readsOf, seeded } from './traffic.ts';

/** The sample's own plan. */
export async function samplePlan(): Promise<Plan> {
  const { plans } = await loadPlans(join(import.meta.dirname, '../../migration-plans'));
  return plans.reviews!;
}

export interface HuntOptions {
  plan: Plan;
  /** Reads at most. */
  reads: number;
  /** Undefined: the service as it is. */
  planted?: PlantedDefect;
  seed?: number;
  /** Further reads after the defect was found, to see that it stays so. */
  after?: number;
}

export interface Hunt {
  judgement: Judgement;
  stats: ShadowStats;
  reads: number;
  /** Answers that the defect has changed. */
  changed: number;
  /** Reads after which the defect was a finding; undefined: it never was. */
  foundAfter: number | undefined;
  /** Place of the defect among all clusters, from 1. */
  rank: number | undefined;
  /** Clusters of noise that stand above it. */
  noiseAbove: number;
  /** Findings that are neither the defect nor what follows from it. */
  false: string[];
}

/** Between two looks at the evidence. */
const LOOK_EVERY = 25;
const CONCURRENCY = 8;
/** Reads between two votes, which change what both sides answer. */
const VOTE_EVERY = 10;

/** Lets people read through a real shadow pipeline, the service being broken as told, and judges what it has measured. */
export async function hunt(shop: SampleShop, options: HuntOptions): Promise<Hunt> {
  const { plan, planted, seed = 1, after = 100 } = options;
  const unbroken: Defect = () => () => undefined;
  const copy = await startBrokenCopy(shop.service, planted?.plant ?? unbroken);
  const deltas: EvidenceDelta[] = [];
  const chance = seeded(seed);
  const shadow = createShadow({
    edge: 'edge-1',
    monolithUrl: shop.monolith,
    pickEndpoint: () => ({
      id: 'copy',
      host: '127.0.0.1',
      port: copy.port,
      secure: false,
      version: '1',
      healthy: true,
    }),
    endpointsOf: () => [],
    versionOf: () => '1',
    sink: { add: (delta) => void deltas.push(delta), flush: async () => undefined },
    flushMs: 3_600_000,
    // How fast this machine is must not decide what is found.
    limits: { maxAgeMs: 60_000, confirmationsPerSecond: 10_000 },
    random: seeded(seed + 1),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const table = tableOf(plan);
  const next = readsOf(shop, chance);
  let reads = 0;
  let foundAfter: number | undefined;
  let result: Hunt | undefined;
  try {
    while (reads < options.reads && (foundAfter === undefined || reads < foundAfter + after)) {
      const batch = Array.from({ length: LOOK_EVERY }, next);
      reads += batch.length;
      const votes = Math.floor(LOOK_EVERY / VOTE_EVERY);
      for (let i = 0; i < votes; i++) await vote(shop, chance);
      const queue = [...batch];
      const reader = async (): Promise<void> => {
        for (let read = queue.pop(); read !== undefined; read = queue.pop()) {
          const route = table.match(read.method, read.url);
          await readAs(shop.monolith, read, route, shadow, agent);
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, reader));
      await settled(shadow);
      await shadow.flush();
      const summary = summarise(plan.capability, deltas);
      result = assess(judge(plan, summary), planted, {
        reads,
        stats: shadow.stats(),
        changed: copy.changed(),
      });
      if (foundAfter === undefined && result.foundAfter !== undefined) foundAfter = reads;
    }
  } finally {
    await shadow.close(0);
    agent.destroy();
    await copy.stop();
  }
  return { ...result!, foundAfter };
}

function assess(
  judgement: Judgement,
  planted: PlantedDefect | undefined,
  { reads, stats, changed }: Pick<Hunt, 'reads' | 'stats' | 'changed'>,
): Hunt {
  const name = ({ cluster }: Judgement['clusters'][number]): string => `${cluster.kind} ${cluster.path}`;
  const findings = judgement.clusters.filter(isFinding);
  const index = judgement.clusters.findIndex((entry) => isFinding(entry) && planted?.is.test(name(entry)));
  const above = index < 0 ? judgement.clusters : judgement.clusters.slice(0, index);
  return {
    judgement,
    stats,
    reads,
    changed,
    foundAfter: index < 0 ? undefined : reads,
    rank: index < 0 ? undefined : index + 1,
    noiseAbove: above.filter((entry) => entry.class === 'noise').length,
    false: findings
      .filter((entry) => !planted?.is.test(name(entry)) && !planted?.follows?.test(name(entry)))
      .map((entry) => `${entry.cluster.route}: ${name(entry)} ${entry.cluster.shape}`),
  };
}

/** A user's read, which the monolith answers and the pipeline follows. */
function readAs(
  monolith: string,
  read: Read,
  route: CompiledRoute | undefined,
  shadow: ReturnType<typeof createShadow>,
  agent: Agent,
): Promise<void> {
  const { hostname, port } = new URL(monolith);
  const capture =
    route &&
    shadow.begin({
      route,
      method: read.method,
      url: read.url,
      rawHeaders: read.headers,
      bucket: 0,
      peer: { address: '192.0.2.1', encrypted: false, trusted: false },
      traceId: undefined,
    });
  const headers = [...read.headers, 'X-Forwarded-For', '192.0.2.1', 'X-Forwarded-Host', 'shop.example'];
  return new Promise((done, fail) => {
    const sent = httpRequest(
      { hostname, port, method: read.method, path: read.url, headers, agent },
      (answer) => {
        capture?.head(answer.statusCode ?? 0, headerLines(answer.rawHeaders));
        answer.on('data', (chunk: Buffer) => capture?.chunk(chunk));
        answer.on('end', () => {
          capture?.end();
          done();
        });
        answer.on('error', fail);
      },
    );
    sent.on('error', fail);
    sent.end();
  });
}

function headerLines(rawHeaders: readonly string[]): string {
  let lines = '';
  for (let at = 0; at < rawHeaders.length; at += 2) lines += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  return lines;
}

/** A vote on a review that is read often: what a cache would have to notice. */
async function vote(shop: SampleShop, chance: () => number): Promise<void> {
  const id = shop.reviews[Math.floor(chance() * shop.reviews.length)];
  await shop.database.query('UPDATE reviews SET helpful_count = helpful_count + 1 WHERE id = $1', [id]);
}

async function settled(shadow: ReturnType<typeof createShadow>): Promise<void> {
  do await new Promise((resolve) => setTimeout(resolve, 5));
  while (shadow.stats().queued > 0 || shadow.stats().active > 0);
}

function tableOf(plan: Plan): RoutingTable {
  const since = '2026-01-01T00:00:00.000Z';
  return compileTable(
    {
      formatVersion: 1,
      number: 1,
      parent: null,
      createdAt: since,
      actor: 'test',
      reason: '',
      plans: { [plan.capability]: plan },
      states: {
        [plan.capability]: {
          phase: 'shadow',
          weightBp: 0,
          owner: 'monolith',
          epoch: 1,
          killed: false,
          since,
        },
      },
      digest: '',
    },
    { namespace: 'shop' },
  );
}
