import { isObservations, mergeObservations } from '../observe/merge.ts';
import type { ObservationDelta, ObservationFilter, Observations } from '../observe/observation.ts';
import { FOLDED_EDGE } from './evidence-rows.ts';
import { corruptError } from './failures.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { parseObject, storable } from './rows.ts';

/** Bounds of what is kept, whatever the number of edges. */
export interface ObservationLimits {
  /** Hours that are kept one by one; older ones are kept by the day. */
  hourly: number;
  /** Days after which what was observed is forgotten. */
  days: number;
  /** Rows of the present hour; beyond it those of other edges are folded into one. */
  rowsPerHour: number;
}

export const OBSERVATION_LIMITS: ObservationLimits = { hourly: 48, days: 30, rowsPerHour: 32 };

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** How far the clock of an edge may be from ours. */
const MAX_CLOCK_SKEW_MS = 24 * HOUR_MS;

type Client = PrismaClient | Prisma.TransactionClient;

interface RowKey {
  startAt: Date;
  hours: number;
  edge: string;
}

/** Adds deltas to the rows of their edges and hours, in one transaction. */
export async function addObservationRows(
  client: PrismaClient,
  deltas: readonly ObservationDelta[],
  limits: ObservationLimits,
  now = Date.now(),
): Promise<void> {
  await client.$transaction(async (transaction) => {
    // One writer at a time: folding moves rows, and two edges must not lock them in different orders.
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('strangler_observation'))`;
    let opened = false;
    for (const group of Map.groupBy(deltas, (delta) => `${hourOf(delta, now)} ${delta.edge}`).values())
      if (await addToRow(transaction, group, now)) opened = true;
    // Only a new hour, a new edge or late news brings a new row; then it is time to tidy up.
    if (opened) await tidy(transaction, limits, now);
  });
}

/** True: the row is new. */
async function addToRow(client: Client, deltas: ObservationDelta[], now: number): Promise<boolean> {
  const [first] = deltas;
  if (first === undefined) return false;
  const key = { startAt: new Date(hourOf(first, now)), hours: 1, edge: storable(first.edge) };
  const known = await client.observation.findUnique({ where: { startAt_hours_edge: key } });
  const parts = deltas.map(({ edge: _edge, ...observed }) => observed);
  await writeRow(
    client,
    key,
    mergeObservations(known === null ? parts : [readDocument(known.document), ...parts]),
    now,
  );
  return known === null;
}

async function writeRow(client: Client, key: RowKey, observed: Observations, now: number): Promise<void> {
  const to = Date.parse(observed.to);
  const values = {
    document: storable(JSON.stringify(observed)),
    toAt: new Date(Number.isNaN(to) ? now : to),
    updatedAt: new Date(now),
  };
  await client.observation.upsert({
    where: { startAt_hours_edge: key },
    create: { ...key, ...values },
    update: values,
  });
}

/** Folds past hours into one row each, hours of some days ago into days, and drops what is too old. */
async function tidy(client: Client, limits: ObservationLimits, now: number): Promise<void> {
  const present = startOf(now, 1);
  await client.observation.deleteMany({
    where: { startAt: { lt: new Date(now - limits.days * DAY_HOURS * HOUR_MS) } },
  });
  const keys = await client.observation.findMany({
    select: { startAt: true, hours: true, edge: true },
    orderBy: [{ startAt: 'asc' }, { edge: 'asc' }],
  });
  const targets = Map.groupBy(keys, ({ startAt, hours }) => {
    const at = startAt.getTime();
    const old = at < now - limits.hourly * HOUR_MS;
    return old || hours === DAY_HOURS ? `${startOf(at, DAY_HOURS)} ${DAY_HOURS}` : `${at} 1`;
  });
  for (const [target, rows] of targets) {
    const [startAt = 0, hours = 1] = target.split(' ').map(Number);
    if (hours === 1 && startAt >= present && rows.length <= limits.rowsPerHour) continue;
    const settled = rows.every((row) => row.edge === FOLDED_EDGE && row.hours === hours);
    if (settled && rows.length === 1) continue;
    await fold(client, rows, { startAt: new Date(startAt), hours, edge: FOLDED_EDGE }, now);
  }
}

async function fold(client: Client, keys: readonly RowKey[], into: RowKey, now: number): Promise<void> {
  const where = { OR: keys.map(({ startAt, hours, edge }) => ({ startAt, hours, edge })) };
  const rows = await client.observation.findMany({ where });
  const merged = mergeObservations(rows.map(({ document }) => readDocument(document)));
  await client.observation.deleteMany({ where });
  await writeRow(client, into, merged, now);
}

/**
 * Everything observed, merged over edges and time. With `since`: of all hours, and beyond the last two days all days, in which something
 * was seen since then.
 */
export async function readObservations(
  client: PrismaClient,
  filter: ObservationFilter,
): Promise<Observations> {
  const rows = await client.observation.findMany({
    ...(filter.since === undefined ? {} : { where: { toAt: { gte: new Date(filter.since) } } }),
    select: { document: true },
    orderBy: [{ startAt: 'asc' }, { edge: 'asc' }],
  });
  return mergeObservations(rows.map(({ document }) => readDocument(document)));
}

function hourOf(delta: ObservationDelta, now: number): number {
  const to = Date.parse(delta.to);
  return startOf(Math.abs(to - now) <= MAX_CLOCK_SKEW_MS ? to : now, 1);
}

function startOf(at: number, hours: number): number {
  return at - (at % (hours * HOUR_MS));
}

function readDocument(text: string): Observations {
  const value = parseObject(text, 'what was observed');
  if (!isObservations(value)) throw corruptError('what was observed', 'it has another shape');
  return value as unknown as Observations;
}
