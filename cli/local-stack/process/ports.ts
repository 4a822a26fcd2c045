import { createServer } from 'node:net';
import { StranglerError } from '../../../migration-plans/errors.ts';

/** Whether somebody could listen there now. */
export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(true)));
  });
}

/** A port that nobody listens on now. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen({ host, port: 0, exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => done(port));
    });
  });
}

export interface PortWish {
  host: string;
  /** Asked for by the user, with the name of the setting: taken is an error. */
  asked?: { port: number; setting: string } | undefined;
  /** Taken if free, another one otherwise. */
  preferred?: number | undefined;
  /** Ports already given to other parts that have not started listening. */
  given?: ReadonlySet<number>;
}

/**
 * The port for a part.
 * @throws StranglerError PORT_TAKEN when the one that was asked for is taken.
 */
export async function choosePort(wish: PortWish): Promise<{ port: number; moved: boolean }> {
  const { host, asked, preferred, given } = wish;
  const usable = async (port: number) => !given?.has(port) && (await isPortFree(host, port));
  if (asked !== undefined && asked.port !== 0) {
    if (await usable(asked.port)) return { port: asked.port, moved: false };
    throw portTaken(host, asked.port, asked.setting);
  }
  if (preferred !== undefined && (await usable(preferred))) return { port: preferred, moved: false };
  for (;;) {
    const port = await freePort(host);
    if (!given?.has(port)) return { port, moved: preferred !== undefined };
  }
}

export function portTaken(host: string, port: number, setting: string): StranglerError {
  return new StranglerError('PORT_TAKEN', `port ${port} on ${host} is taken by another program`, {
    remedy: `stop that program, or choose another port by ${setting} (0: any free one)`,
  });
}
