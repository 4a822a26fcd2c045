/** Asks the monolith who is calling. What it answers is kept for a moment. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { askPort } from './client.ts';
import { identities } from './ports.ts';

/** How long an answer is kept in ms, unless IDENTITY_CACHE_MS says otherwise (0: not at all), and how many of them. */
const defaultCache = 1000;
const maxKept = 1000;

/** Headers with which the monolith is asked: credentials, and what its answer to a stranger may depend on. */
const asked = [
  'cookie',
  'authorization',
  'accept',
  'accept-language',
  'host',
  'origin',
  'referer',
  'user-agent',
  'x-requested-with',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
];

/** Headers that belong to one connection or one body. */
const dropped = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'date',
  'trailer',
  'upgrade',
];

/** The monolith let the request pass and set these properties, or it answered it. */
export interface Who {
  properties?: { [name: string]: unknown };
  /** Cookies that it set while letting the request pass. */
  cookies?: string[];
  ended?: { status: number; headers: [string, string | string[]][]; body: Buffer };
}

interface Kept {
  until: number;
  /** A new copy for each request: handlers may change what they are given. */
  answer: Promise<() => unknown>;
}

const kept = new Map<string, Kept>();

export async function whoAsks(name: string, request: IncomingMessage, url: string): Promise<Who> {
  const facts = identities[name];
  const headers: { [name: string]: string } = {};
  for (const header of facts === undefined ? asked : asked.concat(facts.headers)) {
    const value = request.headers[header];
    if (value !== undefined) headers[header] = String(value);
  }
  const question = {
    method: request.method || 'GET',
    url,
    headers,
    address: request.socket?.remoteAddress || '',
  };
  const who = (await remembered(name, question))() as Who;
  if (who.ended !== undefined)
    who.ended.headers = who.ended.headers.filter((pair) => dropped.indexOf(pair[0].toLowerCase()) === -1);
  return who;
}

async function remembered(name: string, question: object): Promise<() => unknown> {
  const ask = (): Promise<() => unknown> => askPort(`identity/${name}`, question);
  const { IDENTITY_CACHE_MS: setting } = process.env;
  const time = setting === undefined || setting === '' ? defaultCache : Number(setting) || 0;
  if (time <= 0) return ask();
  // The whole question: whoever may see one page need not be let into another.
  const key = createHash('sha256')
    .update(JSON.stringify([name, question]))
    .digest('base64');
  const now = Date.now();
  const known = kept.get(key);
  if (known !== undefined && known.until > now) return known.answer;
  kept.delete(key);
  kept.forEach((entry, other) => {
    if (entry.until <= now || kept.size >= maxKept) kept.delete(other);
  });
  const entry: Kept = { until: now + time, answer: ask() };
  kept.set(key, entry);
  const forget = (): void => {
    if (kept.get(key) === entry) kept.delete(key);
  };
  try {
    const answer = await entry.answer;
    const who = answer() as Who;
    // A refusal, or a cookie that is set once, is for one request only.
    if (who.ended !== undefined || (who.cookies !== undefined && who.cookies.length > 0)) forget();
    return answer;
  } catch (error) {
    forget();
    throw error;
  }
}

/** Sets what the monolith found. */
export function setProperties(request: object, who: Who): void {
  const properties = who.properties || {};
  for (const name of Object.keys(properties))
    (request as { [name: string]: unknown })[name] = properties[name];
}

/** What a client is told while the monolith can't be asked. Never is anybody taken for a stranger then. */
export function logUnavailable(name: string, error: unknown): void {
  console.error(`identity ${name}:`, error instanceof Error ? error.message : error);
}
