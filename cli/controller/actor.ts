import { hostname, userInfo } from 'node:os';

/** Who takes a step, for the audit trail: STRANGLER_ACTOR (CI sets it), or the user of this machine. */
export function actorOf(env: Record<string, string | undefined>): string {
  const named = env.STRANGLER_ACTOR?.trim();
  if (named) return named.slice(0, 200);
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user id without an entry in the password file, as containers have it.
    return `uid ${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}
