import { createHash, type Hash } from 'node:crypto';
import { atOnce } from '../in-steps.ts';
import type { Revision } from './revision.ts';

/**
 * JSON with the keys of every object sorted by code unit and without undefined values: equal content gives equal bytes, whatever order
 * it was built in. Numbers are written as JavaScript does (RFC 8785 section 3.2.2.3).
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return sorted(item);
  });
}

type Content = Pick<Revision, 'plans' | 'states'>;

/** SHA-256 (hex) of the canonical JSON of a revision's plans and states. */
export function digestOf(content: Content): string {
  return atOnce(digestSteps(content));
}

/** `digestOf` in steps of one plan. */
export function* digestSteps({ plans, states }: Content): Generator<void, string> {
  const hash = createHash('sha256');
  hash.update('{"plans":{');
  yield* addMembers(hash, plans);
  hash.update('},"states":{');
  yield* addMembers(hash, states);
  return hash.update('}}').digest('hex');
}

/** Characters that are hashed in one step: well below a millisecond. */
const TEXT_A_STEP = 262_144;

/**
 * The digest from plans and states that are canonical JSON already, as a store keeps them: a tenth of the work. Of other JSON it is not
 * the digest of its content.
 */
export function* textDigestSteps(plans: string, states: string): Generator<void, string> {
  const hash = createHash('sha256');
  for (const text of ['{"plans":', plans, ',"states":', states, '}']) {
    for (let start = 0; start < text.length; ) {
      let end = Math.min(start + TEXT_A_STEP, text.length);
      // A character of two code units must not be cut.
      if (end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00) end += 1;
      hash.update(text.slice(start, end));
      start = end;
      yield;
    }
  }
  return hash.digest('hex');
}

function* addMembers(hash: Hash, object: Readonly<Record<string, unknown>>): Generator<void, void> {
  let separator = '';
  for (const [name, value] of Object.entries(sorted(object))) {
    const text = canonicalJson(value) as string | undefined;
    if (text === undefined) continue;
    hash.update(`${separator}${JSON.stringify(name)}:${text}`);
    separator = ',';
    yield;
  }
}

function sorted(object: object): Record<string, unknown> {
  const result = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(object).sort()) result[key] = (object as Record<string, unknown>)[key];
  return result;
}
