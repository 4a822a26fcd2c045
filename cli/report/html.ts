import { createHash } from 'node:crypto';
import { count, instant } from './format.ts';
import { renderClusters } from './html-clusters.ts';
import {
  renderCoverage,
  renderErrors,
  renderFindings,
  renderFunnel,
  renderLatency,
  renderNoise,
  renderRules,
  renderRuns,
} from './html-sections.ts';
import { html, Markup, prose } from './markup.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import type { ReportView } from './view.ts';

export const VERDICT_WORDS: Record<ReportView['verdict']['value'], string> = {
  go: 'Go',
  'no-go': 'No-go',
  'insufficient-evidence': 'Not enough evidence',
};

const SECTIONS = [
  ['coverage', 'Coverage'],
  ['funnel', 'Funnel'],
  ['differences', 'Differences'],
  ['noise', 'Noise'],
  ['rules', 'Rules'],
  ['latency', 'Latency'],
  ['errors', 'Errors'],
  ['runs', 'Runs'],
] as const;

/** What the page may do, as a content security policy: run its own script and style, and nothing else. */
export const REPORT_POLICY = [
  "default-src 'none'",
  `style-src '${hashSource(PAGE_STYLE)}'`,
  `script-src '${hashSource(PAGE_SCRIPT)}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * The report as one offline HTML file. Nothing is loaded: style and script are inlined and allowed by their hashes only
 * (Content Security Policy Level 3, section 2.3.1), so that a payload which slipped through escaping still could not run.
 */
export function renderHtml(view: ReportView): string {
  const policy = REPORT_POLICY;
  const verdict = VERDICT_WORDS[view.verdict.value];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${verdict}: shadow report of ${view.capability}</title>
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body>
<a class="skip" href="#verdict">Skip to the verdict</a>
<header class="top">
<h1>Shadow report: ${view.capability}</h1>
<p class="soft">${view.description}</p>
<p class="soft small">Made ${instant(view.generatedAt)} · phase ${view.phase} · revision ${view.revision ?? '–'} ·
service version ${view.run.serviceVersions.join(', ') || '–'} · measured ${instant(view.run.from)} to ${instant(view.run.to)}</p>
</header>
<nav aria-label="Sections"><div class="top"><ul>${SECTIONS.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></div></nav>
<main>
<section id="verdict" class="verdict ${view.verdict.value}" aria-label="Verdict">
<strong>${verdict}</strong>
<p>${prose(view.verdict.message)}</p>
<p class="small">Decided by <code>${view.verdict.rule}</code>. ${count(view.compared)} answers compared, ${count(view.mismatched)} differ beyond noise, ${count(view.differing)} in anything at all.</p>
</section>
${renderFindings(view)}
${renderCoverage(view)}
${renderFunnel(view)}
${renderClusters(view)}
${renderNoise(view)}
${renderRules(view)}
${renderLatency(view)}
${renderErrors(view)}
${renderRuns(view)}
</main>
<footer class="top soft small">
<p>${count(view.redactions)} values were redacted before anything was stored. <span class="keys">Press <kbd>/</kbd> to filter, <kbd>Esc</kbd> to see all again, <kbd>j</kbd> and <kbd>k</kbd> to walk the differences, <kbd>Enter</kbd> to open one.</span></p>
</footer>
<script>${new Markup(PAGE_SCRIPT)}</script>
</body>
</html>
`;
  return page.text;
}

function hashSource(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
