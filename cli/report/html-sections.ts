import { count, instant, milliseconds, percent } from './format.ts';
import { html, type Markup, prose } from './markup.ts';
import type { Quantiles, ReportView } from './view.ts';

interface Column<Row> {
  title: string;
  number?: boolean;
  cell(row: Row): Markup | string | number;
  /** What the column sorts by, when that is not what it shows. */
  value?(row: Row): string | number;
}

/** A table whose columns can be sorted by their heads; without the script it is a plain table. */
function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  // Narrow screens show a row as a card: the roles stay, which some browsers take from an element that is no table-row any more.
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table role="table">
<thead role="rowgroup"><tr role="row">${columns.map(
    (column) =>
      html`<th role="columnheader" scope="col"${column.number ? html` class="number"` : ''}><button type="button">${column.title}</button></th>`,
  )}</tr></thead>
<tbody role="rowgroup">${rows.map(
    (row) => html`<tr role="row">${columns.map((column) => {
      const value = column.value?.(row);
      return html`<td role="cell" data-label="${column.title}"${column.number ? html` class="number"` : ''}${value === undefined ? '' : html` data-value="${value}"`}>${column.cell(row)}</td>`;
    })}</tr>
`,
  )}</tbody></table></div>`;
}

function section(id: string, title: string, body: Markup): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${body}</section>`;
}

const mark = (kind: string, text: string): Markup => html`<span class="mark ${kind}">${text}</span>`;
const code = (text: string): Markup => html`<code>${text}</code>`;
const NONE = (text: string): Markup => html`<p class="soft">${text}</p>`;

export function renderFindings(view: ReportView): Markup {
  if (view.findings.length === 0) return html``;
  return table(
    'Rules of the gate',
    [
      { title: 'Rule', cell: (row) => code(row.rule) },
      { title: 'State', cell: (row) => (row.met ? mark('met', 'met') : mark('unmet', 'not met')) },
      { title: 'Required and seen', cell: (row) => prose(row.message) },
    ],
    view.findings,
  );
}

