import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createForwarder, prepareServer, SERVER_LIMITS } from '../../../edge-proxy/forward/index.ts';
import type { ForwarderOptions } from '../../../edge-proxy/forward/options.ts';
import type {
  Forwarder,
  ForwardFailure,
  ForwardJob,
  ForwardResult,
  Upstream,
} from '../../../edge-proxy/forward/port.ts';
import { monolithUpstream } from '../../../edge-proxy/forward/upstreams.ts';
import type { Timeouts } from '../../../migration-plans/plan/plan.ts';

export interface EdgeOptions extends ForwarderOptions {
  /** Port of the origin, or an upstream of its own. */
  primary: number | Upstream;
  fallback?: Upstream;
  timeouts?: Partial<Timeouts>;
  job?: (job: ForwardJob) => Partial<ForwardJob>;
  server?: ServerOptions;
}

export interface Edge {
  port: number;
  forwarder: Forwarder;
  server: Server;
  results: ForwardResult[];
  attempts: { target: string; endpoint: string; status: number; failure: ForwardFailure | undefined }[];
  /** Resolves when so many requests are over. */
  over(count: number): Promise<ForwardResult[]>;
  close(): Promise<void>;
}

/** The smallest server around a forwarder: Node's, set up as the edge sets it up, every request to one upstream. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const primary =
    typeof options.primary === 'number'
      ? monolithUpstream({ url: `http://127.0.0.1:${options.primary}` })
      : options.primary;
  const timeouts: Timeouts = {
    connectMs: 2000,
    headersMs: 5000,
    idleMs: 5000,
    totalMs: 0,
    ...options.timeouts,
  };
  const forwarder = createForwarder(options);
  const results: ForwardResult[] = [];
  const attempts: Edge['attempts'] = [];
  const waiting: { count: number; resolve: (results: ForwardResult[]) => void }[] = [];
  const observer: ForwardJob['observer'] = {
    attempt(target, endpoint, status, failure) {
      attempts.push({ target, endpoint, status, failure });
    },
    done(result) {
      results.push(result);
      for (const { count, resolve } of waiting) if (results.length >= count) resolve(results);
    },
  };
  const common = { primary, fallback: options.fallback, timeouts, observer };
  const server = createServer({ ...SERVER_LIMITS, ...options.server }, (request, response) => {
    const job: ForwardJob = {
      ...common,
      request,
      response,
      clientAddress: request.socket.remoteAddress ?? '',
      answerHeaders: () => [],
      capture: undefined,
    };
    forwarder.forward({ ...job, ...options.job?.(job) });
  });
  prepareServer(server);
  server.on('upgrade', (request, socket, head) => {
    const clientAddress = request.socket.remoteAddress ?? '';
    forwarder.upgrade({ ...common, request, socket, head, clientAddress, answerHeaders: () => [] });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    forwarder,
    server,
    results,
    attempts,
    over: (count) =>
      results.length >= count
        ? Promise.resolve(results)
        : new Promise((resolve) => waiting.push({ count, resolve })),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await forwarder.close(1000);
      await closed;
    },
  };
}
