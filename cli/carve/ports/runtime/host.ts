/**
 * Functions of this application that a service calls. They are there only while MONOLITH_PORTS_TOKEN is set; otherwise
 * their addresses are unknown like any other. Works on Node's own request and answer, before the framework sees them.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CodecError, decode, encode, encodeError, owns } from './codec.ts';
import { decimalClass, makersOf } from './makers.ts';

/** Largest request and answer, in bytes. */
const maxRequest = 1024 * 1024;
const maxAnswer = 16 * 1024 * 1024;
/** Longest time in which a request must have arrived, in ms. */
const arrival = 30000;
const maxInFlight = 256;
const maxBatch = 1000;
/** Calls of one batch that run at a time. */
const batchWidth = 8;

export type PortFunction = (...args: unknown[]) => unknown;

/** Address of each function, and how to get at it: loaded when it is first called. */
export interface PortTable {
  [address: string]: () => Promise<PortFunction>;
}

export interface Host {
  /** Path below which the functions are, without a slash at its end. */
  prefix: string;
  /** Digest of the list of ports with which the service was made. */
  digest: string;
  table: PortTable;
  /** Answers who is calling; undefined where the service does not ask. */
  identify: ((name: string, question: unknown) => Promise<unknown>) | undefined;
}

/** Problems that are told to the service by name. */
interface Problem {
  status: number;
  problem: string;
  message: string;
}

/** A method with its object, or a function that a module exports. */
export function method<T extends object, K extends keyof T>(owner: T, name: K): PortFunction {
  let held: object = owner;
  let found: unknown = owner[name];
  // A CommonJS module that is imported by an ES module may have everything in its default export.
  const inner = (owner as { default?: unknown }).default;
  if (found === undefined && inner !== undefined && inner !== null) {
    held = inner as object;
    found = (inner as { [name: string]: unknown })[name as string];
  }
  return bound(found, held, String(name));
}

/** A module that is itself the function. */
export function exportedItself(exported: unknown): PortFunction {
  const inner = exported as { default?: unknown };
  return bound(typeof exported === 'function' ? exported : inner.default, undefined, 'module.exports');
}

function bound(found: unknown, owner: unknown, name: string): PortFunction {
  if (typeof found !== 'function') throw new Error(`${name} is no function any more`);
  return (...args) => (found as PortFunction).apply(owner, args);
}

let inFlight = 0;

/** Whether the request is for a port. While there is no token none is. */
export function isForPort(host: Host, request: IncomingMessage): boolean {
  if ((request.url || '').indexOf(`${host.prefix}/`) !== 0) return false;
  const { MONOLITH_PORTS_TOKEN: token } = process.env;
  return Boolean(token);
}

/** Answers a request for a port. Never fails. */
export async function serve(host: Host, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let answer: { status: number; body: unknown };
  inFlight += 1;
  try {
    answer = { status: 200, body: await call(host, request) };
  } catch (error) {
    const { status, problem, message } = problemOf(error);
    answer = { status, body: { problem, message } };
  } finally {
    inFlight -= 1;
  }
  let text = JSON.stringify(answer.body);
  if (Buffer.byteLength(text) > maxAnswer) {
    answer.status = 500;
    text = JSON.stringify({ problem: 'PORT_TOO_LARGE', message: `the answer has over ${maxAnswer} bytes` });
  }
  // What is left of a request that was not read must not be taken for the next one.
  if (!request.complete) response.setHeader('connection', 'close');
  response.statusCode = answer.status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.setHeader('cache-control', 'no-store');
  response.end(text, () => {
    if (!request.complete) request.destroy();
  });
}

