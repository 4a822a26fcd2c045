/** What mails let their receiver do: links, with the tokens in them. Pure. */
import type { Mail } from './mailbox.ts';

export interface Letter {
  /** Words of the link's path, and of its subject. */
  words: ReadonlySet<string>;
  subject: ReadonlySet<string>;
  /** Parameters of the link's query; under '' what the path ends with. */
  values: ReadonlyMap<string, string>;
}

const MOST_LINKS = 20;
/** They say nothing of what a route does. */
const COMMON = new Set([
  'api',
  'auth',
  'user',
  'users',
  'account',
  'accounts',
  'http',
  'https',
  'www',
  'html',
]);

export function lettersOf(mails: readonly Mail[], address: string): Letter[] {
  return mails
    .filter(({ to }) => to.includes(address.toLowerCase()))
    .flatMap(({ text }) => {
      const subject = wordsOf(/^subject:[ \t]*(.*(?:\r?\n[ \t].*)*)/im.exec(text)?.[1] ?? '');
      const links = new Set(plainOf(text).match(/https?:\/\/[^\s"'<>()[\]{}]+/g) ?? []);
      return [...links].slice(0, MOST_LINKS).flatMap((link) => letterOf(link, subject) ?? []);
    });
}

function letterOf(link: string, subject: ReadonlySet<string>): Letter | undefined {
  let url: URL;
  try {
    url = new URL(link.replace(/&amp;/g, '&').replace(/[.,;:!?]+$/, ''));
  } catch {
    return undefined;
  }
  // Pages of one file have their path behind the hash.
  const inner = /^#!?\//.test(url.hash) ? new URL(url.hash.replace(/^#!?/, ''), url.origin) : undefined;
  const path = `${url.pathname}${inner?.pathname ?? ''}`;
  const parts = path.split('/').filter((part) => part !== '');
  const last = parts.at(-1) ?? '';
  const values = new Map([...url.searchParams, ...(inner?.searchParams ?? [])]);
  const words = wordsOf(parts.join(' '));
  if (isToken(last)) values.set('', decodeURIComponent(last));
  return values.size === 0 ? undefined : { words, subject, values };
}

function isToken(text: string): boolean {
  return text.length >= 6 && /\d/.test(text) && /^[\w.~%-]+$/.test(text);
}

/**
 * The value that a route asks for and that was mailed: of the letter whose link, or subject, speaks most of what the route does; the
 * newest of these.
 */
export function mailed(letters: readonly Letter[], field: string, path: string): string | undefined {
  if (!/token|code|key|hash|signature|otp/i.test(field)) return undefined;
  const route = wordsOf(path.replace(/:\w+/g, ''));
  const common = (words: ReadonlySet<string>): number => [...words].filter((word) => route.has(word)).length;
  let best: { value: string; score: number } | undefined;
  for (const { words, subject, values } of letters) {
    const value =
      values.get(field) ?? values.get('') ?? (values.size === 1 ? [...values.values()][0] : undefined);
    const score = common(words) * 2 + common(subject);
    if (value !== undefined && score > 0 && score >= (best?.score ?? 0)) best = { value, score };
  }
  return best?.value;
}

function wordsOf(text: string): Set<string> {
  const words = text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return new Set(words.filter((word) => word.length > 2 && !COMMON.has(word)));
}

/** Texts of a mail as they are read: quoted-printable and base64 undone, wherever a part says so. */
function plainOf(mail: string): string {
  const parts = mail.split(/^--.*$/m);
  return parts
    .map((part) => {
      const coded = /^content-transfer-encoding:[ \t]*(\S+)/im.exec(part)?.[1]?.toLowerCase();
      const body = part.slice(Math.max(0, part.search(/\r?\n\r?\n/)));
      if (coded === 'base64') return Buffer.from(body.replace(/\s+/g, ''), 'base64').toString('utf8');
      if (coded !== 'quoted-printable') return body;
      return body
        .replace(/=\r?\n/g, '')
        .replace(/=([0-9A-F]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
    })
    .join('\n');
}
