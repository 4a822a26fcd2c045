import { join } from 'node:path';
import type { Project } from '../../../migration-plans/project/project.ts';
import type { StateStore } from '../../../migration-plans/state-store/port.ts';
import { listenUrl } from '../../terminal/units.ts';
import { commandFile } from '../../version.ts';
import type { StateFolder } from '../folder/state-folder.ts';
import { Part, type PartEvent } from '../parts/part.ts';
import { probe } from '../parts/readiness.ts';
import { ensureDatabase } from '../postgres/database.ts';
import { usePostgres } from '../postgres/embedded.ts';
import { keepPostgres } from '../postgres/kept.ts';
import { identityOf } from '../process/identity.ts';
import { startCloudMap } from './cloud-map.ts';
import { localCredentials, partEnvironment } from './environment.ts';
import type { OnStackEvent } from './events.ts';
import { MONOLITH, type StackAddresses } from './ports.ts';
import { rememberPorts, removeStackFile, type StackFile, writeStackFile } from './stack-file.ts';

export interface StackOptions {
  project: Project;
  folder: StateFolder;
  addresses: StackAddresses;
  env: Record<string, string | undefined>;
  signal: AbortSignal;
  onEvent: OnStackEvent;
  openStore(databaseUrl: (name: string) => string): Promise<StateStore>;
  /** Runs once all parts are up: applies the plans when nothing was ever applied. */
  onUp(store: StateStore): Promise<void>;
}

export interface Stack {
  file: StackFile;
  stop(): Promise<void>;
}

/** The monolith may have a large database to load on its first start. */
const MONOLITH_READY_MS = 180_000;
const SERVICE_READY_MS = 60_000;
const EDGE_READY_MS = 30_000;
/** A little more than its drain takes. */
const EDGE_GRACE_SECONDS = 7;
/** What a part gets to end politely. */
const STOP_GRACE_MS = 12_000;

