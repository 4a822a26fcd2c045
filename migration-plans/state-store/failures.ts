import { EXIT, StranglerError } from '../errors.ts';

/** Error codes of sockets and name resolution, and SQLSTATE classes that mean the server is not there (for us, now). */
const UNREACHABLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  // PostgreSQL: admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections, query_canceled (our time limit).
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '57014',
  // Prisma: cannot reach, timed out, connection closed, pool timed out, transaction not started or lost.
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
]);
const UNREACHABLE_MESSAGES =
  /Connection terminated|connection timeout|timeout exceeded|Query read timeout|not queryable|closed the connection|Cannot use a pool|reach database server/i;
/** PostgreSQL: invalid_password, invalid_authorization, invalid_catalog_name; Prisma: authentication, access denied, no such database. */
const REFUSED_CODES = new Set(['28P01', '28000', '3D000', 'P1000', 'P1010', 'P1003']);

/** Whatever a driver threw, as an error that says what to do. The URL is never part of it: it carries a password. */
export function storeError(error: unknown, doing: string): StranglerError {
  if (error instanceof StranglerError) return error;
  const chain = [...causes(error)];
  const codes = chain.flatMap(codesOf);
  if (codes.some((code) => REFUSED_CODES.has(code)))
    return new StranglerError('STORE_REFUSED', `the state store refused the connection while ${doing}`, {
      remedy: 'Check user, password and database name in "stateStore.url" of strangler.yaml.',
      status: 503,
      cause: error,
    });
  const unreachable =
    codes.some((code) => UNREACHABLE_CODES.has(code) || code.startsWith('08')) ||
    chain.some((each) => each instanceof Error && UNREACHABLE_MESSAGES.test(each.message));
  if (unreachable) return unreachableError(doing, error);
  return new StranglerError('STORE_FAILED', `the state store failed while ${doing}: ${lastLine(error)}`, {
    remedy: 'Look into the database’s log; `strangler doctor` checks the store.',
    cause: error,
  });
}

export function unreachableError(doing: string, cause?: unknown): StranglerError {
  return new StranglerError('STORE_UNREACHABLE', `the state store did not answer while ${doing}`, {
    remedy: 'Start the database, or check "stateStore.url" in strangler.yaml. Edges keep serving meanwhile.',
    status: 503,
    ...(cause === undefined ? {} : { cause }),
  });
}

export function corruptError(what: string, why: string): StranglerError {
  return new StranglerError('STORE_CORRUPT', `${what} in the state store is not valid: ${why}`, {
    remedy: 'It was changed outside the toolkit. Restore the database, or apply the plans again from git.',
    exitCode: EXIT.failed,
  });
}

/**
 * Rejects with STORE_UNREACHABLE when `work` takes longer than the limit: the last line of defence after the driver's own limits, such as
 * for a server that accepts connections and then says nothing.
 */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number, doing: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachableError(doing)), timeoutMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } catch (error) {
    throw storeError(error, doing);
  } finally {
    clearTimeout(timer);
  }
}

/** An error and what caused it, also where drivers keep it: `cause`, `meta.driverAdapterError`, `errors` of an AggregateError. */
function* causes(error: unknown, depth = 0): Generator<unknown> {
  if (typeof error !== 'object' || error === null || depth > 5) return;
  yield error;
  const { cause, meta, errors } = error as {
    cause?: unknown;
    meta?: { driverAdapterError?: unknown };
    errors?: unknown;
  };
  yield* causes(cause, depth + 1);
  yield* causes(meta?.driverAdapterError, depth + 1);
  if (Array.isArray(errors)) for (const each of errors) yield* causes(each, depth + 1);
}

function codesOf(error: unknown): string[] {
  const { code, originalCode } = error as { code?: unknown; originalCode?: unknown };
  return [code, originalCode].filter((each): each is string => typeof each === 'string');
}

function lastLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.trim().split('\n').at(-1) ?? message).slice(0, 300);
}
