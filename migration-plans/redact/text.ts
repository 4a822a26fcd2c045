import { PATTERNS } from './patterns.ts';

/** What was hidden in how many places. */
export class RedactionCount {
  total = 0;
  add(places = 1): void {
    this.total += places;
  }
}

/** Characters looked at one by one; what is longer is cut off before, so that the cost of redacting is bounded. */
export const MAX_REDACTED_LENGTH = 1_000_000;

/** `«email»`: what was there, never how it read. */
export function mask(kind: string): string {
  return `«${kind}»`;
}

/** A text whose name says that it is secret: kind and class of length are kept, so that examples can still be read. */
export function maskValue(kind: string, value: string): string {
  if (value === '') return '';
  const length =
    value.length < 8
      ? '<8'
      : value.length < 16
        ? '8+'
        : value.length < 32
          ? '16+'
          : value.length < 64
            ? '32+'
            : '64+';
  return `«${kind} ${length}»`;
}

/** Hides what looks like a secret or personal data anywhere in a text, then the plan's own patterns. */
export function redactPatterns(text: string, own: readonly RegExp[], count: RedactionCount): string {
  let result = text.length > MAX_REDACTED_LENGTH ? `${text.slice(0, MAX_REDACTED_LENGTH)}…` : text;
  for (const { name, regexp, confirm } of PATTERNS) {
    result = result.replace(regexp, (found) => {
      if (confirm !== undefined && !confirm(found)) return found;
      count.add();
      return mask(name);
    });
  }
  for (const pattern of own) {
    result = result.replace(pattern, (found) => {
      if (found === '') return '';
      count.add();
      return mask('hidden');
    });
  }
  return result;
}
