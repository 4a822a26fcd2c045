import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';

/** One connection of the proxy to an origin that says exactly what its script tells it. */
export class OriginConnection {
  readonly socket: Socket;
  #received = '';
  #waiting: (() => void)[] = [];
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#received += chunk.toString('latin1');
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  /** All that came, latin1. */
  get text(): string {
    return this.#received;
  }

  async until(fits: (text: string) => boolean): Promise<string> {
    while (!fits(this.#received)) {
      if (this.closed) throw new Error(`closed after ${JSON.stringify(this.#received.slice(0, 500))}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#received;
  }

  async untilClosed(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Waits for a request's head and forgets it. */
  async request(): Promise<string> {
    await this.until((text) => text.includes('\r\n\r\n'));
    const end = this.#received.indexOf('\r\n\r\n') + 4;
    const head = this.#received.slice(0, end);
    this.#received = this.#received.slice(end);
    return head;
  }

  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  end(bytes: string | Buffer = ''): void {
    this.socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export interface RawOrigin {
  port: number;
  connections: OriginConnection[];
  /** Open connections at this moment. */
  open(): number;
  /** Resolves when none is open. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

/** `script` runs for each connection; what it throws after its connection was closed on purpose is of no interest. */
export async function startRawOrigin(script: (connection: OriginConnection) => unknown): Promise<RawOrigin> {
  const connections: OriginConnection[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('end', () => socket.end());
    const connection = new OriginConnection(socket);
    connections.push(connection);
    Promise.resolve(script(connection)).catch(() => connection.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const open = (): number => connections.filter((connection) => !connection.closed).length;
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    open,
    async drained() {
      for (const connection of connections) await connection.untilClosed();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { socket } of connections) socket.destroy();
      }),
  };
}

/** An origin that gives these bytes to every request and keeps the connection. */
export function answering(bytes: string | Buffer): (connection: OriginConnection) => Promise<void> {
  return async (connection) => {
    for (;;) {
      await connection.request();
      connection.send(bytes);
    }
  };
}
