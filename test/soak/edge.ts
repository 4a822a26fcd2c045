import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import { STRANGLER } from '../tour/commands.ts';
import { NAMESPACE } from './story.ts';

/** `strangler edge` as a user starts it, with a state store and a Cloud Map that are given. */
export interface SoakEdge {
  host: string;
  port: number;
  adminUrl: string;
  /** The processes that carry requests: the edge itself, or its workers. */
  pids(): number[];
  exited: boolean;
  stop(): Promise<void>;
}

export interface SoakEdgeOptions {
  folder: string;
  monolithUrl: string;
  cloudMapUrl: string;
  storeUrl: string;
  workers: number;
}

export async function startSoakEdge(options: SoakEdgeOptions): Promise<SoakEdge> {
  const { folder, monolithUrl, cloudMapUrl, storeUrl, workers } = options;
  mkdirSync(join(folder, 'migration-plans'), { recursive: true });
  const project = {
    version: 1,
    monolith: { url: monolithUrl },
    cloudMap: { endpoint: cloudMapUrl, namespace: NAMESPACE },
    stateStore: { url: storeUrl },
    edge: { listen: '127.0.0.1:0', admin: '127.0.0.1:0', workers },
  };
  writeFileSync(join(folder, 'strangler.yaml'), stringify(project));
  const child = spawn(process.execPath, [STRANGLER, 'edge', '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { url, admin } = await ready(child);
  const { hostname, port } = new URL(url);
  const edge: SoakEdge = {
    host: hostname,
    port: Number(port),
    adminUrl: admin,
    pids: () => (workers > 1 ? childrenOf(child.pid!) : [child.pid!]),
    exited: false,
    async stop() {
      if (edge.exited) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
  child.once('exit', () => {
    edge.exited = true;
  });
  return edge;
}

function ready(child: ChildProcess): Promise<{ url: string; admin: string }> {
  const last: string[] = [];
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      // Read to the end of its life: a full pipe is not what is tested here.
      createInterface({ input: stream }).on('line', (line) => {
        last.push(line);
        if (last.length > 20) last.shift();
        if (line.includes('"event":"ready"')) resolve(JSON.parse(line) as { url: string; admin: string });
      });
    }
    child.once('exit', (code) => reject(new Error(`the edge ended with ${code}:\n${last.join('\n')}`)));
  });
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).map(Number);
}
