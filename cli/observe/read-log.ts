import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { METHODS, methodIndex } from '../../edge-proxy/telemetry/labels.ts';
import { latencyBucket } from '../../edge-proxy/telemetry/latency.ts';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { type LoggedCall, readLogLine } from '../../migration-plans/observe/access-log.ts';
import { RouteLearner } from '../../migration-plans/observe/learner.ts';
import {
  OBSERVE_LIMITS,
  type Observations,
  type ObserveLimits,
} from '../../migration-plans/observe/observation.ts';

export interface ReadLogOptions {
  /** Milliseconds since the epoch: earlier lines do not count. */
  since?: number;
  limits?: ObserveLimits;
  signal?: AbortSignal;
  onProgress?: (lines: number) => void;
}

export interface ReadLog {
  observed: Observations;
  lines: number;
  /** Lines that are no requests in a form that is known. */
  unreadable: number;
}

/** A line longer than this is no request. */
const MAX_LINE = 65_536;
const PROGRESS_EVERY = 20_000;
/** With so many lines and no request among them a file is something else. */
const GIVE_UP_AFTER = 2_000;

/**
 * Learns the routes of an application from an access log: the edge's own, or one in Common or Combined Log Format; `.gz` is unpacked.
 * One line at a time, in bounded room.
 *
 * @throws StranglerError `OBSERVE_LOG_UNREADABLE`, `OBSERVE_NO_ACCESS_LOG`
 */
export async function readLog(file: string, options: ReadLogOptions = {}): Promise<ReadLog> {
  // Nobody waits for answers here: every line is read.
  const learner = new RouteLearner(METHODS, {
    ...(options.limits ?? OBSERVE_LIMITS),
    newPathsPerSecond: Number.POSITIVE_INFINITY,
  });
  let lines = 0;
  let calls = 0;
  let unreadable = 0;
  try {
    for await (const line of linesOf(file, options.signal)) {
      if (line === '') continue;
      lines++;
      if (lines % PROGRESS_EVERY === 0) options.onProgress?.(lines);
      const call = line.length > MAX_LINE ? undefined : readLogLine(line);
      if (call === undefined) {
        unreadable++;
        if (calls === 0 && unreadable >= GIVE_UP_AFTER) break;
        continue;
      }
      calls++;
      if (call.at >= (options.since ?? 0)) record(learner, call);
    }
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StranglerError('OBSERVE_LOG_UNREADABLE', `the access log cannot be read: ${code ?? message}`, {
      place: { file },
      remedy: 'Check the path and its permissions.',
      exitCode: EXIT.usage,
    });
  }
  if (calls === 0 && unreadable > 0)
    throw new StranglerError(
      'OBSERVE_NO_ACCESS_LOG',
      'no line of the file is a request in a form that is known',
      {
        place: { file, line: 1 },
        remedy:
          'Give the access log of an edge, or one in Common or Combined Log Format (the defaults of Apache and nginx).',
        exitCode: EXIT.usage,
      },
    );
  return { observed: learner.take((at) => new Date(at).toISOString()), lines, unreadable };
}

function linesOf(file: string, signal: AbortSignal | undefined): AsyncIterable<string> {
  const raw = createReadStream(file, { ...(signal === undefined ? {} : { signal }) });
  if (!file.endsWith('.gz')) return createInterface({ input: raw, crlfDelay: Number.POSITIVE_INFINITY });
  const unpacked = createGunzip();
  raw.on('error', (error) => unpacked.destroy(error));
  return createInterface({ input: raw.pipe(unpacked), crlfDelay: Number.POSITIVE_INFINITY });
}

function record(learner: RouteLearner, call: LoggedCall): void {
  const { ms, url } = call;
  learner.record(
    {
      method: methodIndex(call.method),
      url,
      status: call.status,
      bucket: ms === undefined ? -1 : latencyBucket(ms),
      ms: ms ?? 0,
      bytes: call.bytes,
      at: call.at,
      weight: call.standsFor,
    },
    {
      callDetails: () => ({ url, requestType: undefined, hasBody: call.hasBody, answerType: undefined }),
    },
  );
}
