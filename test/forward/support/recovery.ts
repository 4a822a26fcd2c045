import { afterEach } from 'vitest';
import type { Endpoint } from '../../../edge-proxy/discovery/port.ts';
import type { Upstream } from '../../../edge-proxy/forward/port.ts';
import { type Edge, type EdgeOptions, startEdge } from './edge.ts';
import { exchangeRaw } from './raw-client.ts';
import { type OriginConnection, type RawOrigin, startRawOrigin } from './raw-origin.ts';
import { readAnswer } from './read-answer.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export async function origin(script: (connection: OriginConnection) => unknown): Promise<RawOrigin> {
  const started = await startRawOrigin(script);
  closers.push(() => started.close());
  return started;
}

export async function edge(options: EdgeOptions): Promise<Edge> {
  const started = await startEdge(options);
  closers.push(() => started.close());
  return started;
}

export const says = (body: string, status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
export const send = (method: string, body = ''): string =>
  `${method} /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`;
export const dead = 9;

/** A service that takes these ports in turn. */
export function service(...ports: number[]): Upstream & { outcomes: string[] } {
  const endpoints = ports.map(
    (port): Endpoint => ({
      id: `i-${port}`,
      host: '127.0.0.1',
      port,
      secure: false,
      version: undefined,
      healthy: true,
    }),
  );
  let next = 0;
  const outcomes: string[] = [];
  return {
    name: 'service',
    target: 'service',
    connect: { lookup: undefined, tls: undefined },
    outcomes,
    available: () => endpoints.length > 0,
    pick: (_now, avoid) => {
      const others = endpoints.filter(({ id }) => id !== avoid?.id);
      const from = others.length > 0 ? others : endpoints;
      return from[next++ % from.length];
    },
    started: () => {},
    finished: (_endpoint, outcome) => outcomes.push(outcome),
  };
}

export async function ask(through: Edge, bytes: string): Promise<{ status: number; body: string }> {
  const { status, body } = readAnswer(await exchangeRaw(through.port, bytes), bytes.split(' ')[0]);
  return { status, body: body.toString() };
}
