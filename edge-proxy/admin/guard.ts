import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { StranglerError } from '../../migration-plans/errors.ts';

export interface GuardOptions {
  /** Names, besides `localhost`, under which the admin listener may be called. */
  allowedHosts: readonly string[];
  /** Undefined: what needs a token is refused. */
  token: string | undefined;
}

/** What the guard looks at; header names are lower case. */
export interface GuardedRequest {
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Refuses what a web page could make a browser send. A page that rebinds its own name to this address still sends that name
 * as Host; addresses cannot be rebound, so any address will do. Throws `EDGE_ADMIN_HOST` or `EDGE_ADMIN_ORIGIN`.
 */
export function checkBrowserRules(request: GuardedRequest, options: GuardOptions): void {
  const host = one(request.headers.host);
  const name = host === undefined ? undefined : hostName(host);
  const known =
    name !== undefined && (isIP(name) !== 0 || name === 'localhost' || options.allowedHosts.includes(name));
  if (!known) {
    throw new StranglerError('EDGE_ADMIN_HOST', 'The admin listener is not called by this name.', {
      status: 421,
      remedy: 'Call it by address or as localhost, or add the name to the allowed hosts.',
    });
  }
  const origin = one(request.headers.origin);
  const site = one(request.headers['sec-fetch-site']);
  const foreign = origin !== undefined && originHost(origin) !== host?.toLowerCase();
  if (foreign || site === 'cross-site' || site === 'same-site') {
    throw new StranglerError(
      'EDGE_ADMIN_ORIGIN',
      'Web pages of other origins may not call the admin listener.',
      {
        status: 403,
      },
    );
  }
}

/** Throws `EDGE_ADMIN_TOKEN` (401) without the right bearer token, `EDGE_ADMIN_CLOSED` (403) where none is configured. */
export function checkToken(request: GuardedRequest, options: GuardOptions): void {
  if (options.token === undefined) {
    throw new StranglerError('EDGE_ADMIN_CLOSED', 'This edge was started without an admin token.', {
      status: 403,
      remedy: 'Start it with an admin token to use this part of the admin API.',
    });
  }
  const given = /^Bearer +([^\s]+) *$/i.exec(one(request.headers.authorization) ?? '')?.[1];
  if (given === undefined || !sameSecret(given, options.token)) {
    throw new StranglerError('EDGE_ADMIN_TOKEN', 'The admin API needs its bearer token.', {
      status: 401,
      remedy: 'Send Authorization: Bearer followed by the admin token.',
    });
  }
}

/** Digests have one length whatever was sent, so neither the time nor an early return tells anything of the secret. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}

function hostName(host: string): string {
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(host);
  return (bracketed?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase();
}

function originHost(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase();
}
