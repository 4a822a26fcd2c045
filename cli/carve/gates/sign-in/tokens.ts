/** Tokens in answers. Pure. */
import type { Csrf } from './identity.ts';
import { isCsrfName } from './pages.ts';

const JWT = /^[\w-]{8,}\.[\w-]{8,}\.[\w-]*$/;
const NAMED = /token|jwt|bearer|session/i;
const MOST_VALUES = 500;

/** Texts of a JSON document by their path: `tokens.access.token`. Bounded. */
export function textsOf(value: unknown): { path: string; value: string }[] {
  const found: { path: string; value: string }[] = [];
  const visit = (item: unknown, path: string, depth: number): void => {
    if (found.length >= MOST_VALUES || depth > 8) return;
    if (typeof item === 'string') found.push({ path, value: item });
    else if (typeof item === 'object' && item !== null)
      for (const [key, inner] of Object.entries(item))
        visit(inner, path === '' ? key : `${path}.${key}`, depth + 1);
  };
  visit(value, '', 0);
  return found;
}

/** What may say who is calling, the likeliest first: JWTs before opaque ones, tokens for refreshing last. */
export function tokensIn(value: unknown): { path: string; value: string }[] {
  const rank = ({ path, value: text }: { path: string; value: string }): number =>
    (/refresh|csrf|xsrf|reset|verif/i.test(path) ? 4 : 0) +
    (JWT.test(text) ? 0 : 2) +
    (/access|jwt|bearer/i.test(path) ? 0 : 1);
  return textsOf(value)
    .filter(
      ({ path, value: text }) => JWT.test(text) || (NAMED.test(path) && /^[\w.+/=|~:-]{16,}$/.test(text)),
    )
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, 6);
}

/** Fields of later requests that an answer gave: `refreshToken` from `tokens.refresh.token` or `refresh_token`. */
export function valueNamed(
  texts: readonly { path: string; value: string }[],
  field: string,
): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const wanted = plain(field);
  const exact = texts.find(({ path }) => plain(path) === wanted);
  if (exact !== undefined || !wanted.includes('token')) return exact?.value;
  // `refreshToken` is `tokens.refresh.token`, `tokens.refresh` or `data.refresh_token`.
  const kind = wanted.replaceAll('token', '');
  return texts.find(({ path }) => plain(path).includes('token') && plain(path).includes(kind))?.value;
}

export function csrfInJson(value: unknown): Csrf | undefined {
  const found = textsOf(value).find(({ path, value: text }) => isCsrfName(path) && text.length >= 8);
  return found === undefined ? undefined : { field: '_csrf', header: 'x-csrf-token', value: found.value };
}

/** By the path as people write it: `tokens.access.token`, `$.tokens[0]`. */
export function valueAt(value: unknown, path: string): unknown {
  const parts = path
    .replace(/^\$\.?/, '')
    .split(/[.[\]]+/)
    .filter((part) => part !== '');
  let at: unknown = value;
  for (const part of parts) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}
