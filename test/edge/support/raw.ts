import { connect, type Socket } from 'node:net';

/** A client that sends bytes as they are. */
export interface RawClient {
  readonly socket: Socket;
  /** Everything received so far. */
  text(): string;
  send(bytes: string): void;
  /** Resolves when what was received contains the text; rejects when the connection ends without it. */
  received(text: string): Promise<string>;
  /** Resolves with everything once the other side has closed. */
  ended(): Promise<string>;
  close(): Promise<void>;
}

export async function rawClient(url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  let closed = false;
  const changed = new Set<() => void>();
  const change = () => {
    for (const notify of changed) notify();
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    change();
  });
  socket.on('error', change);
  socket.on('close', () => {
    closed = true;
    change();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const when = (condition: () => boolean, otherwise: () => string | undefined) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        const met = condition();
        const failed = met ? undefined : otherwise();
        if (!met && failed === undefined) return;
        changed.delete(check);
        if (met) resolve(text);
        else reject(new Error(failed));
      };
      changed.add(check);
      check();
    });
  return {
    socket,
    text: () => text,
    send: (bytes) => void socket.write(bytes, 'latin1'),
    received: (wanted) =>
      when(
        () => text.includes(wanted),
        () => (closed ? `closed without ${JSON.stringify(wanted)}: ${JSON.stringify(text)}` : undefined),
      ),
    ended: () =>
      when(
        () => closed,
        () => undefined,
      ),
    async close() {
      socket.destroy();
    },
  };
}
