import { renameSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { describeCluster } from '../../migration-plans/evidence/describe.ts';
import { addCompareRule } from '../../migration-plans/plan/edit.ts';
import type { CompareRule } from '../../migration-plans/plan/plan.ts';
import type { Call, Handler } from '../commands/command.ts';
import { actorOf } from '../controller/actor.ts';
import { openProjectStore } from '../controller/embedded-store.ts';
import { projectOf } from '../controller/project.ts';
import { publishedCapability } from '../controller/published.ts';
import { findCluster } from '../report/accept/find-cluster.ts';
import { planFileOf } from '../report/accept/plan-file.ts';
import { type AcceptAs, ruleFor } from '../report/accept/rule-for.ts';
import { sanitise } from '../terminal/sanitise.ts';

/** Writes a rule into the plan file that hides one difference of the report from now on. */
export const reportAccept: Handler = async (call) => {
  const capability = call.args.capability ?? '';
  const reason = call.options.text('reason')?.trim() ?? '';
  if (reason === '')
    throw new StranglerError('REPORT_NO_REASON', 'a difference is accepted for a reason', {
      exitCode: EXIT.usage,
      remedy: 'add --reason "…": the rules audit of the report shows it for as long as the rule lasts',
    });
  const expires = dayOf(call.options.text('expires'));
  const project = await projectOf(call);
  const opened = await openProjectStore(project, call.signal);
  try {
    await publishedCapability(opened.store, project, capability);
    const summary = await opened.store.evidence({ capability });
    const cluster = findCluster(summary.clusters, call.args.cluster ?? '');
    const rule = {
      ...ruleFor(cluster, call.options.text('as') as AcceptAs | undefined),
      reason,
      owner: call.options.text('owner')?.trim() || actorOf(call.env),
      expires,
    };
    const { file, text } = await planFileOf(project.plansDir, capability);
    const edited = addCompareRule(text, rule);
    const dryRun = call.options.flag('dryRun');
    if (!dryRun) replaceFile(file, edited);
    const title = describeCluster(cluster, summary.funnel[cluster.route]?.compared ?? 0);
    return {
      document: { cluster: cluster.id, title, rule, file, dryRun },
      lines: [
        sanitise(title),
        ...ruleLines(rule).map((line) => `  ${sanitise(line)}`),
        dryRun
          ? `${shown(call, file)} stays as it is (--dry-run)`
          : `written into ${shown(call, file)}; strangler apply publishes it`,
      ],
    };
  } finally {
    await opened.close();
  }
};

function ruleLines({ at, do: how, routes, owner, expires }: Omit<CompareRule, 'id'>): string[] {
  const [[place = '', where = ''] = []] = Object.entries(at);
  const { kind, ...details } = how;
  return [
    `${[kind, ...Object.entries(details).map(([name, value]) => `${name} ${value}`)].join(', ')} at ${place} ${where}`,
    `on ${routes.join(', ')}`,
    `owner ${owner}, ${expires === undefined ? 'without an end' : `until ${expires}`}`,
  ];
}

function dayOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new StranglerError('CLI_BAD_OPTION', `--expires wants a day such as 2030-01-31, not "${text}"`, {
    exitCode: EXIT.usage,
  });
}

/** Whole or not at all: a plan file cut in half would be refused by everything that reads it. */
function replaceFile(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.new`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

function shown(call: Pick<Call, 'cwd'>, file: string): string {
  return relative(call.cwd, file) || file;
}