async function call(host: Host, request: IncomingMessage): Promise<unknown> {
  const { MONOLITH_PORTS_TOKEN: token } = process.env;
  if (!sameText(String(request.headers.authorization || ''), `Bearer ${token}`))
    throw refused(401, 'PORT_TOKEN', 'wrong or missing token');
  if (request.method !== 'POST') throw refused(405, 'PORT_REQUEST', 'only POST');
  if (request.headers['x-ports-digest'] !== host.digest)
    throw refused(409, 'PORT_VERSION', `this application has the list of ports ${host.digest}`);
  if (inFlight > maxInFlight) throw refused(503, 'PORT_BUSY', 'too many calls at a time');
  const address = addressOf(request.url || '', host.prefix);
  const identity = /^identity\/(.+)$/.exec(address);
  if (identity === null && !owns(host.table, address)) throw refused(404, 'PORT_UNKNOWN', 'no such port');
  const makers = makersOf(await decimalClass());
  const body = decodeBody(await bodyOf(request));
  if (identity !== null) {
    if (host.identify === undefined) throw refused(404, 'PORT_UNKNOWN', 'no such port');
    const answer = await host.identify(identity[1] as string, decode(body.ask, makers, 'question'));
    return { value: encode(answer, 'answer') };
  }
  const found = await (host.table[address] as () => Promise<PortFunction>)();
  const one = async (tree: unknown): Promise<unknown> => {
    const args = decode(tree, makers, 'arguments');
    if (!Array.isArray(args)) throw refused(400, 'PORT_REQUEST', 'no list of arguments');
    try {
      return { value: encode(await found(...args), 'result') };
    } catch (error) {
      return { error: encodeError(error) };
    }
  };
  if (!Array.isArray(body.calls)) return one(body.args);
  if (body.calls.length > maxBatch)
    throw refused(413, 'PORT_TOO_LARGE', `more than ${maxBatch} calls in one`);
  return { results: await several(body.calls, one) };
}

/** Runs `work` for every item, some at a time, and keeps their order. */
async function several(items: unknown[], work: (item: unknown) => Promise<unknown>): Promise<unknown[]> {
  const results: unknown[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const at = next;
      next += 1;
      results[at] = await work(items[at]);
    }
  };
  const lanes: Promise<void>[] = [];
  for (let at = 0; at < batchWidth; at += 1) lanes.push(lane());
  await Promise.all(lanes);
  return results;
}

function addressOf(url: string, prefix: string): string {
  const path = (url.split('?')[0] as string).slice(prefix.length + 1);
  try {
    return decodeURIComponent(path);
  } catch {
    throw refused(404, 'PORT_UNKNOWN', 'no such port');
  }
}

interface Body {
  args?: unknown;
  calls?: unknown;
  ask?: unknown;
}

function decodeBody(text: string): Body {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw refused(400, 'PORT_REQUEST', 'the body is no JSON');
  }
  if (body === null || typeof body !== 'object') throw refused(400, 'PORT_REQUEST', 'the body is no object');
  return body as Body;
}

function bodyOf(request: IncomingMessage): Promise<string> {
  const length = Number(request.headers['content-length'] || 0);
  if (length > maxRequest)
    return Promise.reject(refused(413, 'PORT_TOO_LARGE', `the request has over ${maxRequest} bytes`));
  return new Promise((resolve, reject) => {
    let text = '';
    let size = 0;
    const timer = setTimeout(
      () => reject(refused(408, 'PORT_REQUEST', 'the request did not arrive')),
      arrival,
    );
    const end = (): void => clearTimeout(timer);
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      size += Buffer.byteLength(chunk);
      if (size <= maxRequest) text += chunk;
      else {
        end();
        request.pause();
        reject(refused(413, 'PORT_TOO_LARGE', `the request has over ${maxRequest} bytes`));
      }
    });
    request.on('end', () => {
      end();
      resolve(text);
    });
    request.on('close', () => {
      end();
      reject(refused(400, 'PORT_REQUEST', 'the request broke off'));
    });
    request.on('error', (error) => {
      end();
      reject(error);
    });
  });
}

/** Compared in a time that tells nothing about where they differ, nor how long the right one is. */
function sameText(given: string, right: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(right));
}

function refused(status: number, problem: string, message: string): Problem {
  return { status, problem, message };
}

/** What the service is told: of an error that is none of the above nothing but that it happened. */
function problemOf(error: unknown): Problem {
  const known = error as Partial<Problem> & Partial<CodecError>;
  if (known && known.problem !== undefined) return known as Problem;
  if (known && known.code === 'PORT_VALUE') return refused(400, 'PORT_VALUE', String(known.message));
  console.error('port:', error);
  return refused(500, 'PORT_FAILED', 'the function could not be called; the log of the monolith tells why');
}
