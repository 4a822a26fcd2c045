import { join } from 'node:path';
import type { StartEdgeOptions } from '../../edge-proxy/server.ts';
import type { EdgeSetup } from '../../edge-proxy/workers/setup.ts';
import type { Project } from '../../migration-plans/project/project.ts';
import { lateStore } from '../controller/late-store.ts';
import { stateFolderAt } from '../local-stack/folder/state-folder.ts';
import { openEdgeStore } from './store.ts';

/** What an edge process is told; plain data, because workers get it by message. */
export interface EdgeArguments {
  project: Project;
  monolith: string;
  /** Undefined: AWS itself. */
  cloudMapEndpoint: string | undefined;
  overrideSecret: string;
  drainMs: number;
  /** The files of this edge are kept apart from those of others in the same project. */
  name: string;
}

/** Between two attempts to open a state store that is away, or to look whether there is one yet. Milliseconds. */
const STORE_RETRY_MS = 2000;

/** The edge as the project file describes it, with a state store of its own. */
export async function setUpEdge(args: EdgeArguments): Promise<EdgeSetup> {
  const { project, monolith, cloudMapEndpoint } = args;
  const opened = openEdgeStore(project);
  const store = lateStore({ open: opened.open, retryMs: STORE_RETRY_MS });
  const { region, namespace } = project.cloudMap;
  const endpoint = cloudMapEndpoint === undefined ? {} : { endpoint: cloudMapEndpoint };
  return {
    options: {
      ...settingsOf(project),
      monolith,
      monolithConnection: { rewrite: project.monolith.rewrite },
      store,
      cloudMap: { ...endpoint, region, namespace },
      stateFolder: join(stateFolderAt(project.stateDir).edges, args.name),
      overrideSecret: args.overrideSecret,
      drain: { deadlineMs: args.drainMs },
    },
    async close() {
      await store.close();
      await opened.close();
    },
  };
}

/** strangler.yaml's `edge` in the words of the edge itself. */
export function settingsOf({
  edge,
}: Pick<Project, 'edge'>): Pick<
  StartEdgeOptions,
  'trustProxy' | 'observe' | 'answerHeader' | 'monolithTimeouts' | 'limits' | 'forward' | 'tls'
> {
  const { limits } = edge;
  return {
    trustProxy:
      edge.trustProxy === true ? ['0.0.0.0/0', '::/0'] : edge.trustProxy === false ? [] : edge.trustProxy,
    answerHeader: edge.answerHeader,
    observe: edge.observe,
    monolithTimeouts: edge.timeouts,
    limits: {
      headerBytes: limits.headerBytes,
      headersTimeoutMs: limits.requestHeadMs,
      keepAliveMs: limits.keepAliveMs,
      connections: limits.connections,
      inFlight: limits.inFlight,
    },
    forward: {
      limits: {
        maxSockets: limits.upstreamConnections,
        maxQueue: limits.queue,
        queueMs: limits.queueTimeoutMs,
        maxRequestBytes: limits.requestBodyBytes ?? 0,
        requestIdleMs: limits.requestIdleMs,
      },
    },
    ...(edge.tls === undefined ? {} : { tls: { certFile: edge.tls.certificate, keyFile: edge.tls.key } }),
  };
}
