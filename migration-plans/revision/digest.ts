import { createHash } from 'node:crypto';
import type { Revision } from './revision.ts';

/**
 * JSON with the keys of every object sorted by code unit and without undefined values: equal content gives equal bytes, whatever order
 * it was built in. Numbers are written as JavaScript does (RFC 8785 section 3.2.2.3).
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    const sorted = Object.create(null) as Record<string, unknown>;
    for (const key of Object.keys(item).sort()) sorted[key] = (item as Record<string, unknown>)[key];
    return sorted;
  });
}

/** SHA-256 (hex) of the canonical JSON of a revision's plans and states. */
export function digestOf(content: Pick<Revision, 'plans' | 'states'>): string {
  return createHash('sha256')
    .update(canonicalJson({ plans: content.plans, states: content.states }))
    .digest('hex');
}
