import { loadPlans } from '../../migration-plans/plan/load.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import type { Revision } from '../../migration-plans/revision/revision.ts';
import type { EdgeLease, StateStore } from '../../migration-plans/state-store/port.ts';
import type { Call, CommandResult, Handler } from '../commands/command.ts';
import { mayHaveStore, openProjectStore } from '../controller/embedded-store.ts';
import { projectOf } from '../controller/project.ts';
import { phaseText, type Standing, standingOf } from '../controller/standing.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Style } from '../terminal/style.ts';
import { renderTable } from '../terminal/table.ts';
import { agoText } from '../terminal/units.ts';

interface Status {
  revision: number | null;
  capabilities: Standing[];
  edges: EdgeLease[];
}

/** Every capability: phase, share, owner, service, evidence, and what blocks the next step. */
export const status: Handler = async (call) => {
  const project = await projectOf(call);
  const found = await look(project, call);
  return show(found, call.terminal.style);
};

async function look(project: Project, call: Call): Promise<Status> {
  // Nothing was ever applied and no plan exists: there is nothing that a store would be started for.
  if (!mayHaveStore(project)) return { revision: null, capabilities: [], edges: [] };
  const opened = await openProjectStore(project, call.signal);
  try {
    const { store } = opened;
    const [head, edges] = await Promise.all([store.head(), store.edges()]);
    return {
      revision: head?.number ?? null,
      capabilities: await standings(project, head, edges, store),
      edges,
    };
  } finally {
    await opened.close();
  }
}

async function standings(
  project: Project,
  head: Revision | null,
  edges: readonly EdgeLease[],
  store: StateStore,
): Promise<Standing[]> {
  // Only sound plans: what is wrong with the others is the affair of plan validate.
  const { plans: files } = await loadPlans(project.plansDir);
  const applied = Object.values(head?.plans ?? {}).map(async (plan) => {
    const { capability } = plan;
    const state = head?.states[capability];
    const evidence = await store.evidence({
      capability,
      ...(state === undefined ? {} : { epoch: state.epoch }),
    });
    return standingOf(plan, state, evidence, edges);
  });
  const waiting = Object.values(files)
    .filter(({ capability }) => head?.plans[capability] === undefined)
    .map((plan) => standingOf(plan, undefined, undefined, edges));
  const all = [...(await Promise.all(applied)), ...waiting];
  return all.sort((a, b) => (a.capability < b.capability ? -1 : 1));
}

function show({ revision, capabilities, edges }: Status, style: Style): CommandResult {
  const now = Date.now();
  const lines = [
    revision === null ? 'nothing was applied yet' : `revision ${style.bold(String(revision))}`,
    '',
    ...(capabilities.length === 0
      ? ['no plans: everything goes to the monolith']
      : renderTable(
          [
            { title: 'CAPABILITY' },
            { title: 'PHASE' },
            { title: 'OWNER' },
            { title: 'SERVICE' },
            { title: 'COMPARED', align: 'right' },
            { title: 'DIFFERING', align: 'right' },
            { title: 'NEXT' },
          ],
          capabilities.map((row) => capabilityRow(row, style)),
        )),
    ...capabilities.flatMap((row) =>
      row.blockedBy.map((why) => `  ${style.yellow('!')} ${style.bold(row.capability)}: ${sanitise(why)}`),
    ),
    '',
    ...(edges.length === 0
      ? ['no edges']
      : renderTable(
          [
            { title: 'EDGE' },
            { title: 'URL' },
            { title: 'REVISION', align: 'right' },
            { title: 'LAST SEEN' },
          ],
          edges.map((edge) => edgeRow(edge, revision, now, style)),
        )),
  ];
  return {
    document: {
      revision,
      capabilities,
      // Scripts wait until every edge serves the revision: one that is gone must not keep them waiting.
      edges: edges.filter((edge) => edge.live).map(edgeDocument),
      goneEdges: edges.filter((edge) => !edge.live).map(edgeDocument),
    },
    lines,
  };
}

function edgeDocument({ id, revision, lastSeen, draining, url, adminUrl, services }: EdgeLease): object {
  return { id, revision, lastSeen, draining, url, adminUrl, services };
}

function capabilityRow(row: Standing, style: Style): string[] {
  const { service, evidence } = row;
  const health =
    service.endpoints === 0
      ? style.dim('not seen')
      : service.healthy === service.endpoints
        ? style.green(`${service.healthy} healthy`)
        : style.yellow(`${service.healthy} of ${service.endpoints} healthy`);
  return [
    style.bold(row.capability),
    row.applied ? phaseText(row) : style.dim('not applied'),
    row.owner,
    health,
    String(evidence.compared),
    String(evidence.mismatched),
    row.next ?? '—',
  ];
}

function edgeRow(edge: EdgeLease, head: number | null, now: number, style: Style): string[] {
  const served = edge.revision === null ? '—' : String(edge.revision);
  const state = edge.live ? (edge.draining ? 'draining' : '') : 'gone';
  return [
    sanitise(edge.id),
    sanitise(edge.url),
    edge.revision === head ? served : style.yellow(served),
    `${agoText(edge.lastSeen, now)}${state === '' ? '' : ` (${state})`}`,
  ];
}
