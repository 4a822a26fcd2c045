import './environment.ts';
import { name } from './about.ts';
import { createApplication } from './application.ts';
import { instanceIdOf, readConfig } from './config.ts';
import { endOnSignals, type Running } from './lifecycle.ts';
import { listenForPlatform } from './platform.ts';
import { databaseAnswers } from './readiness.ts';
import { Registrar } from './registration/registrar.ts';
import { serve } from './server.ts';

const log = (line: string): void => console.log(`${name}: ${line}`);

async function start(): Promise<void> {
  const { config } = readConfig(process.env);
  const running: Running = {
    server: undefined,
    close: async () => undefined,
    leave: async () => undefined,
  };
  const app = await createApplication();
  await listenForPlatform(config);
  const { server, close } = await serve(app, config);
  running.server = server;
  running.close = close;
  // Only now: an application may refuse to start where signals are already taken care of.
  endOnSignals(running, config);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : config.port;
  log(`listening on http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`);
  process.send?.({ type: 'listening', port });

  if (!config.registration) return;
  const registrar = new Registrar({
    config: config.registration,
    instanceId: instanceIdOf(config, port),
    attributes: {
      AWS_INSTANCE_IPV4: config.address,
      AWS_INSTANCE_PORT: String(config.advertisedPort ?? port),
      version: config.version,
    },
    isHealthy: databaseAnswers,
    log,
  });
  running.leave = () => registrar.stop();
  registrar.start();
}

start().catch((error: NodeJS.ErrnoException) => {
  // Anything but a bad address is a crash, and is told as Node tells one.
  if (error.syscall !== 'listen' && error.syscall !== 'getaddrinfo') throw error;
  console.error(`${name}: ${explain(error)}`);
  process.exit(1);
});

/** One line that says what to do. */
function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') {
    return `the port is taken: set PORT (or ADMIN_PORT) to another one, or to 0 for any: ${error.message}`;
  }
  if (error.code === 'EACCES') return `not allowed to listen there, set PORT: ${error.message}`;
  return `can't listen, set HOST: ${error.message}`;
}
