import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { EXIT, StranglerError } from '../errors.ts';
import type { EvidenceDelta, EvidenceFilter, EvidenceSummary } from '../evidence/evidence.ts';
import { atOnce, inSteps } from '../in-steps.ts';
import type { ObservationDelta, ObservationFilter, Observations } from '../observe/observation.ts';
import { digestOf } from '../revision/digest.ts';
import type { Revision, RevisionDraft, Transition, TransitionDraft } from '../revision/revision.ts';
import { problemOfContent } from '../revision/validate.ts';
import { addEvidenceRows, EVIDENCE_LIMITS, type EvidenceLimits, readEvidence } from './evidence-rows.ts';
import { withDeadline } from './failures.ts';
import { PrismaClient } from './generated/client.ts';
import { ignoreIdleError, prepareStore } from './migrate.ts';
import {
  addObservationRows,
  OBSERVATION_LIMITS,
  type ObservationLimits,
  readObservations,
} from './observation-rows.ts';
import type { EdgeLease, EdgeReport, StateStore } from './port.ts';
import {
  fromRevision,
  fromTransition,
  type LeaseRow,
  storable,
  toLease,
  toRevisionSteps,
  toTransition,
} from './rows.ts';
import { REVISION_CHANNEL, watchRevisions } from './watch.ts';

export interface StateStoreOptions {
  /** `postgresql://…` of a database of its own. */
  url: string;
  /** Longest time any call takes, in milliseconds. */
  timeoutMs?: number;
  /** Connections of this process, besides one for watching. */
  connections?: number;
  evidence?: Partial<EvidenceLimits>;
  observations?: Partial<ObservationLimits>;
  backoffMs?: { first: number; longest: number };
  heartbeatMs?: number;
}

/** Advisory lock that publishers take, so that one that comes second sees the first one's revision instead of a unique violation. */
const PUBLISH_LOCK = 7_241_903_552;
const HISTORY_LIMIT = 1000;

/**
 * Opens the state store, creating its tables if the database is empty. Rejects with STORE_UNREACHABLE, STORE_REFUSED,
 * STORE_VERSION or STORE_FOREIGN_DATABASE.
 */
export async function openStateStore(options: StateStoreOptions): Promise<StateStore> {
  const timeoutMs = options.timeoutMs ?? 5000;
  const config: pg.PoolConfig = {
    connectionString: options.url,
    max: options.connections ?? 4,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    statement_timeout: timeoutMs,
    keepAlive: true,
    application_name: 'strangler',
  };
  const pool = new pg.Pool(config);
  pool.on('error', ignoreIdleError);
  try {
    // Creating the tables, once in a store's life, may take longer than a query.
    await withDeadline(prepareStore(pool, config), timeoutMs * 4, 'opening it');
  } catch (error) {
    await closePool(pool);
    throw error;
  }
  return new PostgresStateStore(pool, { ...options, timeoutMs });
}

