import { setTimeout as sleep } from 'node:timers/promises';
import { startEdge } from '../../edge-proxy/server.ts';
import { helpersGiveWay } from '../../edge-proxy/thread-priority.ts';
import { startWorkers } from '../../edge-proxy/workers/supervisor.ts';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import type { Call, Handler } from '../commands/command.ts';
import { cloudMapEndpoint, monolithAddress } from '../controller/addresses.ts';
import { projectFolder } from '../controller/embedded-store.ts';
import { projectOf } from '../controller/project.ts';
import { type EdgeArguments, setUpEdge } from '../edge/setup.ts';
import { readOrCreateSecret } from '../local-stack/folder/secret.ts';
import { liveReport } from '../report/live/live.ts';
import { pagesInThread } from '../report/live/thread.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Listen, parseCount, parseDuration, parseListen } from '../terminal/units.ts';

const MAX_WORKERS = 256;
const LOOK_EVERY_MS = 250;

/** Runs one edge until it is told to stop, then drains it. */
export const edge: Handler = async (call) => {
  const { options, signal, terminal } = call;
  const project = await projectOf(call);
  const folder = projectFolder(project);
  const given = (name: string, flag: string, setting: Listen): Listen => {
    const text = options.text(name);
    return text === undefined ? setting : parseListen(text, flag);
  };
  const listen = given('listen', '--listen', project.edge.listen);
  const admin = {
    ...given('admin', '--admin', project.edge.admin),
    token: readOrCreateSecret(folder.adminToken),
  };
  const workersText = options.text('workers');
  const workers =
    workersText === undefined ? project.edge.workers : parseCount(workersText, '--workers', 1, MAX_WORKERS);
  const drainText = options.text('drain');
  const args: EdgeArguments = {
    project,
    monolith: monolithOf(project, options.text('monolith')),
    cloudMapEndpoint: options.text('cloudMap') ?? cloudMapEndpoint(project),
    overrideSecret: project.edge.secret ?? readOrCreateSecret(folder.overrideSecret),
    drainMs: drainText === undefined ? project.edge.drainMs : parseDuration(drainText, '--drain'),
    name: `${listen.host.replace(/[^A-Za-z0-9.]/g, '_')}-${listen.port}`,
  };
  const running =
    workers > 1
      ? await severalEdges(args, listen, admin, workers, terminal)
      : await oneEdge(args, listen, admin);
  announce(call, running, args, workers);
  await ended(running, signal);
  terminal.note('draining: requests under way are finished (a second Ctrl-C ends at once)');
  await running.drain();
  return undefined;
};

interface Running {
  url: string;
  adminUrl: string;
  /** Somebody asked it to drain by the admin API. */
  draining(): Promise<boolean>;
  drain(): Promise<void>;
}

async function oneEdge(
  args: EdgeArguments,
  listen: Listen,
  admin: Listen & { token: string },
): Promise<Running> {
  helpersGiveWay();
  const { options, close } = await setUpEdge(args);
  try {
    const report = liveReport(pagesInThread(args.project));
    const started = await startEdge({ ...options, listen, admin: { ...admin, report } });
    return {
      url: started.url,
      adminUrl: started.adminUrl,
      draining: async () => !['starting', 'ready'].includes(started.status().stage),
      async drain() {
        await started.drain();
        await close?.();
      },
    };
  } catch (error) {
    await close?.();
    throw error;
  }
}

/** Each worker opens a state store of its own: `worker.ts` runs in its process. */
async function severalEdges(
  args: EdgeArguments,
  listen: Listen,
  admin: Listen & { token: string },
  count: number,
  terminal: Terminal,
): Promise<Running> {
  // The same extension as this file has: the checkout runs TypeScript, the package JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const started = await startWorkers({
    count,
    listen,
    admin: { ...admin, report: liveReport(pagesInThread(args.project)) },
    entry: new URL(`../edge/worker.${extension}`, import.meta.url),
    args,
    deadlineMs: args.drainMs,
    onEvent(event) {
      if (event.kind === 'ended')
        terminal.note(
          `worker ${event.worker} ended (${event.signal ?? `code ${event.code}`}); another one starts in ${event.restartInMs} ms`,
        );
      if (event.kind === 'failed') terminal.note(`worker ${event.worker} did not start: ${event.message}`);
    },
  });
  return {
    url: started.url,
    adminUrl: started.adminUrl,
    draining: async () => !['starting', 'ready'].includes((await started.control.live()).stage),
    drain: () => started.drain(),
  };
}

function announce(
  { terminal }: Call,
  { url, adminUrl }: Running,
  args: EdgeArguments,
  workers: number,
): void {
  const { noteStyle: style } = terminal;
  terminal.event({
    event: 'ready',
    url,
    admin: adminUrl,
    monolith: args.monolith,
    workers,
    pid: process.pid,
  });
  if (terminal.modes.json) return;
  terminal.note(
    `${style.green('✓')} edge at ${style.bold(url)} before ${args.monolith}${workers > 1 ? `, ${workers} workers` : ''}; health and metrics at ${adminUrl}`,
  );
  terminal.note(style.dim('Ctrl-C drains and ends it'));
}

/** @throws StranglerError EDGE_NO_MONOLITH when nobody has said where the monolith is. */
function monolithOf(project: Project, option: string | undefined): string {
  const url = option ?? monolithAddress(project);
  if (!URL.canParse(url) || new URL(url).port !== '0') return url;
  throw new StranglerError(
    'EDGE_NO_MONOLITH',
    `monolith.url in ${project.file} has port 0, which only strangler dev can fill in`,
    { exitCode: EXIT.usage, remedy: 'start strangler dev first, or give --monolith URL' },
  );
}

/** Until a signal comes, or the edge is drained by its admin API. */
async function ended(running: Running, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted && (await running.draining())) return;
  }
}
