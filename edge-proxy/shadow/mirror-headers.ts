import type { Target } from '../../migration-plans/revision/revision.ts';

/** Who gets a copy. */
export type CopyTarget = Target | 'sandbox';

/** Tells a service that nobody waits for this answer. */
export const SHADOW_HEADER = 'x-strangler-shadow';
/** Tells a sandbox that this is a write which really happened elsewhere: it should mail, charge and call nobody. */
export const SANDBOX_HEADER = 'x-strangler-sandbox';

/**
 * Never copied: they describe the user's connection or body, not the request (RFC 9110 section 7.6.1), or ask for behaviour
 * that makes no sense for a copy (`expect`).
 */
const NOT_COPIED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
  SHADOW_HEADER,
  SANDBOX_HEADER,
]);

/**
 * Headers of a mirrored request, flat (name, value, …), in the order and case in which the user's request had them.
 * `overrides` are the plan's for this target: a string sets the header, null removes it.
 */
export function mirrorHeaders(
  rawHeaders: readonly string[],
  target: CopyTarget,
  overrides: Readonly<Record<string, string | null>>,
): string[] {
  const dropped = connectionNamed(rawHeaders);
  const replaced = new Map<string, string | null>();
  for (const [name, value] of Object.entries(overrides)) replaced.set(name.toLowerCase(), value);
  const headers: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const lower = name.toLowerCase();
    if (NOT_COPIED.has(lower) || dropped.has(lower) || replaced.has(lower)) continue;
    headers.push(name, rawHeaders[i + 1]!);
  }
  for (const [name, value] of replaced) {
    if (value !== null && !NOT_COPIED.has(name)) headers.push(name, value);
  }
  // The probe must look to the monolith like the user's own request, so only the others are told.
  if (target !== 'monolith') headers.push(SHADOW_HEADER, '1');
  if (target === 'sandbox') headers.push(SANDBOX_HEADER, '1');
  return headers;
}

function connectionNamed(rawHeaders: readonly string[]): Set<string> {
  const named = new Set<string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() !== 'connection') continue;
    for (const token of rawHeaders[i + 1]!.split(',')) named.add(token.trim().toLowerCase());
  }
  return named;
}