class PostgresStateStore implements StateStore {
  readonly #pool: pg.Pool;
  readonly #prisma: PrismaClient;
  readonly #options: StateStoreOptions & { timeoutMs: number };
  readonly #limits: EvidenceLimits;
  readonly #watches = new Set<() => Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(pool: pg.Pool, options: StateStoreOptions & { timeoutMs: number }) {
    this.#pool = pool;
    this.#options = options;
    this.#limits = { ...EVIDENCE_LIMITS, ...options.evidence };
    this.#prisma = new PrismaClient({
      adapter: new PrismaPg(pool),
      transactionOptions: { maxWait: options.timeoutMs, timeout: options.timeoutMs },
    });
  }

  head(): Promise<Revision | null> {
    return this.#limited('reading the newest revision', async () => {
      const row = await this.#prisma.revision.findFirst({ orderBy: { number: 'desc' } });
      return row && inSteps(toRevisionSteps(row));
    });
  }

  headNumber(): Promise<number | null> {
    return this.#limited('reading the newest revision’s number', async () => {
      const row = await this.#prisma.revision.findFirst({
        orderBy: { number: 'desc' },
        select: { number: true },
      });
      return row?.number ?? null;
    });
  }

  revision(number: number): Promise<Revision | null> {
    return this.#limited(`reading revision ${number}`, async () => {
      if (!Number.isInteger(number) || number < 1 || number > 2_147_483_647) return null;
      const row = await this.#prisma.revision.findUnique({ where: { number } });
      return row && inSteps(toRevisionSteps(row));
    });
  }

  async publish(
    draft: RevisionDraft,
    expectedParent: number | null,
    transitions: TransitionDraft[],
  ): Promise<Revision> {
    const content = jsonCopy({ plans: draft.plans, states: draft.states });
    const problem = problemOfContent(content);
    if (problem !== undefined)
      throw new TypeError(`a revision that contradicts itself was to be published: ${problem}`);
    const next = {
      formatVersion: 1 as const,
      number: (expectedParent ?? 0) + 1,
      parent: expectedParent,
      actor: draft.actor,
      reason: draft.reason,
      ...content,
      digest: digestOf(content),
    };
    return this.#limited('publishing a revision', () =>
      this.#prisma.$transaction(async (transaction) => {
        await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${PUBLISH_LOCK})`;
        const head = await transaction.revision.findFirst({
          orderBy: { number: 'desc' },
          select: { number: true },
        });
        if ((head?.number ?? null) !== expectedParent) throw conflict(expectedParent, head?.number ?? null);
        const row = await transaction.revision.create({ data: fromRevision(next) });
        await transaction.transition.createMany({
          data: transitions.map((each) => fromTransition(each, next.number)),
        });
        await transaction.$executeRaw`SELECT pg_notify(${REVISION_CHANNEL}, ${String(next.number)})`;
        return atOnce(toRevisionSteps(row));
      }),
    );
  }

  recordRefusal(transition: TransitionDraft): Promise<void> {
    return this.#limited('recording a refusal', async () => {
      const head = await this.#prisma.revision.findFirst({
        orderBy: { number: 'desc' },
        select: { number: true },
      });
      await this.#prisma.transition.create({ data: fromTransition(transition, head?.number ?? 0) });
    });
  }

  history(filter: { capability?: string; limit?: number }): Promise<Transition[]> {
    return this.#limited('reading the history', async () => {
      const rows = await this.#prisma.transition.findMany({
        where: filter.capability === undefined ? {} : { capability: filter.capability },
        orderBy: { id: 'desc' },
        take: Math.min(Math.max(1, Math.trunc(filter.limit ?? 100)), HISTORY_LIMIT),
      });
      return rows.map(toTransition);
    });
  }

  async watch(
    onRevision: (number: number) => void,
    onState: (connected: boolean) => void = () => undefined,
  ): Promise<() => Promise<void>> {
    const { url, timeoutMs, backoffMs, heartbeatMs } = this.#options;
    const end = await watchRevisions(
      {
        connectionString: url,
        timeoutMs,
        backoffMs: backoffMs ?? { first: 100, longest: 5000 },
        heartbeatMs: heartbeatMs ?? 15_000,
        headNumber: () => this.headNumber(),
      },
      onRevision,
      onState,
    );
    const stop = async (): Promise<void> => {
      this.#watches.delete(stop);
      await end();
    };
    this.#watches.add(stop);
    return stop;
  }

  reportEdge(report: EdgeReport, leaseMs: number): Promise<void> {
    return this.#limited('renewing the lease of an edge', async () => {
      const id = storable(report.id);
      const text = JSON.stringify(report);
      await this.#prisma.$executeRaw`
        INSERT INTO strangler_edge_lease (id, report, last_seen, expires_at)
        VALUES (${id}, ${text}, clock_timestamp(), clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond')
        ON CONFLICT (id) DO UPDATE
        SET report = excluded.report, last_seen = excluded.last_seen, expires_at = excluded.expires_at`;
      await this.#prisma.$executeRaw`
        DELETE FROM strangler_edge_lease WHERE last_seen < clock_timestamp() - interval '1 hour'`;
    });
  }

  removeEdge(id: string): Promise<void> {
    return this.#limited('ending the lease of an edge', async () => {
      await this.#prisma.edgeLease.deleteMany({ where: { id: storable(id) } });
    });
  }

  edges(): Promise<EdgeLease[]> {
    return this.#limited('listing the edges', async () => {
      const rows = await this.#prisma.$queryRaw<LeaseRow[]>`
        SELECT report, last_seen, expires_at > clock_timestamp() AS live FROM strangler_edge_lease
        WHERE last_seen > clock_timestamp() - interval '1 hour'
        ORDER BY live DESC, id LIMIT 1000`;
      return rows.map(toLease);
    });
  }

  addEvidence(deltas: EvidenceDelta[]): Promise<void> {
    return this.#limited('adding evidence', () => addEvidenceRows(this.#prisma, deltas, this.#limits));
  }

  evidence(filter: EvidenceFilter): Promise<EvidenceSummary> {
    return this.#limited('reading evidence', () => readEvidence(this.#prisma, filter));
  }

  addObservations(deltas: ObservationDelta[]): Promise<void> {
    const limits = { ...OBSERVATION_LIMITS, ...this.#options.observations };
    return this.#limited('adding what was observed', () => addObservationRows(this.#prisma, deltas, limits));
  }

  observations(filter: ObservationFilter): Promise<Observations> {
    return this.#limited('reading what was observed', () => readObservations(this.#prisma, filter));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#watches].map((stop) => stop()));
    await this.#prisma.$disconnect();
    await closePool(this.#pool);
  }

  #limited<T>(doing: string, work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined)
      return Promise.reject(new TypeError(`the state store was closed before ${doing}`));
    return withDeadline(work(), this.#options.timeoutMs * 2, doing);
  }
}

function conflict(expected: number | null, actual: number | null): StranglerError {
  const name = (number: number | null): string => (number === null ? 'none' : `revision ${number}`);
  return new StranglerError(
    'REVISION_CONFLICT',
    `somebody else published meanwhile: this was made for ${name(expected)}, the newest is ${name(actual)}`,
    {
      remedy: 'Look at `strangler status`, then run the command again.',
      exitCode: EXIT.conflict,
      status: 409,
    },
  );
}

/** As it will be read back: without undefined values, and not shared with the caller. */
function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Ends a pool without waiting for a server that does not answer. */
async function closePool(pool: pg.Pool): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 2000);
  });
  await Promise.race([pool.end(), enough]);
  clearTimeout(timer);
}
