import type { EvidenceDelta, EvidenceFilter, EvidenceSummary } from '../evidence/evidence.ts';

import { type EvidenceBody, emptyEvidence, mergeEvidence } from '../evidence/merge.ts';
import { corruptError } from './failures.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { parseObject, storable } from './rows.ts';

/** Bounds of what is kept, whatever the number of edges and runs. */
export interface EvidenceLimits {
  /** Runs (epoch and service version) kept per capability; older ones are dropped. */
  runs: number;
  /** Rows of one run; beyond it the rows of edges that are gone are folded into one. */
  rowsPerRun: number;
  /** Characters of one row's document; beyond it examples are dropped, never counts. */
  documentChars: number;
}

export const EVIDENCE_LIMITS: EvidenceLimits = { runs: 20, rowsPerRun: 16, documentChars: 4_000_000 };

/** Name of the row into which edges that are gone are folded. No edge id has parentheses. */
export const FOLDED_EDGE = '(folded)';

type Client = PrismaClient | Prisma.TransactionClient;

/** Adds deltas to their rows, one transaction for all of one capability. */
export async function addEvidenceRows(
  client: PrismaClient,
  deltas: readonly EvidenceDelta[],
  limits: EvidenceLimits,
): Promise<void> {
  const byCapability = Map.groupBy(deltas, (delta) => delta.run.capability);
  for (const [capability, own] of byCapability) {
    await client.$transaction(async (transaction) => {
      // One writer per capability at a time: folding moves rows, and two edges must not lock them in different orders.
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('strangler_evidence'), hashtext(${capability}))`;
      for (const group of Map.groupBy(own, rowKey).values()) await addToRow(transaction, group, limits);
      await prune(transaction, capability, limits);
    });
  }
}

function rowKey({ run, edge }: EvidenceDelta): string {
  return JSON.stringify([run.epoch, run.serviceVersion, edge]);
}

async function addToRow(client: Client, deltas: EvidenceDelta[], limits: EvidenceLimits): Promise<void> {
  const [first] = deltas;
  if (first === undefined) return;
  const key = {
    capability: storable(first.run.capability),
    epoch: first.run.epoch,
    serviceVersion: storable(first.run.serviceVersion),
    edge: storable(first.edge),
  };
  const known = await client.evidence.findUnique({
    where: { capability_epoch_serviceVersion_edge: key },
  });
  const merged = mergeEvidence(known === null ? deltas : [readDocument(known.document), ...deltas]);
  await writeRow(client, key, merged, limits);
}

async function writeRow(
  client: Client,
  key: { capability: string; epoch: number; serviceVersion: string; edge: string },
  merged: EvidenceBody,
  limits: EvidenceLimits,
): Promise<void> {
  const values = {
    document: bounded(merged, limits.documentChars),
    compared: comparedOf(merged),
    fromAt: storableTime(merged.from),
    toAt: storableTime(merged.to),
    updatedAt: new Date(),
  };
  await client.evidence.upsert({
    where: { capability_epoch_serviceVersion_edge: key },
    create: { ...key, ...values },
    update: values,
  });
}

function bounded(delta: EvidenceBody, documentChars: number): string {
  const text = JSON.stringify(delta);
  if (text.length <= documentChars) return text;
  const clusters = delta.clusters.map((cluster) => ({ ...cluster, examples: [] }));
  return JSON.stringify({ ...delta, clusters });
}

function comparedOf(delta: EvidenceBody): number {
  const compared = Object.values(delta.funnel).reduce((sum, funnel) => sum + funnel.compared, 0);
  return Math.min(compared, 2_147_483_647);
}

/** Drops the oldest runs beyond the limit and folds the rows of edges that no longer hold a lease. */
async function prune(client: Client, capability: string, limits: EvidenceLimits): Promise<void> {
  const runs = await client.evidence.groupBy({
    by: ['epoch', 'serviceVersion'],
    where: { capability },
    _count: true,
    _max: { toAt: true },
    orderBy: [{ epoch: 'desc' }, { _max: { toAt: 'desc' } }],
  });
  for (const { epoch, serviceVersion } of runs.slice(limits.runs))
    await client.evidence.deleteMany({ where: { capability, epoch, serviceVersion } });
  for (const { epoch, serviceVersion, _count } of runs.slice(0, limits.runs))
    if (_count > limits.rowsPerRun) await fold(client, { capability, epoch, serviceVersion }, limits);
}

async function fold(
  client: Client,
  run: { capability: string; epoch: number; serviceVersion: string },
  limits: EvidenceLimits,
): Promise<void> {
  const rows = await client.$queryRaw<{ edge: string; document: string }[]>`
    SELECT e.edge, e.document FROM strangler_evidence e
    WHERE e.capability = ${run.capability} AND e.epoch = ${run.epoch} AND e.service_version = ${run.serviceVersion}
      AND NOT EXISTS (SELECT 1 FROM strangler_edge_lease l WHERE l.id = e.edge AND l.expires_at > clock_timestamp())
    ORDER BY e.edge`;
  if (rows.length < 2) return;
  const merged = mergeEvidence(rows.map((row) => readDocument(row.document)));
  await client.evidence.deleteMany({ where: { ...run, edge: { in: rows.map((row) => row.edge) } } });
  await writeRow(client, { ...run, edge: FOLDED_EDGE }, merged, limits);
}

/** Everything of the asked run, merged over edges. */
export async function readEvidence(client: PrismaClient, filter: EvidenceFilter): Promise<EvidenceSummary> {
  const { capability } = filter;
  const stored = await client.evidence.findMany({
    where: { capability },
    select: { epoch: true, serviceVersion: true, compared: true, fromAt: true, toAt: true },
    orderBy: [{ epoch: 'desc' }, { toAt: 'desc' }],
  });
  const runs = runsOf(stored);
  const epoch = filter.epoch ?? runs.find((run) => matchesVersion(run, filter))?.epoch ?? null;
  const chosen = runs.filter((run) => run.epoch === epoch && matchesVersion(run, filter));
  const empty = { ...emptyEvidence(), capability, epoch, serviceVersions: [], runs };
  if (epoch === null || chosen.length === 0) return empty;
  const rows = await client.evidence.findMany({
    where: { capability, epoch, serviceVersion: { in: chosen.map((run) => run.serviceVersion) } },
    orderBy: [{ serviceVersion: 'asc' }, { edge: 'asc' }],
  });
  if (rows.length === 0) return empty;
  const merged = mergeEvidence(rows.map((row) => readDocument(row.document)));
  return {
    ...merged,
    capability,
    epoch,
    serviceVersions: chosen.map((run) => run.serviceVersion),
    runs,
  };
}

function matchesVersion(run: { serviceVersion: string }, filter: EvidenceFilter): boolean {
  return filter.serviceVersion === undefined || run.serviceVersion === filter.serviceVersion;
}

type Run = EvidenceSummary['runs'][number];

/** Newest first; several rows (edges) of a run are one. */
function runsOf(
  rows: { epoch: number; serviceVersion: string; compared: number; fromAt: Date; toAt: Date }[],
): Run[] {
  const groups = Map.groupBy(rows, (row) => JSON.stringify([row.epoch, row.serviceVersion]));
  return [...groups.values()].map((group) => ({
    epoch: group[0]!.epoch,
    serviceVersion: group[0]!.serviceVersion,
    from: new Date(Math.min(...group.map((row) => row.fromAt.getTime()))).toISOString(),
    to: new Date(Math.max(...group.map((row) => row.toAt.getTime()))).toISOString(),
    compared: group.reduce((sum, row) => sum + row.compared, 0),
  }));
}

/** An edge whose clock is broken must not make its evidence unstorable. */
function storableTime(iso: string): Date {
  const time = Date.parse(iso);
  return Number.isNaN(time) ? new Date() : new Date(time);
}

function readDocument(text: string): EvidenceBody {
  const value = parseObject(text, 'evidence') as unknown as EvidenceBody;
  for (const key of ['coverage', 'clusters', 'traffic', 'shadowLatency'] as const)
    if (!Array.isArray(value[key])) throw corruptError('evidence', `"${key}" is not a list`);
  for (const key of ['funnel', 'rulesHidden', 'notices'] as const)
    if (typeof value[key] !== 'object' || value[key] === null)
      throw corruptError('evidence', `"${key}" is not a map`);
  return value;
}
