import { describeCluster } from '../../../migration-plans/evidence/describe.ts';
import type { DifferenceCluster } from '../../../migration-plans/evidence/evidence.ts';
import { whyNotSendable } from '../replay/sendable.ts';
import { CONTRACT_HARNESS } from './harness.ts';

/** How a test looks at what differed. */
export type ContractCheck =
  | { on: 'status' }
  | { on: 'header'; name: string; look: 'presence' | 'form' | 'value' }
  | { on: 'json'; path: (string | null)[]; look: 'presence' | 'type' | 'form' | 'value' | 'length' }
  | { on: 'text'; wanted: string };

export interface ContractCase {
  name: string;
  method: string;
  url: string;
  check: ContractCheck | null;
  /** Why it is not run; null: it is. */
  skip: string | null;
}

/** One case for each stored example. Pure. */
export function contractCases(
  clusters: readonly DifferenceCluster[],
  compared: (route: string) => number,
): ContractCase[] {
  return clusters.flatMap((cluster) =>
    cluster.examples.map((example, index) => {
      const check = checkFor(cluster, example.left);
      const skip =
        whyNotSendable(example) ??
        (check === undefined ? `${cluster.kind} is not checked by one request` : null);
      return {
        name: `${cluster.id}${index === 0 ? '' : ` (${index + 1})`}: ${describeCluster(cluster, compared(cluster.route))}`,
        method: example.method,
        url: example.url,
        check: check ?? null,
        skip,
      };
    }),
  );
}

/** A test file for vitest that stands alone. What came from answers enters it as JSON only. */
export function contractTestFile(capability: string, cases: readonly ContractCase[]): string {
  // JSON may hold line separators that end a line for older readers of JavaScript, and text that ends a comment.
  const data = JSON.stringify(cases, null, 2).replace(
    /[\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16)}`,
  );
  return CONTRACT_HARNESS.replaceAll('CAPABILITY', () => JSON.stringify(capability)).replace(
    'CASES',
    () => data,
  );
}

function checkFor(
  { kind, path }: Pick<DifferenceCluster, 'kind' | 'path'>,
  left: string | undefined,
): ContractCheck | undefined {
  if (kind === 'status' || kind === 'failure') return { on: 'status' };
  if (path.startsWith('header:')) {
    const name = path.slice('header:'.length);
    if (name.startsWith('set-cookie')) return undefined;
    if (kind === 'header-missing' || kind === 'header-extra') return { on: 'header', name, look: 'presence' };
    if (kind === 'relation') return undefined;
    return { on: 'header', name, look: kind === 'format' ? 'form' : 'value' };
  }
  if (path.startsWith('$')) {
    const segments = segmentsOf(path);
    const look = JSON_LOOK[kind];
    return segments === undefined || look === undefined ? undefined : { on: 'json', path: segments, look };
  }
  // Pages are full of tokens and times: only what the monolith showed there is asked of the service.
  if (left === undefined || left === '' || /[«…]/.test(left) || kind === 'relation') return undefined;
  return { on: 'text', wanted: left };
}

type JsonLook = Extract<ContractCheck, { on: 'json' }>['look'];

const JSON_LOOK: Partial<Record<DifferenceCluster['kind'], JsonLook>> = {
  missing: 'presence',
  extra: 'presence',
  type: 'type',
  format: 'form',
  value: 'value',
  order: 'value',
  length: 'length',
};

/** `$.items[*].price` → items, every element, price. Undefined: not a path of names and wildcards. */
function segmentsOf(path: string): (string | null)[] | undefined {
  const segments: (string | null)[] = [];
  const step = /\.\*|\[\*\]|\.([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)|\['((?:[^'\\]|\\['\\])*)'\]/y;
  for (let at = 1; at < path.length; at = step.lastIndex) {
    step.lastIndex = at;
    const match = step.exec(path);
    if (match === null) return undefined;
    segments.push(match[1] ?? match[2]?.replace(/\\(['\\])/g, '$1') ?? null);
  }
  return segments;
}
