import { fisherExact, newcombe } from '../gates/statistics.ts';
import type { Decided } from './classify.ts';
import { fieldKey } from './cluster.ts';
import type { DifferenceCluster } from './evidence.ts';
import { percent } from './wording.ts';

/**
 * Relations are judged among themselves: of all answers in which a field's value was related to the clock (or to another field, or
 * to its value some time ago), how many showed this relation, with the service and with the monolith itself.
 */
export type RelationCounts = ReadonlyMap<string, { service: number; noise: number }>;

/** Certainty with which the service must break a relation more often than the monolith itself (three standard deviations). */
const Z = 3;
/** As for other clusters: many relations are looked at. */
const EXCESS_BY_CHANCE = 1e-4;
/** A relation broken in fewer answers than this beyond noise is not told from chance; a value repeating needs more, see repeats.ts. */
const MIN_EXCESS = 0.02;
const MIN_EXCESS_REPEATS = 0.3;

export function relationCounts(clusters: readonly DifferenceCluster[]): RelationCounts {
  const counts = new Map<string, { service: number; noise: number }>();
  for (const cluster of clusters) {
    if (cluster.kind !== 'relation') continue;
    const key = familyKey(cluster);
    const known = counts.get(key) ?? { service: 0, noise: 0 };
    counts.set(key, { service: known.service + cluster.seen, noise: known.noise + cluster.noiseSeen });
  }
  return counts;
}

export function judgeRelation(
  cluster: DifferenceCluster,
  counts: RelationCounts,
  field: { noise: number; service: number } | undefined,
): Decided {
  const { service, noise } = counts.get(familyKey(cluster))!;
  if (isSound(cluster.shape)) return { class: 'related', why: 'What is expected of this value.' };
  if (field !== undefined && field.noise === 0) {
    return {
      class: 'related',
      why: 'The value does not differ in the monolith itself, so its difference is judged as such.',
    };
  }
  if (noise === 0) {
    return cluster.seen === 0
      ? { class: 'related', why: 'Not seen with the service.' }
      : {
          class: 'unsettled',
          why: 'The value differs in the monolith itself, too, but no probe tells how it is related there.',
        };
  }
  const excess = newcombe(cluster.seen, service, cluster.noiseSeen, noise, Z);
  const least = cluster.shape.startsWith('again') ? MIN_EXCESS_REPEATS : MIN_EXCESS;
  const figures = `${percent(cluster.seen / Math.max(1, service))} of ${service} with the service, ${percent(cluster.noiseSeen / noise)} of ${noise} in the monolith itself`;
  const chance = fisherExact(cluster.seen, service, cluster.noiseSeen, noise);
  if (excess.lower > least && chance < EXCESS_BY_CHANCE) {
    return { class: 'difference', why: `The value is noise, but not what it is related to: ${figures}.` };
  }
  return {
    class: cluster.noiseSeen > 0 ? 'noise' : 'related',
    why: `Not told from the monolith's own: ${figures}.`,
  };
}

/** Shapes that say that all is well; their counterparts are the findings. */
function isSound(shape: string): boolean {
  return (
    shape === 'clock in step' ||
    shape === 'size near' ||
    shape.endsWith(': kept') ||
    shape.startsWith('changed after')
  );
}

/** Shapes that exclude each other: one of them holds whenever the family was looked at. */
function familyKey(cluster: DifferenceCluster): string {
  const { shape } = cluster;
  const family = /^(?:clock|size) /.test(shape)
    ? shape.slice(0, 5).trim()
    : shape.startsWith('same as ')
      ? shape.replace(/: (?:kept|broken)$/, '')
      : shape.replace(/^(?:again|changed) /, 'value ');
  return `${fieldKey(cluster)}\n${family}`;
}