export function renderCoverage(view: ReportView): Markup {
  const untested = new Set(view.coverage.filter((row) => row.state === 'untested').map((row) => row.route))
    .size;
  const left = view.coverage.filter((row) => row.state === 'not mirrored').length;
  return section(
    'coverage',
    'Coverage',
    html`
<p>${untested === 0 ? 'Every mirrored route was compared.' : `${untested} of the plan's mirrored routes were never compared; nothing is known of them.`}
${left === 0 ? '' : `${left} routes are not mirrored.`}</p>
${table(
  'Coverage by route, method and status',
  [
    { title: 'Route', cell: (row) => code(row.route) },
    { title: 'Method', cell: (row) => row.method },
    { title: 'Status', cell: (row) => row.statusClass },
    { title: 'Compared', number: true, cell: (row) => count(row.compared), value: (row) => row.compared },
    { title: 'Differed', number: true, cell: (row) => count(row.mismatched), value: (row) => row.mismatched },
    {
      title: 'State',
      cell: (row) =>
        html`${mark(row.state.replace(' ', '-'), row.state)}${row.note ? html` <span class="small soft">${row.note}</span>` : ''}`,
    },
  ],
  view.coverage,
)}
${view.writes === undefined ? '' : renderWrites(view.writes)}`,
  );
}

function renderWrites({ message, rows }: NonNullable<ReportView['writes']>): Markup {
  return html`<h3 id="writes">Writes in the sandbox</h3>
<p>${prose(message)} The sandbox has data of its own: ids, times and tokens that each side makes up are not compared by value.</p>
${table(
  'Writes mirrored to the sandbox',
  [
    { title: 'Route', cell: (row) => code(row.route) },
    { title: 'Sent', number: true, cell: (row) => count(row.sent), value: (row) => row.sent },
    { title: 'Compared', number: true, cell: (row) => count(row.compared), value: (row) => row.compared },
    { title: 'Agree', number: true, cell: (row) => count(row.equal), value: (row) => row.equal },
    { title: 'Differ', number: true, cell: (row) => count(row.differing), value: (row) => row.differing },
    { title: 'Data parted', number: true, cell: (row) => count(row.diverged), value: (row) => row.diverged },
  ],
  rows,
)}`;
}

export function renderFunnel(view: ReportView): Markup {
  const most = Math.max(1, ...view.funnel.stages.map((stage) => stage.count));
  return section(
    'funnel',
    'Funnel',
    html`
<div class="bars">${view.funnel.stages.map(
      (stage) => html`<span title="${stage.hint}">${stage.label}</span>
<span class="track" aria-hidden="true"><svg viewBox="0 0 100 10" preserveAspectRatio="none"><rect width="${((stage.count / most) * 100).toFixed(2)}" height="10"/></svg></span>
<span>${count(stage.count)}</span>`,
    )}</div>
<h3>Lost on the way</h3>
${
  view.funnel.losses.length === 0
    ? NONE('Nothing was lost.')
    : table(
        'Losses by reason',
        [
          { title: 'Reason', cell: (row) => code(row.reason) },
          { title: 'What it means', cell: (row) => row.words },
          { title: 'Lost', number: true, cell: (row) => count(row.count), value: (row) => row.count },
        ],
        view.funnel.losses,
      )
}
${
  view.notices.length === 0
    ? ''
    : html`<h3>Notices</h3>${table(
        'Notices',
        [
          { title: 'Notice', cell: (row) => prose(row.text) },
          { title: 'Times', number: true, cell: (row) => count(row.count), value: (row) => row.count },
        ],
        view.notices,
      )}`
}`,
  );
}

export function renderNoise(view: ReportView): Markup {
  return section(
    'noise',
    'Noise',
    view.noise.length === 0
      ? NONE('No field was taken for noise.')
      : html`<p>Fields in which two answers of the monolith itself differ. They are still checked: nothing of their form is ever learnt away.</p>
${table(
  'Noise by cause',
  [
    { title: 'Cause', cell: (row) => row.cause },
    { title: 'Fields', number: true, cell: (row) => count(row.fields), value: (row) => row.fields },
    { title: 'What it is', cell: (row) => row.words },
    {
      title: 'For example',
      cell: (row) =>
        html`${code(row.example.path)} in ${percent(row.example.share)} of ${code(row.example.route)}`,
    },
  ],
  view.noiseCauses,
)}
<details class="more"><summary>Everything taken for noise: ${count(view.noise.length)}</summary>
${table(
  'Fields taken for noise',
  [
    { title: 'Route', cell: (row) => code(row.route) },
    { title: 'Where', cell: (row) => code(row.path) },
    { title: 'Kind', cell: (row) => `${row.kind} ${row.shape}` },
    { title: 'Service', number: true, cell: (row) => percent(row.share), value: (row) => row.share },
    {
      title: 'Monolith itself',
      number: true,
      cell: (row) => percent(row.noiseShare),
      value: (row) => row.noiseShare,
    },
    { title: 'Why', cell: (row) => prose(row.why) },
  ],
  view.noise,
)}</details>`,
  );
}

export function renderRules(view: ReportView): Markup {
  return section(
    'rules',
    'Rules',
    view.rules.length === 0
      ? NONE('The plan has no rules: everything that is not noise counts.')
      : table(
          'What each rule of the plan hides',
          [
            { title: 'Rule', cell: (row) => code(row.id) },
            { title: 'Where', cell: (row) => code(row.at) },
            { title: 'Does', cell: (row) => row.does },
            {
              title: 'Hides now',
              number: true,
              cell: (row) => count(row.hidden),
              value: (row) => row.hidden,
            },
            {
              title: 'State',
              cell: (row) => mark(row.state === 'hides nothing' ? 'dead' : row.state, row.state),
            },
            { title: 'Reason', cell: (row) => row.reason },
            { title: 'Owner', cell: (row) => row.owner },
            { title: 'Until', cell: (row) => row.expires ?? '–' },
          ],
          view.rules,
        ),
  );
}

const quantiles = (each: Quantiles): string =>
  `${milliseconds(each.p50)} / ${milliseconds(each.p95)} / ${milliseconds(each.p99)}`;

export function renderLatency(view: ReportView): Markup {
  return section(
    'latency',
    'Latency',
    view.latency.length === 0
      ? NONE('No latency was measured.')
      : html`<p>Median, 95th and 99th percentile of mirrored requests, both targets measured the same way.</p>
${table(
  'Latency of both targets',
  [
    { title: 'Route', cell: (row) => code(row.route) },
    {
      title: 'Monolith p50 / p95 / p99',
      number: true,
      cell: (row) => quantiles(row.monolith),
      value: (row) => row.monolith.p95 ?? -1,
    },
    {
      title: 'Service p50 / p95 / p99',
      number: true,
      cell: (row) => quantiles(row.service),
      value: (row) => row.service.p95 ?? -1,
    },
    {
      title: 'Measured',
      number: true,
      cell: (row) => count(row.service.count),
      value: (row) => row.service.count,
    },
  ],
  view.latency,
)}`,
  );
}

export function renderErrors(view: ReportView): Markup {
  return section(
    'errors',
    'Errors',
    view.errors.length === 0
      ? NONE('Neither side failed.')
      : table(
          'Failures of both targets',
          [
            { title: 'Route', cell: (row) => code(row.route) },
            {
              title: 'Monolith failed',
              number: true,
              cell: (row) => `${count(row.monolith.failures)} of ${count(row.monolith.requests)}`,
              value: (row) => row.monolith.failures,
            },
            {
              title: 'Service failed',
              number: true,
              cell: (row) => `${count(row.service.failures)} of ${count(row.service.requests)}`,
              value: (row) => row.service.failures,
            },
          ],
          view.errors,
        ),
  );
}

export function renderRuns(view: ReportView): Markup {
  const shown = new Set(view.clusters.map(({ id }) => id));
  return section(
    'runs',
    'Runs',
    html`${
      view.change === undefined
        ? NONE('There is no earlier run to compare with.')
        : view.change.length === 0
          ? NONE('Neither this run nor earlier ones show a difference beyond noise.')
          : html`<h3>Against earlier runs</h3>
${table(
  'Differences against earlier runs',
  [
    { title: 'Now', cell: (row) => mark(row.status, row.status) },
    { title: 'Difference', cell: (row) => prose(row.title) },
    {
      title: 'Share, oldest run first',
      cell: (row) =>
        row.shares.map((share) => (share === undefined ? 'not compared' : percent(share))).join(' → '),
    },
    {
      title: 'Link',
      cell: (row) => (shown.has(row.id) ? html`<a href="#${row.id}">#${row.id}</a>` : code(row.id)),
    },
  ],
  view.change,
)}`
    }
${
  view.runs.length === 0
    ? NONE('No run has been stored yet.')
    : html`<h3>Stored runs</h3>
${table(
  'Stored runs',
  [
    { title: 'Run', number: true, cell: (row) => row.epoch },
    { title: 'Service version', cell: (row) => row.serviceVersion },
    { title: 'From', cell: (row) => instant(row.from) },
    { title: 'To', cell: (row) => instant(row.to) },
    { title: 'Compared', number: true, cell: (row) => count(row.compared), value: (row) => row.compared },
    { title: 'Shown', cell: (row) => (row.present ? 'this report' : '') },
  ],
  view.runs,
)}`
}`,
  );
}
