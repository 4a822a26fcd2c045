import type { Analysis } from '../model.ts';

const SHOWN = 10;

/** What traffic adds to the summary for the terminal; nothing where no edge has observed. */
export function trafficLines({ routes, traffic }: Analysis): string[] {
  if (traffic === undefined) return [];
  const called = routes.length - traffic.neverCalled.length;
  const lines = [
    '',
    `Seen in traffic from ${traffic.from} to ${traffic.to}: ${called} of ${routes.length} routes, ${traffic.calls} calls`,
  ];
  const busiest = routes
    .filter(({ observed }) => observed !== undefined)
    .sort((a, b) => (b.observed?.calls ?? 0) - (a.observed?.calls ?? 0));
  for (const { method, path, observed } of busiest.slice(0, 5))
    lines.push(
      `  ${method} ${path}  ${observed?.calls} calls${observed?.p95Milliseconds === undefined ? '' : `, p95 ${Math.round(observed.p95Milliseconds)} ms`}${observed?.parameters === undefined ? '' : `, with ${observed.parameters.join(', ')}`}`,
    );
  lines.push(
    ...section(
      'Seen and not found in the source',
      traffic.notInSource.map(
        ({ method, path, calls, confidence }) =>
          `${method} ${path}  ${calls} calls, ${Math.round(confidence * 100)} % sure`,
      ),
    ),
    ...section(
      'Found and never seen to be called',
      traffic.neverCalled.map(({ method, path, file, line }) => `${method} ${path}  ${file}:${line}`),
    ),
  );
  return lines;
}

function section(title: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > SHOWN ? [`  … and ${items.length - SHOWN} more in the JSON`] : [];
  return [`${title} (${items.length})`, ...items.slice(0, SHOWN).map((item) => `  ${item}`), ...more];
}
