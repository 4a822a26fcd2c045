import { fisherExact, newcombe, wilson, Z95 } from '../gates/statistics.ts';
import { fieldKey, isStructural, SEVERITY_WEIGHT, type Severity, severityOf } from './cluster.ts';
import { describeCluster } from './describe.ts';
import type { DifferenceCluster, EvidenceSummary, Funnel } from './evidence.ts';
import { judgeRelation, type RelationCounts, relationCounts } from './relations.ts';
import { percent } from './wording.ts';

/**
 * `difference`: the service answers otherwise. `rare`: so does it, in few answers, but in their form: no threshold hides it.
 * `unsettled`: too few probes to tell from noise. `noise`: the monolith differs from itself as much. `related`: a statistic that
 * only explains another cluster.
 */
export type ClusterClass = 'difference' | 'rare' | 'unsettled' | 'noise' | 'related';

export interface Rate {
  seen: number;
  of: number;
  rate: number;
  /** Wilson interval, 95 %. */
  lower: number;
  upper: number;
}

export interface ClassifiedCluster {
  cluster: DifferenceCluster;
  class: ClusterClass;
  severity: Severity;
  structural: boolean;
  service: Rate;
  noise: Rate;
  /** Share of answers that differ beyond noise (Newcombe interval). */
  excess: { estimate: number; lower: number; upper: number };
  /** Share of answers that certainly differ beyond noise: what clusters are ranked by. */
  certainShare: number;
  /** Share of the capability's comparisons that are of this route. */
  trafficShare: number;
  score: number;
  /** In plain words: what differs, where, how often. */
  description: string;
  /** In plain words: why it is or isn't noise. */
  why: string;
}

/** Below this share of answers (upper bound) a structural difference is called rare. */
const RARE_SHARE = 0.01;
/** Sightings in probes from which a structural difference of the monolith itself is more than chance. */
const MIN_STRUCTURAL_NOISE = 3;
/** A difference that no probe shows is told from noise when, were it noise, probes would have shown it with this certainty. */
const MISSED_BY_CHANCE = 0.05;
/**
 * Chance of an excess as large by luck alone, below which a difference that the monolith shows, too, counts as more than its noise.
 * Reports have hundreds of noisy clusters: one in a hundred would put false ones into every report.
 */
const EXCESS_BY_CHANCE = 1e-4;
/** Stricter where the field is known to be noisy in another shape, such as a random decimal that is whole by chance. */
const MISSED_BY_CHANCE_NOISY = 0.001;

const ORDER: readonly ClusterClass[] = ['difference', 'rare', 'unsettled', 'noise', 'related'];

/**
 * Judges and ranks every cluster: differences first, by severity × certain share × traffic. `probed`: false where no probe ever tells
 * noise, as with writes; then only what differs in form is a difference.
 */
export function classify(
  summary: Pick<EvidenceSummary, 'clusters' | 'funnel'>,
  { probed = true }: { probed?: boolean } = {},
): ClassifiedCluster[] {
  const total = Object.values(summary.funnel).reduce((sum, funnel) => sum + funnel.compared, 0);
  const fields = noisyFields(summary.clusters);
  const relations = relationCounts(summary.clusters);
  const classified = summary.clusters.map((cluster) => {
    const entry = classifyCluster(cluster, summary.funnel[cluster.route], total, fields, relations);
    return probed ? entry : { ...entry, ...unprobed(entry) };
  });
  return classified.sort(byRank);
}

export function byRank(a: ClassifiedCluster, b: ClassifiedCluster): number {
  return (
    ORDER.indexOf(a.class) - ORDER.indexOf(b.class) ||
    b.score - a.score ||
    (a.cluster.id < b.cluster.id ? -1 : 1)
  );
}

/** Route and path → probes in which the value of this field differed. */
type NoisyFields = ReadonlyMap<string, { noise: number; service: number }>;

function classifyCluster(
  cluster: DifferenceCluster,
  funnel: Funnel | undefined,
  total: number,
  fields: NoisyFields,
  relations: RelationCounts,
): ClassifiedCluster {
  const compared = Math.max(funnel?.compared ?? 0, cluster.seen);
  const probes = Math.max(funnel?.probes ?? 0, cluster.noiseSeen);
  const service = rateOf(cluster.seen, compared);
  const noise = rateOf(cluster.noiseSeen, probes);
  const severity = severityOf(cluster);
  const structural = isStructural(cluster);
  const excess = newcombe(cluster.seen, compared, cluster.noiseSeen, probes);
  const certainShare = cluster.noiseSeen === 0 ? service.lower : Math.max(0, excess.lower);
  const trafficShare = total === 0 ? 0 : compared / total;
  const field = fields.get(fieldKey(cluster));
  const decided =
    cluster.kind === 'relation' && !cluster.shape.startsWith('id map')
      ? judgeRelation(cluster, relations, field)
      : structural
        ? judgeStructural(cluster, service, noise, field)
        : judgeContent(cluster, service, noise, field);
  return {
    cluster,
    class: decided.class,
    severity,
    structural,
    service,
    noise,
    excess,
    certainShare,
    trafficShare,
    score: SEVERITY_WEIGHT[severity] * certainShare * trafficShare,
    description: describeCluster(cluster, compared),
    why: decided.why,
  };
}

