import type { Server } from 'node:http';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** A connection that does not close when it is asked to is destroyed after that. Milliseconds. */
const CLOSE_MS = 1_000;

/**
 * Ends HTTP/2 connections on which no stream has been open for `idleMs`: Node limits only those of HTTP/1. Those with streams are asked
 * for a sign of life as often, and destroyed when the last question was not answered: a client that vanished while the system had no
 * room for what is sent to it is noticed by nobody else.
 */
export function endIdleSessions(server: Server, idleMs: number): void {
  const events: NodeJS.EventEmitter = server;
  // The session is made within this event, and hides its socket, which may outlive it with bytes that nobody takes.
  let secured: Socket | undefined;
  events.prependListener('secureConnection', (socket: Socket) => {
    secured = socket;
  });
  events.on('session', (session: ServerHttp2Session) => {
    const socket = secured;
    const destroy = (): void => {
      session.destroy();
      socket?.destroy();
    };
    let open = 0;
    let alive = true;
    const timer = setTimeout(() => {
      if (open === 0) {
        session.close();
        setTimeout(destroy, CLOSE_MS).unref();
      } else if (alive) {
        alive = false;
        session.ping((error) => {
          alive = error === null;
        });
        timer.refresh();
      } else destroy();
    }, idleMs).unref();
    session.on('stream', (stream: ServerHttp2Stream) => {
      open += 1;
      stream.once('close', () => {
        open -= 1;
        if (open === 0) timer.refresh();
      });
    });
    session.once('close', () => clearTimeout(timer));
  });
}
