import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MemoryFigures } from '../candidate.ts';
import { startEdgeCandidate } from '../contenders.ts';
import { startOrigin } from '../origin.ts';
import { type Running, type RunningNode, residentBytes, startNode } from '../processes.ts';
import type { Figure } from './figure.ts';

/** Connections that are opened at a time. */
const AT_A_TIME = 200;
const SETTLE_MS = 1_500;
/** Bytes that a process keeps in reserve are no price of a connection: it grows by a few hundred connections first. */
const WARM_UP = 500;

interface PerConnection {
  resident: number;
  heap: number;
  open: number;
}

/**
 * Resident memory for each idle keep-alive connection that has had one answer, beside what Node's own server takes for the same. Both
 * collect their garbage before each look (`--expose-gc`), so that what is counted is held and not merely not yet collected.
 */
export async function measureIdle(connections: number): Promise<Figure> {
  const running: Running[] = [];
  try {
    const origin = await startOrigin(false);
    running.push(origin);
    const execArgv = ['--expose-gc'];
    const node = await startNode('node:http', 'candidates/node-answering.ts', {}, execArgv);
    running.push(node);
    const edge = await startEdgeCandidate('edge', {}, origin.port, { execArgv });
    running.push(edge);
    const floor = await fill(node, connections);
    const ours = await fill(edge, connections);
    const kilobytes = (bytes: number): string => (bytes / 1_000).toFixed(1);
    return {
      name: `${connections} idle keep-alive connections: memory a connection`,
      value: ours.resident / 1_000,
      unit: 'KB',
      atLeast: 20,
      aim: 8,
      note: `of it JavaScript heap ${kilobytes(ours.heap)} KB; a bare node:http server takes ${kilobytes(floor.resident)} KB (heap ${kilobytes(floor.heap)}); ${floor.open} and ${ours.open} connections stayed open`,
    };
  } finally {
    for (const each of running.reverse()) await each.stop();
  }
}

async function fill(target: RunningNode, connections: number): Promise<PerConnection> {
  const sockets: Socket[] = [];
  try {
    await open(target.port, WARM_UP, sockets);
    const before = await look(target);
    await open(target.port, connections, sockets);
    const after = await look(target);
    const stayed = sockets.filter((socket) => !socket.destroyed && socket.readable).length;
    return {
      resident: (after.resident - before.resident) / connections,
      heap: (after.heap - before.heap) / connections,
      open: stayed,
    };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function look(target: RunningNode): Promise<{ resident: number; heap: number }> {
  await sleep(SETTLE_MS);
  await target.ask<MemoryFigures>('memory');
  const { heap } = await target.ask<MemoryFigures>('memory');
  return { resident: residentBytes(target.pid), heap };
}

async function open(port: number, count: number, into: Socket[]): Promise<void> {
  for (let done = 0; done < count; done += AT_A_TIME) {
    const batch = Math.min(AT_A_TIME, count - done);
    into.push(...(await Promise.all(Array.from({ length: batch }, () => openOne(port)))));
  }
}

/** Resolves when one request has been answered. */
function openOne(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => socket.write('GET /small.json HTTP/1.1\r\nHost: bench\r\n\r\n'));
    socket.once('data', () => {
      socket.resume();
      resolve(socket);
    });
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}
