import { EXIT, StranglerError } from '../../migration-plans/errors.ts';

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `1.5s`, `250 ms`, `2m` → milliseconds. A bare number is refused: nobody can tell its unit. */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim());
  const unit = MILLISECONDS[match?.[2] ?? ''];
  if (!match || unit === undefined)
    throw usage(`${option} wants a duration such as 500ms, 30s, 5m or 1h, not "${text}"`);
  return Math.round(Number(match[1]) * unit);
}

/** `5`, `5%`, `0.5` → basis points (500, 500, 50). */
export function parsePercent(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim());
  const percent = Number(match?.[1]);
  if (!match || percent > 100) throw usage(`${option} wants a percentage from 0 to 100, not "${text}"`);
  const bp = Math.round(percent * 100);
  if (Math.abs(bp - percent * 100) > 1e-6)
    throw usage(`${option} takes two decimal places at most, not "${text}"`);
  return bp;
}

export function parseCount(text: string, option: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw usage(`${option} wants a whole number from ${min} to ${max}, not "${text}"`);
  return value;
}

export interface Listen {
  host: string;
  port: number;
}

/** `127.0.0.1:8080`, `[::1]:8080`, `:8080`, `8080`. Without a host: loopback. Port 0: the system chooses one. */
export function parseListen(text: string, option: string): Listen {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw usage(`${option} wants HOST:PORT such as 127.0.0.1:8080, not "${text}"`);
  return { host: match[1] || match[2] || '127.0.0.1', port };
}

/** The URL of a listener as a person would type it: a wildcard address cannot be visited. */
export function listenUrl({ host, port }: Listen): string {
  const visited = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${visited.includes(':') ? `[${visited}]` : visited}:${port}`;
}

/** 5 %, 0.25 %. */
export function percentText(bp: number): string {
  return `${bp / 100} %`;
}

/** `830 ms`, `2.4 s`, `3 min 5 s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** How long ago an ISO time was: `12 s ago`. */
export function agoText(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  return ms < 1000 ? 'just now' : `${durationText(Math.floor(ms / 1000) * 1000)} ago`;
}

function usage(message: string): StranglerError {
  return new StranglerError('CLI_BAD_OPTION', message, { exitCode: EXIT.usage });
}
