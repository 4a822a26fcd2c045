/** By what the code recognises a user: a session's cookie or a header. */
import type { OutputFile } from '../spec.ts';

export type StickyKey = { cookie: string } | { header: string };

const SESSION_PACKAGES: [mention: RegExp, option: RegExp, fallback: string][] = [
  [/['"]express-session['"]/, /\bname\s*:\s*['"]([\w.-]+)['"]/, 'connect.sid'],
  [/['"]cookie-session['"]/, /\bname\s*:\s*['"]([\w.-]+)['"]/, 'session'],
  [/['"]@fastify\/session['"]/, /\bcookieName\s*:\s*['"]([\w.-]+)['"]/, 'sessionId'],
  [/['"]@fastify\/secure-session['"]/, /\bcookieName\s*:\s*['"]([\w.-]+)['"]/, 'session'],
];

const LIKE_A_SESSION = /sess|sid$|^sid|token|auth|jwt|user|login/i;

/** Keys in the order in which a plan names them; empty: the code shows none. */
export function stickyKeys(taken: readonly OutputFile[]): StickyKey[] {
  const cookies = new Set<string>();
  let authorization = false;
  for (const { text } of taken) {
    for (const [mention, option, fallback] of SESSION_PACKAGES) {
      if (mention.test(text)) cookies.add(option.exec(text)?.[1] ?? fallback);
    }
    const constants = new Map(
      [...text.matchAll(/\bconst\s+(\w+)\s*=\s*['"]([\w.-]+)['"]/g)].map((match) => [match[1], match[2]]),
    );
    for (const match of text.matchAll(
      /\b(?:cookies|signedCookies)\s*(?:\??\.\s*(\w+)|(?:\?\.)?\[\s*(?:['"]([\w.-]+)['"]|(\w+))\s*\])/g,
    )) {
      const name = match[1] ?? match[2] ?? constants.get(match[3] ?? '');
      if (name !== undefined && LIKE_A_SESSION.test(name)) cookies.add(name);
    }
    if (
      /headers\s*(?:\??\.\s*authorization\b|(?:\?\.)?\[\s*['"]authorization['"])|\b(?:header|get)\(\s*['"]authorization['"]|passport-jwt|@fastify\/jwt|express-jwt/i.test(
        text,
      )
    ) {
      authorization = true;
    }
  }
  const keys: StickyKey[] = [...cookies].sort().map((cookie) => ({ cookie }));
  return authorization ? [...keys, { header: 'authorization' }] : keys;
}
