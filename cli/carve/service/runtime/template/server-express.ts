import { once } from 'node:events';
import type { Server } from 'node:net';
import type { Config } from './config.ts';
import { answerBefore } from './platform.ts';

/** What is needed of an Express application, whatever types it was made with. */
interface Application {
  listen(port: number, host: string): Server;
}

/** Lets the application listen; resolves to its server, and to what ends the application after the last answer. */
export async function serve(app: Application, config: Config) {
  // By way of the application's own `listen`, which packages for WebSockets replace.
  const server = app.listen(config.port, config.host);
  answerBefore(server, config);
  await once(server, 'listening');
  return { server, close: async (): Promise<void> => undefined };
}
