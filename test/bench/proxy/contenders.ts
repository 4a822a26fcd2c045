import { installed, type Running, startHaproxy, startNginx, startNode } from './processes.ts';
import type { EdgeVariant } from './revisions.ts';

/** Our edge in the states that are measured. */
export const EDGES = {
  'edge, no plan': {},
  'edge, 10 000 routes': { plans: 1_000, phase: 'monolith' },
  // Mirroring, which a canary does too, has a line of its own.
  'edge, canary 50 %': { phase: 'canary', weightBp: 5_000, sampleBp: 0 },
  'edge, shadow 100 %': { phase: 'shadow' },
} as const satisfies Record<string, EdgeVariant>;

export type EdgeName = keyof typeof EDGES;

export const NO_PLAN: EdgeName = 'edge, no plan';
export const PLAIN = '@fastify/http-proxy';
export const NGINX = 'nginx';
export const DIRECT = 'origin, directly';

/** What takes part, in the order of the table; the origin itself comes before. */
export const CONTENDERS: Readonly<Record<string, (originPort: number) => Promise<Running>>> = {
  [NGINX]: (port) => startNginx(NGINX, nginxProxy(port)),
  haproxy: startHaproxy,
  [PLAIN]: (port) => startNode(PLAIN, 'candidates/plain-http-proxy.ts', originAt(port)),
  'http-proxy-3': (port) => startNode('http-proxy-3', 'candidates/http-proxy-3.ts', originAt(port)),
  'node:http, no proxy': (port) =>
    startNode('node:http, no proxy', 'candidates/node-answering.ts', originAt(port)),
  ...Object.fromEntries(
    (Object.keys(EDGES) as EdgeName[]).map((name) => [
      name,
      (port: number) => startEdgeCandidate(name, EDGES[name], port),
    ]),
  ),
};

/** Those that are programs of their own and may be missing. */
const PROGRAMS: Readonly<Record<string, string>> = { [NGINX]: 'nginx', haproxy: 'haproxy' };

export function missingProgram(name: string): string | undefined {
  const program = PROGRAMS[name];
  return program !== undefined && installed(program) === undefined ? program : undefined;
}

/** `servicePort`: of what stands behind the plan; default: the monolith itself. `env`: more for `candidates/edge.ts`. */
export function startEdgeCandidate(
  name: string,
  variant: EdgeVariant,
  originPort: number,
  {
    servicePort = originPort,
    execArgv = [],
    env: more = {},
  }: { servicePort?: number; execArgv?: string[]; env?: Record<string, string> } = {},
) {
  const env = {
    ...more,
    ...originAt(originPort),
    BENCH_SERVICE: `http://127.0.0.1:${servicePort}`,
    BENCH_EDGE: JSON.stringify(variant),
  };
  return startNode(name, 'candidates/edge.ts', env, execArgv);
}

function originAt(port: number): Record<string, string> {
  return { BENCH_ORIGIN: `http://127.0.0.1:${port}` };
}

function nginxProxy(originPort: number): string {
  return `keepalive_requests 100000000; client_max_body_size 64m;
upstream origin { server 127.0.0.1:${originPort}; keepalive 64; keepalive_requests 100000000; }
server { listen 127.0.0.1:PORT; location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; proxy_request_buffering off; } }`;
}
