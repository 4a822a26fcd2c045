import { secretKind } from './names.ts';
import type { RedactContext } from './redactor.ts';
import { maskValue, redactPatterns } from './text.ts';

/** A path segment after one of these is the secret itself: links that log in, confirm or reset. */
const BEFORE_SECRET =
  /^(?:reset|reset-password|password-reset|verify|verification|confirm|confirmation|activate|activation|invite|invitation|unsubscribe|magic|magic-link|token|tokens|session|sessions|login|share)$/i;

/** Keeps the form of a URL: path segments and parameter names stay, values go where they are secret. Never throws. */
export function redactUrl(url: string, context: RedactContext): string {
  const hash = url.indexOf('#');
  const withoutHash = hash < 0 ? url : url.slice(0, hash);
  const question = withoutHash.indexOf('?');
  const path = question < 0 ? withoutHash : withoutHash.slice(0, question);
  const segments = path.split('/');
  const redacted = segments.map((segment, i) => {
    const before = segments[i - 1];
    if (before !== undefined && BEFORE_SECRET.test(before) && segment.length >= 12 && /\d/.test(segment)) {
      context.count.add();
      return maskValue('secret', segment);
    }
    return redactPart(segment, context);
  });
  // A user name and password stand across a slash: scheme://user:password@host.
  let result = redactPatterns(redacted.join('/'), context.patterns, context.count);
  if (question >= 0) result += `?${redactQuery(withoutHash.slice(question + 1), context)}`;
  // A fragment can be a query of its own: the implicit flow of OAuth 2.0 hands out tokens in it.
  return hash < 0 ? result : `${result}#${redactQuery(url.slice(hash + 1), context)}`;
}

function redactQuery(query: string, context: RedactContext): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0) return redactPart(pair, context);
      const name = decode(pair.slice(0, equals));
      const kind = context.query.has(name) ? 'hidden' : secretKind(name);
      if (kind === undefined)
        return `${redactPart(pair.slice(0, equals), context)}=${redactPart(pair.slice(equals + 1), context)}`;
      context.count.add();
      return `${pair.slice(0, equals)}=${maskValue(kind, pair.slice(equals + 1))}`;
    })
    .join('&');
}

/** Looks at the decoded text and keeps the encoded one if there is nothing to hide. */
function redactPart(part: string, context: RedactContext): string {
  const decoded = decode(part);
  const redacted = redactPatterns(decoded, context.patterns, context.count);
  // A plus is a space in forms and itself elsewhere, so what stands there is looked at both ways.
  return redacted === decoded ? redactPatterns(part, context.patterns, context.count) : redacted;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
