import type { Analysis, ModelUse, Suggestion } from '../model.ts';
import { escapeHtml } from './html.ts';

/** Rows written into the page; the JSON has all of them. */
const MAX_ROWS = 2000;

export function suggestionCards(analysis: Analysis): string {
  if (analysis.suggestions.length === 0) return '<p>No capability stands out.</p>';
  return `<ol class="cards">${analysis.suggestions.map(card).join('\n')}</ol>`;
}

function card(suggestion: Suggestion): string {
  const { scores } = suggestion;
  const figures: [string, string, string][] = [
    ['overall', scores.overall.toFixed(2), 'all scores together, damped by size; 1 is best'],
    ['ICP', scores.icp.toFixed(2), 'share of calls that cross the border; 0 is best'],
    ['SM', scores.sm.toFixed(2), 'structural modularity; higher is better'],
    ['IFN', String(scores.ifn), 'units called from outside, averaged; lower is better'],
    ['purity', scores.transactionPurity.toFixed(2), 'tables used from one side only; 1 is best'],
    ['saga', String(scores.sagaCost), 'compensations needed; 0 is best'],
    ['stability', scores.stability.toFixed(2), 'agreement over resolutions and seeds; 1 is best'],
  ];
  const obstacles = suggestion.obstacles
    .slice(0, 12)
    .map(({ kind, message, evidence }) => {
      const [place] = evidence;
      return `<li class="${kind}">${escapeHtml(message)}${place === undefined ? '' : ` <code>${escapeHtml(`${place.file}:${place.line}`)}</code>`}</li>`;
    })
    .join('');
  const more =
    suggestion.obstacles.length > 12 ? `<li>and ${suggestion.obstacles.length - 12} more</li>` : '';
  return `<li><h3>${escapeHtml(suggestion.capability)}${suggestion.source === 'given' ? ' <small>given</small>' : ''}</h3>
<p>${suggestion.routes.length} routes; owns ${escapeHtml(suggestion.models.join(', ') || 'no model')}</p>
<p class="cost">${escapeHtml(suggestion.cost)}</p>
<dl>${figures.map(([name, value, meaning]) => `<div title="${escapeHtml(meaning)}"><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>
${obstacles === '' ? '<p class="clear">Nothing stands in the way that could be seen.</p>' : `<ul class="obstacles">${obstacles}${more}</ul>`}</li>`;
}

export function routesTable(analysis: Analysis): string {
  const rows = analysis.routes.slice(0, MAX_ROWS).map((route) => {
    const calls = route.observed === undefined ? '' : String(route.observed.calls);
    return `<tr><td>${escapeHtml(route.method)}</td><td><code>${escapeHtml(route.path)}</code></td><td><code>${escapeHtml(`${route.file}:${route.line}`)}</code></td><td>${uses(route.models)}</td><td>${calls}</td></tr>`;
  });
  return `<div class="scroll"><table id="routes"><thead><tr><th scope="col">Method</th><th scope="col">Path</th><th scope="col">Handler</th><th scope="col">Models</th><th scope="col">Calls seen</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function uses(models: readonly ModelUse[]): string {
  return models
    .map(
      (use) =>
        `<span class="${use.access}" title="${escapeHtml(`${use.access} at ${use.evidence.file}:${use.evidence.line}`)}">${escapeHtml(use.name)}${use.access === 'write' ? ' ✎' : ''}${use.certain ? '' : ' ?'}</span>`,
    )
    .join(' ');
}

export function unresolvedTable(analysis: Analysis): string {
  if (analysis.unresolved.length === 0) return '<p>Everything that was looked for could be settled.</p>';
  const rows = analysis.unresolved
    .slice(0, MAX_ROWS)
    .map(
      (item) =>
        `<tr><td>${escapeHtml(item.kind)}</td><td><code>${escapeHtml(`${item.file}:${item.line}`)}</code></td><td>${escapeHtml(item.reason)}</td></tr>`,
    );
  return `<div class="scroll"><table><thead><tr><th scope="col">What</th><th scope="col">Where</th><th scope="col">Why</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}