/**
 * Starts everything in the order in which it depends on each other. When a step fails or the signal comes, what was started is
 * stopped again in reverse order before this rejects.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { project, folder, addresses, env, signal, onEvent } = options;
  const begin = performance.now();
  const closers: { name: string; close(): Promise<void> }[] = [];
  const parts = new Map<string, Part>();
  let file: StackFile | undefined;

  const step = async <T>(name: string, work: () => Promise<T>, describe: (made: T) => object): Promise<T> => {
    signal.throwIfAborted();
    onEvent({ event: 'starting', name });
    const from = performance.now();
    const made = await untilAborted(work(), signal);
    onEvent({ event: 'started', name, ms: performance.now() - from, ...describe(made) });
    return made;
  };
  const onPartEvent = (event: PartEvent): void => {
    if (event.event === 'crashed' || event.event === 'output') onEvent(event);
    // The first time is told by its step.
    else if (event.event === 'ready' && file !== undefined)
      onEvent({ event: 'restarted', name: event.name, ms: event.ms });
    if (file !== undefined && event.event === 'started') {
      file = { ...file, pids: { ...file.pids, [event.name]: event.pid } };
      writeStackFile(folder, file);
    }
  };
  const run = (part: Part): Promise<void> => {
    parts.set(part.spec.name, part);
    closers.push({ name: part.spec.name, close: () => part.stop(STOP_GRACE_MS) });
    return part.start();
  };
  const stop = async (): Promise<void> => {
    const from = performance.now();
    for (const { name, close } of closers.splice(0).reverse()) {
      onEvent({ event: 'stopping', name });
      try {
        await close();
      } catch (error) {
        onEvent({ event: 'notice', name, message: `did not stop cleanly: ${(error as Error).message}` });
      }
    }
    removeStackFile(folder);
    onEvent({ event: 'stopped', ms: performance.now() - from });
  };

  try {
    const first = await step(
      'postgres',
      () => usePostgres({ folder, signal }),
      (use) => ({
        detail: `127.0.0.1:${use.port}${use.how === 'joined' ? ' (was running)' : ''}`,
      }),
    );
    const postgres = keepPostgres(first, {
      folder,
      onLost: (restartInMs) =>
        onEvent({ event: 'crashed', name: 'postgres', how: 'unexpectedly', restartInMs, lastLines: [] }),
      onBack: () => onEvent({ event: 'restarted', name: 'postgres', ms: 0 }),
      onProblem: (error) => onEvent({ event: 'notice', name: 'postgres', message: (error as Error).message }),
    });
    closers.push({ name: 'postgres', close: () => postgres.release() });

    const { namespace, region } = project.cloudMap;
    const store = await step(
      'state store',
      async () => {
        await ensureDatabase(first.url('postgres'), namespace);
        return options.openStore(first.url);
      },
      () => ({}),
    );
    closers.push({ name: 'state store', close: () => store.close() });

    const endpoint = await step(
      'cloud map',
      () => startCloudMap(project, folder, addresses.cloudMap),
      (made) => ({ url: made.url }),
    );
    closers.push({ name: 'cloud map', close: () => endpoint.close() });
    const cloudMap = { endpoint: endpoint.url, namespace, region };

    const process = (name: string): Part => {
      const spec = project.dev.processes[name]!;
      const address = addresses.processes[name]!;
      const settings = { ...address, databaseUrl: first.url(namespace), cloudMap };
      const own = { ...spec.env };
      delete own.PORT;
      const environment = partEnvironment(env, settings, own);
      return new Part(
        {
          name,
          command: spec.command.map((word) => fillWord(word, environment)),
          cwd: spec.cwd,
          env: environment,
          readyUrl: spec.ready === undefined ? undefined : `${listenUrl(address)}${spec.ready}`,
          readyLimitMs: name === MONOLITH ? MONOLITH_READY_MS : SERVICE_READY_MS,
          log: join(folder.logs, `${name}.log`),
        },
        onPartEvent,
      );
    };
    const names = Object.keys(project.dev.processes);
    const urlOf = (name: string) => ({ url: listenUrl(addresses.processes[name]!) });
    let monolithUrl = project.monolith.url;
    if (names.includes(MONOLITH)) {
      await step(
        MONOLITH,
        () => run(process(MONOLITH)),
        () => urlOf(MONOLITH),
      );
      monolithUrl = listenUrl(addresses.processes[MONOLITH]!);
    } else {
      const answer = await probe(monolithUrl, 2000, signal);
      if (typeof answer === 'string')
        onEvent({
          event: 'notice',
          name: MONOLITH,
          message: `${monolithUrl} does not answer (${answer}); start it, or let dev do it by dev.processes.monolith in ${project.file}`,
        });
    }
    // Services and the edge need nothing of each other to start.
    const services = names
      .filter((name) => name !== MONOLITH)
      .map((name) =>
        step(
          name,
          () => run(process(name)),
          () => urlOf(name),
        ),
      );
    const edge = step(
      'edge',
      () => run(edgePart(options, monolithUrl, cloudMap, onPartEvent)),
      () => ({
        url: listenUrl(addresses.edge),
      }),
    );
    await Promise.all([...services, edge]);

    const urls: Record<string, string> = {
      edge: listenUrl(addresses.edge),
      admin: listenUrl(addresses.admin),
      monolith: monolithUrl,
      'cloud-map': endpoint.url,
    };
    for (const name of names) urls[name] = listenUrl(addresses.processes[name]!);
    const ports = portsOf(addresses);
    const pids: Record<string, number> = { postgres: first.pid };
    for (const [name, part] of parts) if (part.pid !== undefined) pids[name] = part.pid;
    file = {
      formatVersion: 1,
      process: identityOf(globalThis.process.pid),
      startedAt: new Date().toISOString(),
      project: project.file,
      urls,
      ports: { ...ports, postgres: first.port },
      pids,
      cloudMap,
      logs: folder.logs,
    };
    writeStackFile(folder, file);
    rememberPorts(folder, ports);
    await options.onUp(store);
    onEvent({ event: 'ready', ms: performance.now() - begin, urls, pids });
    return { file, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The edge runs as a process of its own, as it does in production: the same command, told where everything is. */
function edgePart(
  { project, folder, addresses, env }: StackOptions,
  monolithUrl: string,
  cloudMap: StackFile['cloudMap'],
  onEvent: (event: PartEvent) => void,
): Part {
  const { edge, admin } = addresses;
  const colon = ({ host, port }: { host: string; port: number }) =>
    `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Part(
    {
      name: 'edge',
      command: [
        process.execPath,
        commandFile(),
        'edge',
        ...['--config', project.file, '--listen', colon(edge), '--admin', colon(admin)],
        ...['--monolith', monolithUrl, '--cloud-map', cloudMap.endpoint, '--drain', '5s'],
      ],
      cwd: project.root,
      env: { ...env, ...localCredentials(), AWS_REGION: cloudMap.region },
      readyUrl: `${listenUrl(admin)}/readyz`,
      readyLimitMs: EDGE_READY_MS,
      graceSeconds: EDGE_GRACE_SECONDS,
      log: join(folder.logs, 'edge.log'),
    },
    onEvent,
  );
}

function portsOf(addresses: StackAddresses): Record<string, number> {
  const { edge, admin, cloudMap, processes } = addresses;
  return {
    edge: edge.port,
    admin: admin.port,
    'cloud-map': cloudMap.port,
    ...Object.fromEntries(Object.entries(processes).map(([name, { port }]) => [name, port])),
  };
}

function fillWord(word: string, environment: Record<string, string | undefined>): string {
  // A password must not reach the process list.
  const { DATABASE_URL: _, ...visible } = environment;
  return word.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => visible[name] ?? whole);
}

/** Rejects when the signal comes; the work itself ends on its own signal or when the stack is stopped. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((done, fail) => {
    const onAbort = () => fail(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(done, fail).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
