/** Which routes of a monolith register accounts, and which let them in, by their words. Pure. */

import type { InventoryRoute } from '../../produce.ts';

export type { InventoryRoute } from '../../produce.ts';

const REGISTER =
  /regist|sign[-_]?up|enrol|inscri|create[-_]?(?:account|user)|new[-_]?(?:account|user)|join$/i;
const ACCOUNTS = /^(?:users?|accounts?|customers?|members?|people|persons?|profiles?)$/i;
const LOGIN =
  /(?:log|sign)[-_]?(?:in|on)$|^sessions?$|authenticate|^auth$|^tokens?$|anmeld|connexion|acceder/i;
/** Other ways in, and steps before or after, for which something is needed that only the account's owner has. */
const OTHERS =
  /(?:^|[-_.])(?:oauth|google|github|facebook|apple|saml|sso|oidc|magic|otp|2fa|mfa|totp|passkey|webauthn|verif|confirm|resend|refresh|forgot|reset|recover|invit|callback|device|webhook|check|newsletter|email$|log[-_]?out|sign[-_]?out)/i;
const ENDS =
  /(?<![a-z])(?:log[-_]?(?:out|off)|sign[-_]?(?:out|off))(?![a-z])|revoke|deactivate|unregister|close[-_]?account|delete[-_]?account|account\/(?:delete|close)/i;
const DESTROYS = /^(?:delete|remove|destroy|cancel|archive|purge|clear)$/i;
const MOST = 6;

/** The likeliest first. */
export function registrationRoutes<T extends InventoryRoute>(routes: readonly T[]): T[] {
  return ranked(routes, (words) => {
    const last = words.at(-1) ?? '';
    if (words.some((word) => REGISTER.test(word))) return REGISTER.test(last) ? 3 : 2;
    return ACCOUNTS.test(last) ? 1 : 0;
  });
}

export function loginRoutes<T extends InventoryRoute>(routes: readonly T[]): T[] {
  return ranked(routes, (words) => {
    const last = words.at(-1) ?? '';
    if (/(?:log|sign)[-_]?(?:in|on)$/i.test(last)) return 3;
    if (words.some((word) => /(?:log|sign)[-_]?(?:in|on)$/i.test(word))) return 2;
    return LOGIN.test(last) ? 1 : 0;
  });
}

/** Routes that give what protects unsafe requests. */
export function csrfRoutes<T extends InventoryRoute>(routes: readonly T[]): T[] {
  return routes
    .filter(({ method, path }) => method === 'GET' && /csrf|xsrf/i.test(path) && !path.includes(':'))
    .slice(0, 2);
}

/** Whether its path speaks of making an account: an e-mail that has one already would be refused. */
export function registersAccount(path: string): boolean {
  const words = path.split('/').filter((word) => word !== '' && !word.startsWith(':'));
  return words.some((word) => REGISTER.test(word)) || ACCOUNTS.test(words.at(-1) ?? '');
}

/** After these nobody is signed in any more. */
export function endsSession({ method, path }: { method: string; path: string }): boolean {
  return ENDS.test(spaced(path)) || (method === 'DELETE' && /\/(?:me|self|sessions?|account)$/i.test(path));
}

/** A route that takes something away, although it is called by POST. */
export function destroys({ path }: { path: string }): boolean {
  return DESTROYS.test(path.split('/').at(-1) ?? '');
}

function ranked<T extends InventoryRoute>(
  routes: readonly T[],
  rank: (words: readonly string[]) => number,
): T[] {
  return routes
    .filter(
      ({ method, path }) => ['POST', 'PUT', 'ALL', '*'].includes(method.toUpperCase()) && !/[:*{]/.test(path),
    )
    .map((route) => {
      const words = route.path.split('/').filter((word) => word !== '');
      return { route, words, rank: words.some((word) => OTHERS.test(spaced(word))) ? 0 : rank(words) };
    })
    .filter((item) => item.rank > 0)
    .sort((a, b) => b.rank - a.rank || a.words.length - b.words.length)
    .map(({ route }) => route)
    .slice(0, MOST);
}

/** `passwordReset` → `password-Reset`: what a word begins with is told from what it holds by chance, such as `lessons` or `presets`. */
function spaced(text: string): string {
  return text.replace(/([a-z0-9])([A-Z])/g, '$1-$2');
}
