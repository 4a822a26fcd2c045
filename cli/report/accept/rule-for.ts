import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import type { DifferenceCluster } from '../../../migration-plans/evidence/evidence.ts';
import type { CompareRule } from '../../../migration-plans/plan/plan.ts';

export const ACCEPT_AS = ['tolerance', 'format', 'unordered', 'ignore'] as const;
export type AcceptAs = (typeof ACCEPT_AS)[number];

type Cluster = Pick<DifferenceCluster, 'route' | 'path' | 'kind' | 'shape' | 'examples'>;

/**
 * The narrowest rule that hides a cluster: at its field on its route, and there only what differs. `as` asks for another kind.
 * @throws StranglerError REPORT_NOT_ACCEPTABLE when a rule cannot say it, or would hide much more than the cluster.
 */
export function ruleFor(cluster: Cluster, as?: AcceptAs): Pick<CompareRule, 'routes' | 'at' | 'do'> {
  const at = placeOf(cluster);
  const how = as === undefined ? narrowest(cluster) : chosen(cluster, as);
  return { routes: [cluster.route], at, do: how };
}

/** Where rules apply: fields of JSON and CSV, elements of HTML, headers, cookies. */
function placeOf(cluster: Cluster): CompareRule['at'] {
  const { path, kind } = cluster;
  if (path.startsWith('$')) return { json: path };
  if (path.startsWith('html:')) {
    const selector = path.slice('html:'.length);
    // Data within a script, comments and the document itself are places that no selector names.
    if (/ \$|> comment$|^document/.test(selector)) throw refusal(cluster);
    return { html: selector };
  }
  if (path.startsWith('header:')) {
    const header = path.slice('header:'.length);
    if (header === 'content-type' || header.includes(';') || kind === 'media-type') throw refusal(cluster);
    return { header };
  }
  throw refusal(cluster);
}

function narrowest(cluster: Cluster): CompareRule['do'] {
  const { kind, path, shape } = cluster;
  switch (kind) {
    case 'order':
      return { kind: 'unordered' };
    case 'value':
      return toleranceOf(cluster) ?? { kind: 'format' };
    case 'header-value':
      return { kind: 'format' };
    // 19.9 for 19.99, both as text.
    case 'format':
      return toleranceOf(cluster) ?? { kind: 'ignore' };
    case 'header-missing':
    case 'header-extra':
    case 'relation':
      return { kind: 'ignore' };
    case 'type':
    case 'missing':
    case 'extra':
      // Ignoring what holds other fields would hide every difference below it as well.
      if (isContainer(shape) || isElement(path)) throw tooBroad(cluster);
      return { kind: 'ignore' };
    case 'length':
      throw tooBroad(cluster);
    default:
      throw refusal(cluster);
  }
}

function chosen(cluster: Cluster, as: AcceptAs): CompareRule['do'] {
  if (as !== 'tolerance') return { kind: as };
  const tolerance = toleranceOf(cluster);
  if (tolerance !== undefined) return tolerance;
  throw new StranglerError(
    'REPORT_NOT_ACCEPTABLE',
    'a tolerance needs numbers on both sides, and the examples of this difference hold none',
    { exitCode: EXIT.usage, remedy: `accept it as one of ${ACCEPT_AS.slice(1).join(', ')}` },
  );
}

/** As wide as the examples need. Undefined: the values are no numbers. */
function toleranceOf({ path, examples }: Cluster): CompareRule['do'] | undefined {
  if (!path.startsWith('$')) return undefined;
  const gaps = examples.map(({ left, right }) => gapOf(left, right));
  if (gaps.length === 0 || gaps.some((gap) => gap === undefined || gap === 0)) return undefined;
  return { kind: 'tolerance', absolute: roundedUp(Math.max(...(gaps as number[]))), relative: 0 };
}

const NUMBER = /^-?\d{1,15}(\.\d{1,15})?$/;

function gapOf(left: string | undefined, right: string | undefined): number | undefined {
  if (left === undefined || right === undefined || !NUMBER.test(left) || !NUMBER.test(right))
    return undefined;
  return Math.abs(Number(left) - Number(right));
}

/** To two significant digits, never below. */
function roundedUp(gap: number): number {
  const step = 10 ** (Math.floor(Math.log10(gap)) - 1);
  // Binary rounding of the difference itself (0.3 − 0.2) must not add a digit.
  return Number((Math.ceil(gap / step - 1e-9) * step).toPrecision(2));
}

function isContainer(shape: string): boolean {
  return /\b(object|array)\b/.test(shape);
}

function isElement(path: string): boolean {
  return /(\[\*\]|\.\*)$/.test(path) || (path.startsWith('html:') && !path.includes('@'));
}

function refusal({ kind, path }: Cluster): StranglerError {
  return new StranglerError(
    'REPORT_NOT_ACCEPTABLE',
    `no rule can express this: ${kind} at ${path} is not a field, an element or a header of an answer`,
    {
      exitCode: EXIT.usage,
      remedy:
        'correct the service; if its answer is meant to differ here, exclude the route (shadow: false in the plan)',
    },
  );
}

function tooBroad({ kind, path }: Cluster): StranglerError {
  return new StranglerError(
    'REPORT_NOT_ACCEPTABLE',
    `a rule for this (${kind} at ${path}) would hide everything below it, too`,
    {
      exitCode: EXIT.usage,
      remedy: 'correct the service, or accept that as well with --as ignore',
    },
  );
}
