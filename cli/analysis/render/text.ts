import type { Analysis, Suggestion } from '../model.ts';
import { trafficLines } from '../observed/text.ts';

/** A summary for the terminal, 100 columns wide at most where names allow it; no colours, which are the caller's. */
export function renderText(analysis: Analysis): string {
  const { project, routes, models, entries, suggestions, unresolved } = analysis;
  const lines: string[] = [];
  const count = (number: number, one: string, many = `${one}s`): string =>
    `${number} ${number === 1 ? one : many}`;
  lines.push(
    `${project.name}: ${count(project.files, 'file')}, ${count(project.lines, 'line')}${project.frameworks.length > 0 ? `, ${project.frameworks.join(', ')}` : ''}`,
    `${count(routes.length, 'route')}, ${count(models.length, 'model')}, ${count(entries.length, 'job or listener', 'jobs and listeners')}, ${count(analysis.transactions.length, 'transaction')}, ${count(analysis.rawSql.length, 'raw SQL statement')}`,
  );
  if (suggestions.length === 0) {
    lines.push(
      '',
      'No capability stands out: models and routes are all one piece, or there are too few of them.',
    );
  } else {
    lines.push('', 'Candidates, the one to begin with first');
    for (const suggestion of suggestions) lines.push(...suggestionLines(suggestion));
  }
  lines.push(...trafficLines(analysis));
  if (unresolved.length > 0) {
    lines.push('', `Not settled by reading (${unresolved.length})`);
    for (const item of unresolved.slice(0, 20))
      lines.push(`  ${item.file}:${item.line}  ${item.kind}: ${item.reason}`);
    if (unresolved.length > 20) lines.push(`  … and ${unresolved.length - 20} more in the JSON`);
  }
  return `${lines.join('\n')}\n`;
}

function suggestionLines(suggestion: Suggestion): string[] {
  const { scores, obstacles } = suggestion;
  const lines = [
    '',
    `${suggestion.order}. ${suggestion.capability}${suggestion.source === 'given' ? ' (given)' : ''}   score ${scores.overall.toFixed(2)}, stability ${scores.stability.toFixed(2)}`,
    `   ${suggestion.routes.length} routes; owns ${suggestion.models.join(', ') || 'no model'}`,
    `   ${suggestion.cost}`,
    `   ICP ${scores.icp.toFixed(2)}  SM ${scores.sm.toFixed(2)}  IFN ${scores.ifn}  purity ${scores.transactionPurity.toFixed(2)}  saga ${scores.sagaCost}`,
  ];
  for (const obstacle of obstacles.slice(0, 4)) {
    const [place] = obstacle.evidence;
    lines.push(`   ! ${obstacle.message}${place === undefined ? '' : ` (${place.file}:${place.line})`}`);
  }
  if (obstacles.length > 4) lines.push(`   ! and ${obstacles.length - 4} more`);
  return lines;
}
