import type { Analysis } from '../model.ts';

const MAX_ROWS = 500;

/** The section of the page on what traffic showed; empty where no edge has observed. `safe` makes text safe to stand in markup. */
export function trafficSection({ traffic, routes }: Analysis, safe: (text: string) => string): string {
  if (traffic === undefined) return '';
  const list = (items: readonly string[]): string =>
    items.length === 0
      ? '<p>None.</p>'
      : `<ul>${items
          .slice(0, MAX_ROWS)
          .map((item) => `<li><code>${safe(item)}</code></li>`)
          .join('\n')}</ul>`;
  const seen = traffic.notInSource.map(({ method, path, calls }) => `${method} ${path} (${calls} calls)`);
  const quiet = traffic.neverCalled.map(
    ({ method, path, file, line }) => `${method} ${path} ${file}:${line}`,
  );
  return `<section aria-labelledby="traffic-title"><h2 id="traffic-title">Seen in traffic</h2>
<p>${routes.length - traffic.neverCalled.length} of ${routes.length} routes were called, ${traffic.calls} calls, from ${safe(traffic.from)} to ${safe(traffic.to)}.</p>
<details><summary>Seen and not found in the source (${seen.length})</summary>${list(seen)}</details>
<details><summary>Found and never seen to be called (${quiet.length})</summary>${list(quiet)}</details>
</section>`;
}
