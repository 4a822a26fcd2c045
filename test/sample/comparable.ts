import { gunzipSync } from 'node:zlib';

export interface RawAnswer {
  status: number;
  headers: [name: string, value: string][];
  body: Buffer;
}

/** Lists that both shops give in another order for each request. */
const unordered = new Set(['badges', 'histogram', 'votes']);

/**
 * An answer with what differs between any two answers taken out: ids of requests, the time of day, CSRF tokens, and the
 * order of lists that have none. Everything else has to be the same, byte for byte.
 */
export function comparable(answer: RawAnswer) {
  const gzip = answer.headers.some(([name, value]) => name === 'content-encoding' && value === 'gzip');
  const body = gzip ? gunzipSync(answer.body) : answer.body;
  const headers = answer.headers
    // The connection's own, and the length of compressed noise.
    .filter(([name]) => !/^(date|connection|keep-alive)$/i.test(name) && !(gzip && name === 'content-length'))
    .map(([name, value]) => `${name}: ${withoutNoise(value)}`);
  return { status: answer.status, headers, body: comparableBody(body.toString()) };
}

function comparableBody(text: string): string {
  const plain = withoutNoise(text);
  if (!plain.startsWith('{')) return plain;
  return JSON.stringify(
    JSON.parse(plain, (key, value: unknown) =>
      unordered.has(key) && Array.isArray(value)
        ? value.map((item) => JSON.stringify(item)).sort()
        : isThisMoment(value)
          ? 'now'
          : value,
    ),
    null,
    1,
  );
}

function withoutNoise(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '(request)')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{40}\b/g, '(csrf token)')
    .replace(/csrf=[0-9a-f]{32};/g, 'csrf=(secret);')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (time) => (isThisMoment(time) ? '(now)' : time));
}

/** Whether a value is the time of day, within minutes, as ISO text or in seconds. */
function isThisMoment(value: unknown): boolean {
  const time =
    typeof value === 'number' ? value * 1000 : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Math.abs(Date.now() - time) < 300_000;
}
