import { relative, resolve } from 'node:path';
import { EXIT } from '../../migration-plans/errors.ts';
import type { Verdict } from '../../migration-plans/evidence/evidence.ts';
import type { Handler } from '../commands/command.ts';
import { openProjectStore } from '../controller/embedded-store.ts';
import { projectOf } from '../controller/project.ts';
import { publishedCapability } from '../controller/published.ts';
import { measuredReport } from '../report/measured.ts';
import type { ReportView } from '../report/view.ts';
import { reportResult, writeReport } from '../report/write.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Style } from '../terminal/style.ts';
import { durationText } from '../terminal/units.ts';

/** From the worst to the best: `--fail-on insufficient-evidence` fails on no-go as well. */
const VERDICTS: readonly Verdict[] = ['no-go', 'insufficient-evidence', 'go'];
const CLUSTERS_SHOWN = 5;

/** Writes the QA report from what the edges have measured so far. */
export const report: Handler = async (call) => {
  const capability = call.args.capability ?? '';
  const project = await projectOf(call);
  const opened = await openProjectStore(project, call.signal);
  try {
    const { store } = opened;
    const published = await publishedCapability(store, project, capability);
    const view = await measuredReport(store, project, published, new Date());
    const folder = resolve(call.cwd, call.options.text('out') ?? `reports/${capability}`);
    const files = writeReport(view, folder);
    const failOn = call.options.text('failOn');
    const fails =
      failOn !== undefined && VERDICTS.indexOf(view.verdict.value) <= VERDICTS.indexOf(failOn as Verdict);
    return {
      document: reportResult(view, files),
      lines: [
        ...summaryLines(view, call.terminal.style),
        `report: ${relative(call.cwd, files.html) || files.html}`,
      ],
      exitCode: fails ? EXIT.gateRefused : EXIT.done,
    };
  } finally {
    await opened.close();
  }
};

function summaryLines(view: ReportView, style: Style): string[] {
  const { verdict, compared, mismatched, clusters, run } = view;
  const colour = verdict.value === 'go' ? style.green : verdict.value === 'no-go' ? style.red : style.yellow;
  const measured =
    run.from === null || run.to === null
      ? 'nothing was measured yet'
      : `${compared} compared, ${mismatched} differ beyond noise, in ${durationText(Date.parse(run.to) - Date.parse(run.from))}`;
  const shown = clusters.slice(0, CLUSTERS_SHOWN);
  return [
    `${style.bold(view.capability)}: ${colour(style.bold(verdict.value))}  ${style.dim(measured)}`,
    `  ${sanitise(verdict.message)} ${style.dim(verdict.rule)}`,
    ...shown.map((cluster) => `  ${style.dim(cluster.severity.padEnd(8))} ${sanitise(cluster.title)}`),
    ...(clusters.length > shown.length ? [style.dim(`  and ${clusters.length - shown.length} more`)] : []),
  ];
}
