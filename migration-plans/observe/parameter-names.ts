import { PARAMETER } from './infer-tree.ts';
import type { SegmentKind } from './segment.ts';
import { singular } from './vocabulary.ts';

const NAMES: Record<SegmentKind, string> = {
  number: 'id',
  uuid: 'id',
  hash: 'id',
  id: 'id',
  date: 'date',
  email: 'email',
  handle: 'handle',
  token: 'token',
  file: 'file',
  encoded: 'value',
  text: 'value',
  any: 'name',
  locale: 'locale',
};

/**
 * A name for a parameter, unique within its path: `:slug`, `:id`, and for a second one `:reviewId`, after the word in front of it.
 * `before`: tokens in front of it.
 */
export function parameterName(
  kind: SegmentKind,
  samples: readonly string[],
  before: readonly string[],
  taken: readonly string[],
): string {
  const titled = kind === 'any' && samples.some((sample) => /[a9]-[a9]/.test(sample));
  const base = titled ? 'slug' : NAMES[kind];
  if (!taken.includes(base)) return base;
  const word = before.at(-1) ?? '';
  const thing = word === PARAMETER ? '' : camel(singular(word));
  const longer = thing === '' ? '' : `${thing}${base[0]!.toUpperCase()}${base.slice(1)}`;
  if (longer !== '' && !taken.includes(longer)) return longer;
  for (let number = 2; ; number++) if (!taken.includes(`${base}${number}`)) return `${base}${number}`;
}

/** `order-items` → `orderItems`; empty if nothing is left that may begin a name. */
function camel(word: string): string {
  const [first = '', ...rest] = word.split(/[^A-Za-z0-9]+/).filter((part) => part !== '');
  const joined = first.toLowerCase() + rest.map((part) => part[0]!.toUpperCase() + part.slice(1)).join('');
  return /^[a-z]/.test(joined) ? joined : '';
}
