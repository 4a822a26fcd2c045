/** Sends one request and takes the whole answer, as bytes. */
import { Client, type Dispatcher, request as send } from 'undici';
import type { ShadowAnswer } from '../../../migration-plans/compare/answer.ts';
import { callerOf, isLoopback } from './callers.ts';
import type { TrialRequest } from './requests.ts';

const LIMIT_MS = 20_000;
const MAX_BODY = 8 * 1024 * 1024;

/** Never rejects: what goes wrong is an answer too. */
export async function exchange(
  origin: string,
  trial: TrialRequest,
  signal: AbortSignal,
): Promise<ShadowAnswer> {
  const begin = performance.now();
  const since = (): number => performance.now() - begin;
  const caller = ownAddresses && isLoopback(origin) ? callerOf(trial) : undefined;
  const client = caller === undefined ? undefined : new Client(origin, { localAddress: caller });
  try {
    const answer = await sent(origin, trial, client, signal);
    const headMs = since();
    const chunks: Uint8Array[] = [];
    let bodyBytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      bodyBytes += chunk.length;
      if (bodyBytes > MAX_BODY) {
        answer.body.destroy();
        return { failure: 'other', message: `an answer longer than ${MAX_BODY} bytes`, totalMs: since() };
      }
      chunks.push(chunk);
    }
    const rawHeaders = Object.entries(answer.headers).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value ?? '']).flatMap((one) => [name, one]),
    );
    return {
      status: answer.statusCode,
      rawHeaders,
      body: Buffer.concat(chunks),
      bodyHash: undefined,
      bodyBytes,
      headMs,
      totalMs: since(),
    };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (client !== undefined && (code === 'EADDRNOTAVAIL' || code === 'EINVAL')) {
      ownAddresses = false;
      return exchange(origin, trial, signal);
    }
    const failure = code === 'ECONNREFUSED' ? 'connect' : /TIMEOUT/.test(code ?? '') ? 'timeout' : 'other';
    return { failure, message, totalMs: since() };
  } finally {
    client?.destroy().catch(() => undefined);
  }
}

function sent(
  origin: string,
  trial: TrialRequest,
  client: Client | undefined,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  return send(origin + trial.url, {
    method: trial.method as 'GET',
    headers: { 'user-agent': 'carve', ...trial.headers },
    body: trial.body,
    headersTimeout: LIMIT_MS,
    bodyTimeout: LIMIT_MS,
    signal,
    ...(client !== undefined && { dispatcher: client }),
  });
}

/** Some systems give the loopback one address only. */
let ownAddresses = true;
