/**
 * A mail server on the loopback that delivers nothing: what an application sends while it is tried stays here, and is read as its
 * receiver would. It takes any name and password.
 */
import { createServer, type Server, type Socket } from 'node:net';

export interface Mail {
  /** Addresses of the envelope, in lower case. */
  to: string[];
  /** As it came, with its head. */
  text: string;
}

export interface Mailbox {
  port: number;
  /** Oldest first. */
  mails(): readonly Mail[];
  stop(): Promise<void>;
}

const MOST_MAILS = 200;
const MOST_BYTES = 512 * 1024;
const MOST_SOCKETS = 50;
const IDLE_MS = 30_000;

export async function startMailbox(): Promise<Mailbox> {
  const mails: Mail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    converse(socket, (mail) => {
      if (mails.length < MOST_MAILS) mails.push(mail);
    });
  });
  server.maxConnections = MOST_SOCKETS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mails: () => mails,
    stop: () => closed(server, sockets),
  };
}

function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** RFC 5321, as far as a client needs it that sends one mail after the other. */
function converse(socket: Socket, deliver: (mail: Mail) => void): void {
  let buffer = '';
  let to: string[] = [];
  /** Lines that answer a challenge of AUTH, which say nothing to us. */
  let challenges = 0;
  let inData = false;
  const say = (...lines: string[]): void => {
    socket.write(`${lines.join('\r\n')}\r\n`);
  };
  const reply = (line: string): string[] => {
    if (challenges > 0) {
      challenges -= 1;
      return [challenges === 0 ? '235 2.7.0 accepted' : '334 UGFzc3dvcmQ6'];
    }
    const [verb = '', first = '', second] = line.split(/\s+/);
    switch (verb.toUpperCase()) {
      case 'EHLO':
        return ['250-carve', '250-8BITMIME', '250-SMTPUTF8', '250 AUTH PLAIN LOGIN'];
      case 'AUTH':
        if (/^plain$/i.test(first) && second !== undefined) return ['235 2.7.0 accepted'];
        challenges = /^login$/i.test(first) && second === undefined ? 2 : 1;
        return [challenges === 2 ? '334 VXNlcm5hbWU6' : '334 '];
      case 'MAIL':
        to = [];
        return ['250 2.1.0 ok'];
      case 'RCPT':
        to.push((/<([^>]*)>/.exec(line)?.[1] ?? '').toLowerCase());
        return ['250 2.1.5 ok'];
      case 'DATA':
        inData = true;
        return ['354 go on'];
      case 'QUIT':
        return ['221 2.0.0 bye'];
      case 'STARTTLS':
        return ['502 5.5.1 not here'];
      default:
        return ['250 2.0.0 ok'];
    }
  };
  const takeLine = (): boolean => {
    const end = buffer.indexOf('\r\n');
    if (end === -1) return false;
    const line = buffer.slice(0, end);
    buffer = buffer.slice(end + 2);
    const lines = reply(line);
    say(...lines);
    if (lines[0]?.startsWith('221')) socket.end();
    return true;
  };
  const takeMail = (): boolean => {
    const end = buffer.startsWith('.\r\n') ? 0 : buffer.indexOf('\r\n.\r\n');
    if (end === -1) return false;
    // A leading dot was doubled on the way.
    deliver({ to, text: buffer.slice(0, end).replace(/^\.\./gm, '.') });
    buffer = buffer.slice(end + (end === 0 ? 3 : 5));
    inData = false;
    say('250 2.0.0 kept');
    return true;
  };
  socket.setEncoding('utf8');
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    buffer += chunk;
    if (buffer.length > MOST_BYTES) {
      socket.destroy();
      return;
    }
    while (inData ? takeMail() : takeLine());
  });
  say('220 carve ESMTP');
}
