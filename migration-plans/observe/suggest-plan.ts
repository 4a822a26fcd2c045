import { stringify } from 'yaml';
import { parseTemplate } from '../routing/template.ts';
import type { Inventory, InventoryRoute } from './inventory.ts';

/** A route is proposed only if it is at least so sure. */
const MIN_CONFIDENCE = 0.5;

export interface PlanSkeleton {
  /** Text of a plan file; undefined: no route is sure enough. */
  yaml: string | undefined;
  routes: string[];
  /** Below the prefixes, but not sure enough, or not to be claimed by a template. */
  left: InventoryRoute[];
}

/** A plan for everything that was seen at or below some paths, such as `/products/:slug/reviews`. Names of parameters do not matter. */
export function planSkeleton(
  inventory: Inventory,
  capability: string,
  prefixes: readonly string[],
): PlanSkeleton {
  const below = inventory.routes.filter(
    ({ path, method }) => method !== 'OTHER' && prefixes.some((prefix) => isBelow(path, prefix)),
  );
  const sure = below.filter(
    ({ path, confidence }) => confidence >= MIN_CONFIDENCE && 'template' in parseTemplate(path),
  );
  const left = below.filter((route) => !sure.includes(route));
  const byPath = Map.groupBy(sure, ({ path }) => path);
  const routes = [...byPath]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, own]) => `${methodsOf(own)} ${path}`);
  if (routes.length === 0) return { yaml: undefined, routes, left };
  const document = {
    apiVersion: 'strangler/v1',
    capability,
    description: `Routes seen from ${inventory.from} to ${inventory.to}`,
    routes,
    service: { name: capability },
    data: { stage: 'shared-database', tables: [] },
    stickyBy: ['client-address'],
  };
  return { yaml: stringify(document), routes, left };
}

function methodsOf(routes: readonly InventoryRoute[]): string {
  const methods = new Set(routes.map(({ method }) => (method === 'UPGRADE' ? 'GET' : method)));
  return [...methods].sort().join(',');
}

function isBelow(path: string, prefix: string): boolean {
  const own = path.split('/');
  const wanted = prefix.replace(/\/+$/, '').split('/');
  return wanted.every((segment, at) => {
    const given = own[at];
    if (given === undefined) return false;
    return segment === given || (/^[:{]/.test(segment) && given.startsWith(':'));
  });
}
