import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import type { Endpoint } from '../../edge-proxy/discovery/port.ts';
import { createShadow, type Shadow, type ShadowOptions } from '../../edge-proxy/shadow/pipeline.ts';
import type { MirroredRequest } from '../../edge-proxy/shadow/port.ts';
import type { EvidenceDelta } from '../../migration-plans/evidence/evidence.ts';
import { mergeEvidence } from '../../migration-plans/evidence/merge.ts';
import type { CompiledRoute } from '../../migration-plans/routing/table.ts';
import { compiledRoute } from './compiled-route.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What a test has opened, closed after it. */
export const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export async function serve(
  handler: Handler,
): Promise<{ url: string; port: number; seen: IncomingMessage[]; server: Server }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, seen, server };
}

export const json =
  (value: unknown): Handler =>
  (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(value));
  };

/** A pipeline with users. */
export interface Harness {
  shadow: Shadow;
  deltas: EvidenceDelta[];
  /** What the monolith answered to the user; the copy is compared with it. */
  userReads(body: unknown, options?: { url?: string; bucket?: number }): boolean;
  settled(): Promise<void>;
}

export function start(
  monolith: { url: string },
  endpoint: Partial<Endpoint> | undefined,
  options: Partial<ShadowOptions> & { route?: CompiledRoute } = {},
): Harness {
  const deltas: EvidenceDelta[] = [];
  const route = options.route ?? compiledRoute();
  const shadow = createShadow({
    edge: 'edge-1',
    monolithUrl: monolith.url,
    pickEndpoint: () =>
      endpoint && {
        id: 'i-1',
        host: '127.0.0.1',
        port: 1,
        secure: false,
        version: '1.0',
        healthy: true,
        ...endpoint,
      },
    endpointsOf: () => [],
    versionOf: () => '1.0',
    sink: { add: (delta) => void deltas.push(delta), flush: async () => undefined },
    flushMs: 3_600_000,
    ...options,
    // How busy the machine is must not decide what is compared.
    limits: { maxAgeMs: 60_000, breakerPauseMs: 60_000, ...options.limits },
  });
  closing.push(() => shadow.close(0));
  return {
    shadow,
    deltas,
    userReads(body, { url = '/items/1', bucket = 0 } = {}) {
      const request: MirroredRequest = {
        route,
        method: 'GET',
        url,
        rawHeaders: ['Host', 'shop.example', 'Cookie', 'sid=abc'],
        bucket,
        peer: { address: '192.0.2.1', encrypted: false, trusted: false },
        traceId: undefined,
      };
      const capture = shadow.begin(request);
      capture?.head(200, 'Content-Type: application/json\r\n');
      capture?.chunk(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
      capture?.end();
      return capture !== undefined;
    },
    async settled() {
      // Sending begins in the next turn of the event loop; then the pipeline itself tells when nothing is left.
      do await new Promise((resolve) => setImmediate(resolve));
      while (shadow.stats().queued > 0 || shadow.stats().active > 0);
      await shadow.flush();
    },
  };
}

export const evidence = (harness: Harness) => mergeEvidence(harness.deltas);
