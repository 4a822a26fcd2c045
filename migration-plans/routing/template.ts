import { canonicalSegment } from './path.ts';

/**
 * Path templates of plans: `/products/:slug/reviews`, or with a tail: `/files/*`.
 *
 * - A static segment matches itself, in canonical form (see `path.ts`).
 * - `:name` matches exactly one segment that is not empty.
 * - `*` may only stand alone at the end and matches everything below: one or more segments, of which the last may be empty.
 *   `/files/*` matches `/files/`, `/files/a` and `/files/a/b`, and not `/files`.
 * - A trailing slash is meant: `/products` and `/products/` are two templates.
 */
export interface Template {
  readonly segments: readonly Segment[];
  readonly tail: boolean;
}

/** Static text in canonical form, or null for a parameter. */
export type Segment = string | null;

export type ParsedTemplate = { template: Template; names: string[] } | { problem: string };

export const MAX_TEMPLATE_LENGTH = 1024;
export const MAX_TEMPLATE_SEGMENTS = 32;

const PARAMETER = /^:[A-Za-z_][A-Za-z0-9_]*$/;

/** Parses a template; `problem` says in a sentence what is wrong and how it should be written. */
export function parseTemplate(text: string): ParsedTemplate {
  if (!text.startsWith('/')) return { problem: `a path template starts with "/", as in "/${text}"` };
  if (text.length > MAX_TEMPLATE_LENGTH)
    return { problem: `a path template has at most ${MAX_TEMPLATE_LENGTH} characters` };
  const parts = text.slice(1).split('/');
  if (parts.length > MAX_TEMPLATE_SEGMENTS)
    return { problem: `a path template has at most ${MAX_TEMPLATE_SEGMENTS} segments` };
  const tail = parts.at(-1) === '*';
  if (tail) parts.pop();
  const segments: Segment[] = [];
  const names: string[] = [];
  for (const [position, part] of parts.entries()) {
    if (part === '' && (tail || position < parts.length - 1))
      return { problem: 'two slashes in a row never match: write a single "/"' };
    if (part.startsWith(':')) {
      if (!PARAMETER.test(part))
        return {
          problem: `"${part}" is no parameter: a parameter is a whole segment of ":" and a name of letters, digits and "_"`,
        };
      const name = part.slice(1);
      if (names.includes(name)) return { problem: `the parameter ":${name}" occurs twice` };
      names.push(name);
      segments.push(null);
      continue;
    }
    const problem = problemOfStatic(part);
    if (problem !== undefined) return { problem };
    segments.push(canonicalSegment(encodeNonAscii(part))!);
  }
  return { template: { segments, tail }, names };
}

function problemOfStatic(part: string): string | undefined {
  if (part.includes('*')) return '"*" may only stand alone as the last segment, as in "/files/*"';
  if (/[{}]/.test(part)) return `write a parameter as ":name", not as "${part}"`;
  if (/[?#]/.test(part)) return 'a template is a path only: queries and fragments are not matched';
  if (/[\s\p{Cc}<>"^`|\\]/u.test(part))
    return `"${part}" has a character that must be percent-encoded in a path`;
  if (part.includes(';')) return 'a path with ";" is always the monolith’s, so no template can claim it';
  // Well-formed surrogates only: encodeURIComponent throws on a lone one.
  if (!part.isWellFormed()) return `"${part}" is not valid Unicode`;
  const canonical = canonicalSegment(encodeNonAscii(part));
  if (canonical === undefined)
    return `"${part}" has a percent-encoding that is malformed or that servers read differently ("%2F", "%5C", "%00")`;
  if (canonical === '.' || canonical === '..') return 'dot segments are always the monolith’s';
  return undefined;
}

function encodeNonAscii(part: string): string {
  return part.replace(/[^\x20-\x7e]+/g, (text) => encodeURIComponent(text));
}

/** The requests that both templates match, as a template; undefined if there are none. Always a single template. */
export function intersect(a: Template, b: Template): Template | undefined {
  const [short, long] = a.segments.length <= b.segments.length ? [a, b] : [b, a];
  const shorter = short.segments.length;
  if (shorter < long.segments.length && !short.tail) return undefined;
  if (shorter === long.segments.length && short.tail !== long.tail) return undefined;
  const segments: Segment[] = [];
  for (const [position, other] of long.segments.entries()) {
    const own = position < shorter ? short.segments[position]! : null;
    // A parameter needs a segment that is not empty; a tail takes an empty one as well.
    if (own === null) {
      if (other === '' && position < shorter) return undefined;
      segments.push(other);
    } else if (other === null) {
      if (own === '') return undefined;
      segments.push(own);
    } else if (own === other) segments.push(own);
    else return undefined;
  }
  return { segments, tail: long.tail };
}

/** Every request that `inner` matches is matched by `outer`. */
export function covers(outer: Template, inner: Template): boolean {
  const common = intersect(outer, inner);
  return common !== undefined && shapeOf(common) === shapeOf(inner);
}

/** Equal exactly for templates that match the same requests: parameter names do not matter. */
export function shapeOf(template: Template): string {
  const parts = template.segments.map((segment) => segment ?? ':');
  if (template.tail) parts.push('*');
  return `/${parts.join('/')}`;
}
