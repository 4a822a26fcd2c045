import { Agent, request as httpRequest } from 'node:http';

/** Users that come at a fixed rate and do not wait for each other. */
export interface Arrivals {
  port: number;
  /** Requests per second. */
  rate: number;
  seconds: number;
  method?: string;
  path: (index: number) => string;
  headers?: (index: number) => Record<string, string>;
  body?: Buffer;
  /** Sees each status; true: as it should be. Default: 2xx. */
  accept?: (status: number) => boolean;
}

/** Times in milliseconds. */
export interface Served {
  requests: number;
  /** Answers that were not accepted, and exchanges that broke. */
  errors: number;
  /** The first few, in words. */
  problems: string[];
  p50Ms: number;
  p99Ms: number;
  /** Ascending. */
  latencies: number[];
}

/** Connections that users keep at most. */
const MAX_SOCKETS = 64;
const TOLD = 5;

/**
 * Sends requests whether or not the answers before have come, so that a stalled proxy meets as many users as a quick one. A request's
 * time begins when it is handed to the kernel: what this process itself is late by is nobody's latency.
 */
export async function arrive(arrivals: Arrivals): Promise<Served> {
  const { port, rate, seconds, method = 'GET', path, headers, body } = arrivals;
  const accept = arrivals.accept ?? ((status) => status >= 200 && status < 300);
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const latencies: number[] = [];
  const problems: string[] = [];
  const pending: Promise<void>[] = [];
  let errors = 0;
  const failed = (problem: string): void => {
    errors += 1;
    if (problems.length < TOLD) problems.push(problem);
  };
  const one = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const sentAt = performance.now();
      const broken = (error: Error): void => {
        failed(error.message);
        resolve();
      };
      const sent = httpRequest(
        {
          ...{ port, host: '127.0.0.1', method, path: path(index), agent },
          headers: {
            ...headers?.(index),
            ...(body === undefined ? {} : { 'content-length': String(body.length) }),
          },
        },
        (answer) => {
          if (!accept(answer.statusCode ?? 0)) failed(`status ${answer.statusCode}`);
          answer.resume();
          answer.once('error', broken);
          answer.once('end', () => {
            latencies.push(performance.now() - sentAt);
            resolve();
          });
        },
      );
      sent.once('error', broken);
      sent.end(body);
    });
  const gapMs = 1_000 / rate;
  const startedAt = performance.now();
  const total = Math.max(1, Math.round(rate * seconds));
  for (let index = 0; index < total; index += 1) {
    const wait = startedAt + index * gapMs - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    pending.push(one(index));
  }
  await Promise.all(pending);
  agent.destroy();
  latencies.sort((a, b) => a - b);
  return {
    requests: total,
    errors,
    problems,
    p50Ms: quantileOf(latencies, 0.5),
    p99Ms: quantileOf(latencies, 0.99),
    latencies,
  };
}

export function quantileOf(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
