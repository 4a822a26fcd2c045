import type { ClassifiedCluster } from '../../migration-plans/evidence/classify.ts';
import type { NoiseCause } from './view.ts';

/** Why an answer may differ from itself, in the order in which people ask. */
const CAUSES: readonly { name: string; words: string; is(cluster: ClassifiedCluster['cluster']): boolean }[] =
  [
    {
      name: 'time',
      words: 'Times that move with the clock. Still checked: format, and how far they are from the clock.',
      is: ({ kind, shape }) => shape.startsWith('clock ') || (isValue(kind) && /iso-|http-date/.test(shape)),
    },
    {
      name: 'made-up value',
      words:
        'Ids, tokens and the like, made anew each time. Still checked: format, that they change, and what they agree with.',
      is: ({ kind, shape }) =>
        /^(?:same as|again|changed) /.test(shape) || (isValue(kind) && /uuid|hex|token|jwt/.test(shape)),
    },
    {
      name: 'order',
      words: 'Lists that come in any order. Still checked: that the same elements are in them.',
      is: ({ kind }) => kind === 'order',
    },
    {
      name: 'coming and going',
      words: 'Fields and elements that are there only sometimes. Still checked: how often.',
      is: ({ kind }) => ['missing', 'extra', 'length', 'header-missing', 'header-extra'].includes(kind),
    },
    {
      name: 'number',
      words: 'Numbers that change by themselves, such as counters. Still checked: type, format and size.',
      is: ({ kind, shape }) =>
        /^size /.test(shape) || (isValue(kind) && /integer|decimal|digits|money/.test(shape)),
    },
    {
      name: 'text',
      words: 'Other values that change by themselves. Still checked: type and format.',
      is: ({ kind }) => isValue(kind) || kind === 'relation',
    },
    {
      name: 'form',
      words: 'The monolith answers in another form by itself, about as often as the service does.',
      is: () => true,
    },
  ];

function isValue(kind: string): boolean {
  return kind === 'value' || kind === 'header-value';
}

/** The noise table in a few lines: why there is noise, in how many fields, and in which for example. Most fields first. */
export function noiseCauses(noise: readonly ClassifiedCluster[]): NoiseCause[] {
  const found = new Map<string, { words: string; fields: Set<string>; most: ClassifiedCluster }>();
  for (const entry of noise) {
    const { name, words } = CAUSES.find((cause) => cause.is(entry.cluster))!;
    const known = found.get(name) ?? { words, fields: new Set(), most: entry };
    known.fields.add(`${entry.cluster.route} ${entry.cluster.path}`);
    if (entry.noise.rate > known.most.noise.rate) known.most = entry;
    found.set(name, known);
  }
  return [...found]
    .map(([cause, { words, fields, most }]) => ({
      cause,
      words,
      fields: fields.size,
      example: { route: most.cluster.route, path: most.cluster.path, share: most.noise.rate },
    }))
    .sort((a, b) => b.fields - a.fields || (a.cause < b.cause ? -1 : 1));
}
