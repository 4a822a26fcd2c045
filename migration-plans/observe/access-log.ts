/** A line of an access log, as far as an inventory needs it. */
export interface LoggedCall {
  method: string;
  /** Path and, where the log has it, query. */
  url: string;
  status: number;
  /** Undefined: the log does not say. */
  ms: number | undefined;
  bytes: number;
  hasBody: boolean;
  /** Milliseconds since the epoch. */
  at: number;
  /** For how many requests the line stands. */
  standsFor: number;
}

/** `line` may be of the edge's own access log, or in Common or Combined Log Format, also with a virtual host in front. Undefined: neither. */
export function readLogLine(line: string): LoggedCall | undefined {
  return line.startsWith('{') ? readEdgeLine(line) : readCommonLine(line);
}

/** Undefined also for requests that the edge answered itself. */
function readEdgeLine(line: string): LoggedCall | undefined {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { msg, method, url, status, ms, time, standsFor, requestBytes, responseBytes, answeredBy } = entry;
  if (msg !== 'request' || typeof method !== 'string' || typeof url !== 'string') return undefined;
  if (typeof status !== 'number' || answeredBy === 'edge' || url.endsWith('…')) return undefined;
  const at = typeof time === 'string' ? Date.parse(time) : Number(time);
  return {
    method,
    url,
    status,
    ms: typeof ms === 'number' ? ms : undefined,
    bytes: typeof responseBytes === 'number' ? responseBytes : 0,
    hasBody: typeof requestBytes === 'number' && requestBytes > 0,
    at: Number.isNaN(at) ? 0 : at,
    standsFor: typeof standsFor === 'number' && standsFor >= 1 ? Math.floor(standsFor) : 1,
  };
}

/** `… [time] "METHOD target HTTP/x" status bytes …`: what stands in front differs, and is not needed. */
const COMMON =
  /\[(\d{1,2}\/\w{3}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "([A-Z][A-Z-]{0,31}) ((?:[^"\\ ]|\\.){1,8192})(?: HTTP\/[\d.]{1,3})?" (\d{3}) (\d+|-)/;
/** nginx's `$request_time` in seconds, where a format names it. */
const SECONDS = /\b(?:rt|request_time|duration)[=:]"?(\d{1,6}\.\d{1,9})/;

function readCommonLine(line: string): LoggedCall | undefined {
  const match = COMMON.exec(line);
  if (match === null) return undefined;
  const [found, time, method, url, status, bytes] = match as unknown as string[];
  const seconds = SECONDS.exec(line.slice(match.index + found!.length));
  return {
    method: method!,
    url: url!,
    status: Number(status),
    ms: seconds === null ? undefined : Number(seconds[1]) * 1000,
    bytes: bytes === '-' ? 0 : Number(bytes),
    hasBody: ['POST', 'PUT', 'PATCH'].includes(method!),
    at: commonTime(time!),
    standsFor: 1,
  };
}

/** `10/Oct/2000:13:55:36 -0700` → milliseconds; 0 if it is no time. */
function commonTime(text: string): number {
  const at = Date.parse(text.replace(/^(\d{1,2})\/(\w{3})\/(\d{4}):/, '$1 $2 $3 '));
  return Number.isNaN(at) ? 0 : at;
}
