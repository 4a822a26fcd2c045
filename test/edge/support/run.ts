import { type RunningEdge, type StartEdgeOptions, startEdge } from '../../../edge-proxy/server.ts';
import { Places, partsWith } from './places.ts';

export const TOKEN = 'test-admin-token';

/** An edge on ports of the system, silent, with services as the test says. */
export function edgeFor(
  monolith: string,
  over: Partial<StartEdgeOptions> = {},
  services: Record<string, string> | Places = {},
): Promise<RunningEdge> {
  return startEdge(
    {
      monolith,
      listen: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0, token: TOKEN },
      log: { level: 'silent' },
      accessLog: false,
      ...over,
    },
    partsWith(services instanceof Places ? services : new Places(services)),
  );
}

/** GET or another request to the admin listener, with the token unless told otherwise. */
export function admin(edge: RunningEdge, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(edge.adminUrl + path, {
    ...init,
    headers: { authorization: `Bearer ${TOKEN}`, ...init.headers },
  });
}

/** Waits until something becomes true, for what happens in another task. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
