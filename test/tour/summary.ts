import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Ledger, StepSummary } from './ledger.ts';
import { table } from './table.ts';

/** What the tour came to: requests, failures, who answered, how fast before and after, and where to read on. */
export function finalTable(ledger: Ledger, folder: string): string {
  const rows = ledger.summaries().filter((row) => row.requests > 0);
  const shown = table(
    ['step', 'requests', 'failed', 'monolith', 'service', 'p50 ms', 'p95 ms', 'p99 ms'],
    rows.map((row) => [
      row.step,
      ...[row.requests, row.failed, row.monolith, row.service].map(String),
      ...latencies(row),
    ]),
  );
  const reviews = ledger.summaries((outcome) => outcome.action.startsWith('read'));
  const before = reviews.find((row) => row.step === 'monolith only');
  const after = reviews.find((row) => row.step === 'cutover again');
  const lines = [shown];
  if (before !== undefined && after !== undefined && after.requests > 0) {
    lines.push(
      '',
      table(
        ['reading reviews', 'p50 ms', 'p95 ms', 'p99 ms'],
        [
          ['before, by the monolith', ...latencies(before)],
          ['after, by the service', ...latencies(after)],
        ],
      ),
    );
  }
  const report = join(folder, 'reports/reviews/reviews.html');
  lines.push(
    '',
    mismatches(join(folder, 'reports/reviews/reviews.json')),
    `report       ${relative(process.cwd(), report)}`,
    `audit trail  cd ${relative(process.cwd(), folder)} && npx strangler history reviews`,
  );
  return lines.join('\n');
}

function latencies(row: StepSummary): string[] {
  return [row.p50, row.p95, row.p99].map((value) => (Number.isNaN(value) ? '–' : value.toFixed(1)));
}

function mismatches(file: string): string {
  try {
    const { verdict, compared, mismatched } = JSON.parse(readFileSync(file, 'utf8')) as {
      verdict: { value: string };
      compared: number;
      mismatched: number;
    };
    return `mismatches   ${mismatched} of ${compared} answers compared: ${verdict.value}`;
  } catch {
    return 'mismatches   no report was written';
  }
}
