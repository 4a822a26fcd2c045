import { setTimeout as sleep } from 'node:timers/promises';
import { buildApp } from './app.ts';
import { ConfigError, instanceIdOf, readConfig } from './config.ts';
import { databaseAnswers } from './readiness.ts';
import { Registrar } from './registration/registrar.ts';

/** How long requests in flight may take after the drain delay, in ms. */
const finishLimit = 10_000;

const log = (line: string) => console.log(`reviews: ${line}`);
const readiness = { draining: false };
let registrar: Registrar | undefined;

async function start() {
  const config = readConfig(process.env);
  const app = await buildApp(readiness);
  await app.listen({ port: config.port, host: config.host });
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : config.port;
  log(`listening on http://${config.host}:${port}`);
  process.send?.({ type: 'listening', port });

  if (config.registration) {
    registrar = new Registrar({
      config: config.registration,
      instanceId: instanceIdOf(config, port),
      attributes: {
        AWS_INSTANCE_IPV4: config.address,
        AWS_INSTANCE_PORT: String(port),
        version: config.version,
      },
      isHealthy: databaseAnswers,
      log,
    });
    registrar.start();
  }

  let ending = false;
  /** Not found any more → whoever found us just before still gets answers → no new connections → last answers → end. */
  const end = async (drainDelay: number) => {
    // A second signal is somebody's impatience.
    if (ending) process.exit(1);
    ending = true;
    readiness.draining = true;
    await registrar?.stop();
    await sleep(drainDelay);
    setTimeout(() => process.exit(1), finishLimit).unref();
    await app.close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void end(config.drainDelay));
  process.on('SIGINT', () => void end(config.drainDelay));
  // Started by a supervisor: when that is gone, even by kill -9, this process must not stay behind.
  if (process.send) process.on('disconnect', () => ending || void end(0));
}

/** One line that says what to do. */
function explain(error: NodeJS.ErrnoException): string {
  if (error instanceof ConfigError) return error.message;
  if (error.code === 'EADDRINUSE')
    return `port ${process.env.PORT} is taken: set PORT to another one, or to 0 for any`;
  if (error.code === 'EACCES') return 'not allowed to listen on this port: set PORT';
  return error.message || String(error);
}

try {
  await start();
} catch (error) {
  console.error(`reviews: ${explain(error as NodeJS.ErrnoException)}`);
  process.exit(1);
}
