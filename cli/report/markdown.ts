import { count, instant, percent } from './format.ts';
import { VERDICT_WORDS } from './html.ts';
import type { ReportView } from './view.ts';

/** Longest list in the summary; the HTML report has all. */
const MOST_CLUSTERS = 20;

/** The report as a comment for a pull request: verdict, what decided it, what is untested, the most important differences. */
export function renderMarkdown(view: ReportView): string {
  const untested = view.coverage.filter((row) => row.state === 'untested');
  const lines = [
    `## Shadow report of ${text(view.capability)}: ${VERDICT_WORDS[view.verdict.value]}`,
    '',
    text(view.verdict.message),
    '',
    `${count(view.compared)} answers compared, ${count(view.mismatched)} differ beyond noise, ${view.clusters.length} kinds of difference. Revision ${view.revision ?? '–'}, service version ${text(view.run.serviceVersions.join(', ') || '–')}, made ${instant(view.generatedAt)}.`,
  ];
  if (view.findings.length > 0) {
    lines.push('', '| rule | state | |', '| --- | --- | --- |');
    for (const finding of view.findings) {
      lines.push(
        `| ${code(finding.rule)} | ${finding.met ? 'met' : '**not met**'} | ${text(finding.message)} |`,
      );
    }
  }
  if (untested.length > 0) {
    lines.push('', `Never compared: ${untested.map((row) => code(`${row.method} ${row.route}`)).join(', ')}`);
  }
  if (view.clusters.length > 0) {
    lines.push('', '| severity | difference | times | share |', '| --- | --- | ---: | ---: |');
    for (const cluster of view.clusters.slice(0, MOST_CLUSTERS)) {
      lines.push(
        `| ${cluster.severity} | ${text(cluster.title)} | ${count(cluster.seen)} | ${percent(cluster.share)} |`,
      );
    }
    if (view.clusters.length > MOST_CLUSTERS)
      lines.push('', `and ${view.clusters.length - MOST_CLUSTERS} more in the HTML report.`);
  }
  return `${lines.join('\n')}\n`;
}

/** Values of the answers must not become links, images, HTML, mentions or new table cells. */
function text(value: string): string {
  return value
    .replace(/\s+/g, ' ')
    .replace(/[\\*_[\]<>|#!@~]/g, (character) =>
      character === '<' ? '&lt;' : character === '@' ? '&#64;' : `\\${character}`,
    );
}

function code(value: string): string {
  return `\`${value.replace(/\s+/g, ' ').replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}
