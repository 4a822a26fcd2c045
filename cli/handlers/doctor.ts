import { relative } from 'node:path';
import { EXIT, formatPlace, StranglerError } from '../../migration-plans/errors.ts';
import { loadPlans } from '../../migration-plans/plan/load.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import { loadProject } from '../../migration-plans/project/load.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import type { EdgeLease } from '../../migration-plans/state-store/port.ts';
import type { Call, CommandResult, Handler } from '../commands/command.ts';
import { cloudMapEndpoint, monolithAddress } from '../controller/addresses.ts';
import { mayHaveStore, openProjectStore } from '../controller/embedded-store.ts';
import { configFile } from '../controller/project.ts';
import { broken, type Check, ok, skipped, warning } from '../doctor/check.ts';
import { checkClock, checkDisk, checkNode, checkPorts } from '../doctor/machine.ts';
import { checkDiscovery, checkEdges, checkMonolith } from '../doctor/wiring.ts';
import { sanitise } from '../terminal/sanitise.ts';

/** Checks the installation and the wiring. Looks only: nothing is changed, and one broken thing hides no other. */
export const doctor: Handler = async (call) => {
  const checks: Check[] = [checkNode(process.versions.node)];
  const project = await loaded(call, checks);
  if (project !== undefined) await checkProject(project, call, checks);
  else checks.push(await checkDisk(call.cwd));
  return show(checks, call);
};

async function loaded(call: Call, checks: Check[]): Promise<Project | undefined> {
  try {
    const { file, because } = await configFile(call);
    const project = await loadProject(file, call.env);
    checks.push(ok('configuration', `${file} (${because})`));
    return project;
  } catch (error) {
    checks.push(failure('configuration', error));
    return undefined;
  }
}

async function checkProject(project: Project, call: Call, checks: Check[]): Promise<void> {
  const { plans, findings } = await loadPlans(project.plansDir);
  const all = Object.values(plans);
  const errors = findings.filter(({ severity }) => severity === 'error');
  for (const { message, place, remedy } of errors)
    checks.push(
      broken(
        'plans',
        place ? `${formatPlace({ ...place, file: relative(call.cwd, place.file) })}: ${message}` : message,
        remedy ?? 'strangler plan validate shows them all',
      ),
    );
  if (errors.length === 0) checks.push(ok('plans', all.length === 0 ? 'none yet' : `${all.length} valid`));
  const edges = await checkStore(project, plans, call, checks);
  const [monolith, discovery, ports, disk] = await Promise.all([
    checkMonolith(monolithAddress(project)),
    checkDiscovery(all, project, cloudMapEndpoint(project)),
    checkPorts(
      project,
      edges.filter((edge) => edge.live).flatMap((edge) => [edge.url, edge.adminUrl]),
    ),
    checkDisk(project.root),
  ]);
  checks.push(monolith, ...discovery, ...ports, disk);
}

async function checkStore(
  project: Project,
  plans: Record<string, Plan>,
  call: Call,
  checks: Check[],
): Promise<EdgeLease[]> {
  try {
    if (!mayHaveStore(project)) {
      checks.push(
        skipped('state store', 'no plan exists, so none is needed'),
        checkClock(Date.now(), undefined),
      );
      return [];
    }
    const opened = await openProjectStore(project, call.signal);
    try {
      const [head, edges] = await Promise.all([opened.store.head(), opened.store.edges()]);
      const embedded = project.stateStore.url === undefined ? ', embedded PostgreSQL' : '';
      checks.push(ok('state store', `revision ${head?.number ?? '—'}${embedded}`));
      checks.push(checkEdges(edges, head?.number ?? null));
      const unapplied = Object.keys(plans).filter((capability) => head?.plans[capability] === undefined);
      if (unapplied.length > 0)
        checks.push(warning('plans', `not applied yet: ${unapplied.join(', ')}`, 'strangler apply'));
      checks.push(checkClock(Date.now(), newestLease(edges)));
      return edges;
    } finally {
      await opened.close();
    }
  } catch (error) {
    checks.push(failure('state store', error));
    return [];
  }
}

/** When the store last wrote a lease, by its own clock; a lease from the future shows that this machine's clock is behind. */
function newestLease(edges: readonly EdgeLease[]): number | undefined {
  const newest = Math.max(...edges.filter((edge) => edge.live).map((edge) => Date.parse(edge.lastSeen)));
  return newest > Date.now() ? newest : undefined;
}

function failure(name: string, error: unknown): Check {
  if (!(error instanceof StranglerError)) throw error;
  const findings = error.findings.map(
    (finding) => `${finding.place ? `${formatPlace(finding.place)}: ` : ''}${finding.message}`,
  );
  return broken(name, [error.message, ...findings].join('; '), error.remedy ?? 'see strangler help');
}

function show(checks: readonly Check[], call: Call): CommandResult {
  const { style } = call.terminal;
  const marks = {
    ok: style.green('✓'),
    warning: style.yellow('!'),
    error: style.red('✗'),
    skipped: style.dim('·'),
  };
  const width = Math.max(...checks.map((check) => check.name.length));
  const lines = checks.flatMap(({ name, status, message, fix }) => [
    `${marks[status]} ${name.padEnd(width)}  ${sanitise(message)}`,
    ...(fix === undefined ? [] : [`${' '.repeat(width + 4)}${style.cyan('→')} ${sanitise(fix)}`]),
  ]);
  const errors = checks.filter(({ status }) => status === 'error').length;
  const warnings = checks.filter(({ status }) => status === 'warning').length;
  lines.push('', errors + warnings === 0 ? 'all is well' : `${errors} broken, ${warnings} to look at`);
  return {
    document: { healthy: errors === 0, checks },
    lines,
    exitCode: errors === 0 ? EXIT.done : EXIT.failed,
  };
}
