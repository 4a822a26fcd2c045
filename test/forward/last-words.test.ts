import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionPool } from '../../edge-proxy/forward/connection-pool.ts';
import type { BrokenConnection, ConnectionUser } from '../../edge-proxy/forward/connection-port.ts';
import { DEFAULT_FORWARD_LIMITS } from '../../edge-proxy/forward/options.ts';
import { TimerWheel } from '../../edge-proxy/forward/timer-wheel.ts';

/** Answers the first bytes of each connection and resets it at once, in a thread of its own. */
const ORIGIN = `
const { createServer } = require('node:net');
const { parentPort } = require('node:worker_threads');
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.write('HTTP/1.1 413 Content Too Large\\r\\nContent-Length: 3\\r\\n\\r\\nbig', () => {
      socket.resetAndDestroy();
      parentPort.postMessage('reset');
    });
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

let worker: Worker | undefined;
afterEach(async () => {
  await worker?.terminate();
});

describe('an upstream that answers and resets while the request is still written', () => {
  it('is heard all the same: its answer lies in the system’s buffer when the write fails', async () => {
    worker = new Worker(ORIGIN, { eval: true });
    const port = await new Promise<number>((resolve) => worker?.once('message', resolve));
    const wheel = new TimerWheel();
    const origin = {
      host: '127.0.0.1',
      port,
      secure: false,
      settings: { lookup: undefined, tls: undefined },
    };
    const pool = new ConnectionPool(wheel, origin, DEFAULT_FORWARD_LIMITS, (error) => {
      throw error;
    });
    const outcome = await new Promise<number | BrokenConnection>((resolve, reject) => {
      const user: ConnectionUser = {
        onInformation: () => {},
        onWhole: (head) => resolve(head.status),
        onHead: (head) => resolve(head.status),
        onChunk: () => {},
        onEnd: () => {},
        onSwitch: () => {},
        onWritable: () => {},
        onBroken: resolve,
      };
      pool.wait(
        {
          onConnection(connection) {
            connection.begin(
              user,
              'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n',
              false,
              false,
            );
            // Nothing is read meanwhile, as when the process is busy: answer and reset have both arrived afterwards.
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
            connection.write(Buffer.alloc(100));
            connection.write(Buffer.alloc(100));
          },
          onNoConnection: reject,
        },
        1000,
      );
    });
    expect(outcome).toBe(413);
    pool.destroy();
    wheel.close();
  });
});
