import { secretKind } from './names.ts';
import type { RedactContext } from './redactor.ts';
import { MAX_REDACTED_LENGTH, maskValue, redactPatterns } from './text.ts';

/** `name=value`, `name: value`, `"name": "value"`: in logs, query strings, forms, and JSON that is cut or broken. */
const PAIR =
  /(["']?)\b([A-Za-z_][\w.-]{1,80})\1(\s{0,3}[=:]\s{0,3})(?:"((?:[^"\\]|\\.){0,8192})"?|'((?:[^'\\]|\\.){0,8192})'?|([^\s"'&;,<>{}[\]«]{1,4096}))/g;

/** Hides values whose names say what they are, and whatever looks like a secret. */
export function redactPlain(text: string, context: RedactContext): string {
  const bounded = text.length > MAX_REDACTED_LENGTH ? `${text.slice(0, MAX_REDACTED_LENGTH)}…` : text;
  const named = bounded.replace(
    PAIR,
    (found, quote: string, name: string, mark: string, double?: string, single?: string, bare?: string) => {
      const kind = context.query.has(name) ? 'hidden' : secretKind(name);
      if (kind === undefined) return found;
      // "Basic …" and "Bearer …" go on after a space: the patterns take the whole of it.
      if (bare !== undefined && /^(?:basic|bearer|digest|token)$/i.test(bare)) return found;
      context.count.add();
      const value = maskValue(kind, double ?? single ?? bare ?? '');
      const around = double !== undefined ? '"' : single !== undefined ? "'" : '';
      return `${quote}${name}${quote}${mark}${around}${value}${around}`;
    },
  );
  return redactPatterns(named, context.patterns, context.count);
}
