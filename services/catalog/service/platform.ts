import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import type { Config } from './config.ts';
import { exposition, observe, pathOf } from './metrics.ts';
import { databaseAnswers } from './readiness.ts';

/** Set when the instance is about to end: it still serves, but wants no new traffic. */
export const state = { draining: false };

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Puts the platform's addresses before the application: its hooks, authentication and body parsers never see them, and
 * every other request reaches it untouched. Upgrades go to the application as they are.
 */
export function answerBefore(server: Server, config: Config): void {
  const listeners = server.listeners('request') as Listener[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // Whoever keeps a connection to this instance shall open the next one elsewhere.
    if (state.draining && request.httpVersionMajor === 1) response.setHeader('connection', 'close');
    const metricsElsewhere = config.adminPort !== undefined && pathOf(request) === config.paths.metrics;
    if (!metricsElsewhere && answer(request, response, config)) return;
    observe(request, response);
    for (const listener of listeners) listener.call(server, request, response);
  });
}

/** Listens for the platform alone where it has a port of its own: metrics are then not shown where the users are. */
export async function listenForPlatform(config: Config): Promise<void> {
  if (config.adminPort === undefined) return;
  const server = createServer((request, response) => {
    if (!answer(request, response, config)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.adminPort, config.host, () => resolve());
  });
}

/** Answers a request of the platform; false: it is none. */
function answer(request: IncomingMessage, response: ServerResponse, config: Config): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const { paths } = config;
  switch (pathOf(request)) {
    case paths.health:
      say(response, 200, 'ok\n');
      return true;
    case paths.ready:
      void readiness().then((problem) =>
        say(response, problem === undefined ? 200 : 503, `${problem ?? 'ready'}\n`),
      );
      return true;
    case paths.metrics:
      exposition().then(
        ({ type, text }) => say(response, 200, text, type),
        () => say(response, 500, 'metrics could not be collected\n'),
      );
      return true;
    default:
      return false;
  }
}

async function readiness(): Promise<string | undefined> {
  if (state.draining) return 'draining';
  return (await databaseAnswers()) ? undefined : 'database';
}

function say(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8') {
  const headers = {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  };
  // Node leaves the body out of an answer to HEAD by itself.
  response.writeHead(status, headers).end(text);
}