/** Form does not depend on the data, content does. */
function unprobed({ structural, service, cluster }: ClassifiedCluster): Decided {
  const made = cluster.kind === 'relation';
  if (structural || made) {
    return {
      class: service.upper < RARE_SHARE ? 'rare' : 'difference',
      why: made
        ? 'The sandbox may make up its own value, but not always the same one, nor one that stands for two things.'
        : 'A sandbox has other data, but its answers must have the same form.',
    };
  }
  return {
    class: 'unsettled',
    why: 'A write is not sent to the monolith twice, and the sandbox has other data: whether this is noise has to be judged by eye.',
  };
}

export interface Decided {
  class: ClusterClass;
  why: string;
}

function judgeStructural(
  cluster: DifferenceCluster,
  service: Rate,
  noise: Rate,
  field: { noise: number } | undefined,
): Decided {
  if (cluster.seen === 0)
    return { class: 'noise', why: `Only seen when the monolith was compared with itself (${times(noise)}).` };
  const found = (): ClusterClass => (service.upper < RARE_SHARE ? 'rare' : 'difference');
  if (cluster.noiseSeen === 0) {
    const noisyFormat =
      cluster.kind === 'format' && (field?.noise ?? 0) > 0 && !/→(?:nonsense|empty)$/.test(cluster.shape);
    if (noisyFormat && missedByChance(service, noise) > MISSED_BY_CHANCE_NOISY) {
      return {
        class: 'unsettled',
        why: `The field differs in the monolith itself, and ${noise.of} probes are too few to tell whether its format does, too.`,
      };
    }
    return {
      class: found(),
      why: `The monolith never differs from itself like this (0 of ${noise.of} probes), and form is never taken for noise.`,
    };
  }
  if (isExcess(service, noise)) return { class: found(), why: moreOften(service, noise) };
  if (cluster.noiseSeen < MIN_STRUCTURAL_NOISE) {
    return {
      class: 'unsettled',
      why: `The monolith showed the same ${times(noise)}: too few to take a difference in form for noise.`,
    };
  }
  return { class: 'noise', why: asOften(service, noise) };
}

function judgeContent(
  cluster: DifferenceCluster,
  service: Rate,
  noise: Rate,
  field: { noise: number; service: number } | undefined,
): Decided {
  if (cluster.seen === 0)
    return { class: 'noise', why: `Only seen when the monolith was compared with itself (${times(noise)}).` };
  if (cluster.noiseSeen === 0) {
    const chance = missedByChance(service, noise);
    const noisy = (field?.noise ?? 0) > 0;
    if (
      noisy &&
      chance > MISSED_BY_CHANCE &&
      !isExcess(fieldRate(field!.service, service.of), fieldRate(field!.noise, noise.of))
    ) {
      return {
        class: 'noise',
        why: 'The value differs in the monolith itself as often; that it does so in this shape is no more than chance.',
      };
    }
    if (chance > (noisy ? MISSED_BY_CHANCE_NOISY : MISSED_BY_CHANCE)) {
      return {
        class: 'unsettled',
        why: `No probe shows it, but with ${noise.of} probes that would be no surprise if it were noise (${percent(chance)}).`,
      };
    }
    return {
      class: 'difference',
      why: `The monolith never differs from itself like this (0 of ${noise.of} probes).`,
    };
  }
  if (isExcess(service, noise)) return { class: 'difference', why: moreOften(service, noise) };
  return { class: 'noise', why: asOften(service, noise) };
}

function isExcess(service: Rate, noise: Rate): boolean {
  return fisherExact(service.seen, service.of, noise.seen, noise.of) < EXCESS_BY_CHANCE;
}

/** Sightings of a field in any shape; one answer may show several, so there may be more of them than answers. */
function fieldRate(seen: number, of: number): Rate {
  return rateOf(Math.min(seen, of), of);
}

/**
 * Chance that no probe shows a difference which the monolith itself has at the service's rate: at the rate that is certain, since what
 * was seen in five answers of five may well be missing from the one that was probed.
 */
function missedByChance(service: Rate, noise: Rate): number {
  return (1 - service.lower) ** noise.of;
}

function noisyFields(clusters: readonly DifferenceCluster[]): NoisyFields {
  const fields = new Map<string, { noise: number; service: number }>();
  for (const cluster of clusters) {
    if (cluster.kind !== 'value' && cluster.kind !== 'header-value') continue;
    const key = fieldKey(cluster);
    const known = fields.get(key) ?? { noise: 0, service: 0 };
    fields.set(key, { noise: known.noise + cluster.noiseSeen, service: known.service + cluster.seen });
  }
  return fields;
}

export function rateOf(seen: number, of: number): Rate {
  return { seen, of, rate: of === 0 ? 0 : seen / of, ...wilson(seen, of, Z95) };
}

function moreOften(service: Rate, noise: Rate): string {
  return `More often than the monolith differs from itself: ${times(service)} against ${times(noise)}.`;
}

function asOften(service: Rate, noise: Rate): string {
  return `The monolith differs from itself as often: ${times(noise)} against ${times(service)}.`;
}

function times(rate: Rate): string {
  return `${rate.seen} of ${rate.of} (${percent(rate.rate)})`;
}
