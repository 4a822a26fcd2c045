import { count, instant, percent } from './format.ts';
import { html, type Markup, prose } from './markup.ts';
import type { ClusterView, ExampleView, ReportView } from './view.ts';

/** The differences beyond noise, most important first. */
export function renderClusters(view: ReportView): Markup {
  const { clusters } = view;
  return html`<section id="differences" aria-labelledby="differences-title"><h2 id="differences-title">Differences</h2>
${
  view.clustersOmitted > 0
    ? html`<p><span class="mark high">incomplete</span> ${count(view.clustersOmitted)} more differences found no room in the bounded tables; they count as mismatches.</p>`
    : ''
}
${
  clusters.length === 0
    ? html`<p class="soft">${view.compared === 0 ? 'Nothing was compared, so nothing is known.' : 'No difference beyond noise.'}</p>`
    : html`${tools(clusters)}
<p class="small soft" id="clusters-shown" role="status">${count(clusters.length)} of ${count(clusters.length)} shown</p>
<div id="cluster-list">${clusters.map(renderCluster)}</div>`
}
</section>`;
}

function tools(clusters: readonly ClusterView[]): Markup {
  const choice = (id: string, label: string, of: (cluster: ClusterView) => string, order: string[] = []) => {
    const counts = new Map<string, number>(order.map((value) => [value, 0]));
    for (const cluster of clusters) counts.set(of(cluster), (counts.get(of(cluster)) ?? 0) + 1);
    const options = [...counts].filter(([, n]) => n > 0);
    if (order.length === 0) options.sort(([a], [b]) => (a < b ? -1 : 1));
    return html`<label>${label}<select id="filter-${id}"><option value="">all</option>${options.map(
      ([value, n]) => html`<option value="${value}">${value} (${count(n)})</option>`,
    )}</select></label>`;
  };
  return html`<div class="tools">
<label>Filter<input id="filter-text" type="search" placeholder="field, route, value" autocomplete="off"></label>
${choice('severity', 'Severity', ({ severity }) => severity, ['critical', 'high', 'medium', 'low'])}
${choice('state', 'Certainty', ({ state }) => state, ['difference', 'rare', 'unsettled'])}
${choice('kind', 'Kind', ({ kind }) => kind)}
${choice('route', 'Route', ({ route }) => route)}
<label>Order<select id="filter-order"><option value="rank">most important</option><option value="seen">most often</option><option value="share">largest share</option><option value="last">last seen</option></select></label>
</div>`;
}

function renderCluster(cluster: ClusterView, index: number): Markup {
  const text = [cluster.id, cluster.title, cluster.route, cluster.path, cluster.kind, cluster.shape];
  for (const example of cluster.examples) text.push(example.url, example.left ?? '', example.right ?? '');
  return html`<details class="cluster" id="${cluster.id}" data-rank="${index}" data-seen="${cluster.seen}" data-share="${cluster.share}" data-last="${cluster.lastSeen}"
 data-severity="${cluster.severity}" data-kind="${cluster.kind}" data-route="${cluster.route}" data-state="${cluster.state}" data-text="${text.join(' ')}">
<summary><span class="mark ${cluster.severity}">${cluster.severity}</span>${cluster.state === 'difference' ? '' : html`<span class="mark medium">${cluster.state}</span>`}${cluster.change === undefined || cluster.change === 'persisting' ? '' : html`<span class="mark ${cluster.change}">${cluster.change}</span>`}${cluster.lane === 'write' ? html`<span class="mark low">write, in the sandbox</span>` : ''}<span class="title">${prose(cluster.title)}</span>
<span class="small soft">${count(cluster.seen)} × · ${percent(cluster.share)}</span></summary>
<div class="body">
<dl>
<dt>Where</dt><dd><code>${cluster.route}</code> <code>${cluster.path}</code></dd>
<dt>What</dt><dd>${cluster.kind} <code>${cluster.shape}</code></dd>
<dt>How often</dt><dd>${count(cluster.seen)} times, ${percent(cluster.share)} of the route's answers (95 % interval ${percent(cluster.shareLow)} to ${percent(cluster.shareHigh)})</dd>
<dt>Noise</dt><dd>${prose(cluster.why)}</dd>
<dt>Seen</dt><dd>first ${instant(cluster.firstSeen)}, last ${instant(cluster.lastSeen)}</dd>
${cluster.change === undefined ? '' : html`<dt>Runs</dt><dd>${cluster.change}, see <a href="#runs">runs</a></dd>`}
<dt>Link</dt><dd><a href="#${cluster.id}">#${cluster.id}</a></dd>
</dl>
${cluster.examples.map((example, number) => renderExample(example, `${cluster.id}-${number}`, number === 0))}
${command('It is meant so? Accept it by a rule in the plan', cluster.accept, `${cluster.id}-accept`)}
</div></details>
`;
}

function renderExample(example: ExampleView, id: string, whole: boolean): Markup {
  return html`<h3>${example.method} <code>${example.url}</code></h3>
<p class="small soft">at <code>${example.at}</code>, ${instant(example.time)}${example.traceId ? html`, trace <code>${example.traceId}</code>` : ''}</p>
<div class="pair">
<div><p class="small soft">Monolith</p><pre>${example.left ?? '(absent)'}</pre></div>
<div><p class="small soft">Service</p><pre>${example.right ?? '(absent)'}</pre></div>
</div>
${
  whole && (example.leftBody !== undefined || example.rightBody !== undefined)
    ? html`<div class="pair"><div><p class="small soft">Monolith's answer</p><pre>${example.leftBody ?? '(not kept)'}</pre></div>
<div><p class="small soft">Service's answer</p><pre>${example.rightBody ?? '(not kept)'}</pre></div></div>`
    : ''
}
${
  example.curlMonolith === undefined || example.curlService === undefined
    ? html`<p class="small soft">A write: it is not offered to be sent again.</p>`
    : html`${command('Monolith, as curl', example.curlMonolith, `${id}-m`)}${command('Service, as curl', example.curlService, `${id}-s`)}`
}`;
}

function command(label: string, text: string, id: string): Markup {
  return html`<p class="small soft">${label} <button type="button" class="copy" data-copies="${id}">Copy</button></p>
<pre id="${id}">${text}</pre>`;
}
