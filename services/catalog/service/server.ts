import type { Server } from 'node:net';
import type { Config } from './config.ts';
import { answerBefore } from './platform.ts';

/** What is needed of a Fastify application, whatever types it was made with. */
interface Application {
  server: Server;
  listen(options: { port: number; host: string }): PromiseLike<unknown>;
  close(): PromiseLike<unknown>;
}

/** Lets the application listen; resolves to its server, and to what ends the application after the last answer. */
export async function serve(app: Application, config: Config) {
  answerBefore(app.server, config);
  // Fastify listens on both addresses of "localhost", on a second server that it shows to nobody.
  const host = config.host === 'localhost' ? '127.0.0.1' : config.host;
  await app.listen({ port: config.port, host });
  return { server: app.server, close: async (): Promise<void> => void (await app.close()) };
}
