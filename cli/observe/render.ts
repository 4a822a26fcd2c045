import type { Inventory, InventoryRoute } from '../../migration-plans/observe/inventory.ts';
import { SKIPPED, type Skipped } from '../../migration-plans/observe/observation.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Style } from '../terminal/style.ts';
import { renderTable } from '../terminal/table.ts';
import { agoText, durationText } from '../terminal/units.ts';

const SKIPPED_TEXT: Record<Skipped, string> = {
  unmatched: 'answered as not there',
  ambiguous: 'with paths that no plan can claim (//, dot segments)',
  preflight: 'CORS preflights',
  overflow: 'beyond the bounds of edge.observe',
};

export interface RenderOptions {
  style: Style;
  now: number;
  /** Routes shown at most. */
  limit: number;
  verbose: boolean;
}

/** The inventory as a table, most called first. */
export function inventoryLines(inventory: Inventory, options: RenderOptions): string[] {
  const { style, now, limit } = options;
  const { routes } = inventory;
  const shown = routes.slice(0, limit);
  const lines = [
    `${style.bold(String(routes.length))} ${routes.length === 1 ? 'route' : 'routes'}, ${inventory.calls} calls, from ${inventory.from} to ${inventory.to}`,
    '',
    ...renderTable(
      [
        { title: 'METHOD' },
        { title: 'PATH' },
        { title: 'SURE', align: 'right' },
        { title: 'CALLS', align: 'right' },
        { title: 'P50', align: 'right' },
        { title: 'P95', align: 'right' },
        { title: 'FAILED', align: 'right' },
        { title: 'QUERY' },
        { title: 'LAST SEEN' },
      ],
      shown.map((route) => rowOf(route, style, now)),
    ),
  ];
  if (options.verbose) lines.push('', ...shown.flatMap(evidenceLines));
  if (routes.length > limit)
    lines.push(style.dim(`… and ${routes.length - limit} more (--limit ${routes.length} shows them)`));
  const skipped = SKIPPED.flatMap((reason) => {
    const count = inventory.skipped[reason];
    return count === undefined ? [] : [`${count} ${SKIPPED_TEXT[reason]}`];
  });
  if (skipped.length > 0) lines.push('', style.dim(`not among them: ${skipped.join(', ')}`));
  return lines;
}

function rowOf(route: InventoryRoute, style: Style, now: number): string[] {
  const { method, path, confidence, calls, status, p50Ms, p95Ms, query, lastSeen } = route;
  const failed = (status['5xx'] ?? 0) + (status['0xx'] ?? 0);
  const sure = `${Math.round(confidence * 100)} %`;
  return [
    method,
    sanitise(path),
    confidence < 0.5 ? style.yellow(sure) : sure,
    String(calls),
    p50Ms === undefined ? '—' : durationText(p50Ms),
    p95Ms === undefined ? '—' : durationText(p95Ms),
    failed === 0 ? '0' : style.red(`${failed}`),
    sanitise(namesText(query.map(({ name }) => name))),
    lastSeen === '' ? '—' : agoText(lastSeen, now),
  ];
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown}, +${names.length - 3}` : shown;
}

function evidenceLines({ method, path, parameters }: InventoryRoute): string[] {
  return parameters.map(
    ({ name, kinds, reason, distinct, samples }) =>
      `  ${method} ${sanitise(path)}  :${name} is ${kinds.join(' or ')} (${reason}), about ${distinct} different: ${sanitise(samples.join(', '))}`,
  );
}
