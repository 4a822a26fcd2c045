/** One request to the monolith: bounded in time, in size and in number, over connections that are kept. */
import {
  Agent as HttpAgent,
  type IncomingMessage,
  type RequestOptions,
  request as requestOverHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as requestOverHttps } from 'node:https';
import { passedHeaders } from './context.ts';
import { portsFolder } from './ports.ts';

/** Largest request and answer, in bytes; the monolith's side has the same limits. */
const maxRequest = 1024 * 1024;
const maxAnswer = 16 * 1024 * 1024;
/** Connections to the monolith, and calls that may wait for one. */
const maxConnections = 32;
const maxInFlight = 512;
/** How long an unused connection is kept, in ms: less than any server keeps it, so that none closes in our hands. */
const idle = 2000;

/** The monolith did not answer a call. Frameworks make the status 503 of it. */
export interface PortUnavailable extends Error {
  name: 'PortUnavailable';
  code: string;
  statusCode: 503;
  status: 503;
  address: string;
  /** Whether the function may have run: `no`, or `unknown` where the connection was lost or the time was up. */
  ran: 'no' | 'unknown';
}

export function unavailable(
  code: string,
  address: string,
  message: string,
  ran: 'no' | 'unknown',
  cause?: unknown,
): PortUnavailable {
  const error = new Error(`${address}: ${message}`) as PortUnavailable;
  const set = (name: string, value: unknown, enumerable: boolean) =>
    Object.defineProperty(error, name, { value, writable: true, enumerable, configurable: true });
  set('name', 'PortUnavailable', false);
  set('code', code, true);
  set('statusCode', 503, true);
  set('status', 503, true);
  set('address', address, true);
  set('ran', ran, true);
  if (cause !== undefined) set('cause', cause, false);
  return error;
}

export interface Answer {
  status: number;
  text: string;
}

export interface Call {
  address: string;
  digest: string;
  body: string;
  /** In ms, with everything. */
  timeout: number;
  /** Whether it may be done twice. */
  repeatable: boolean;
}

let agents: { http: HttpAgent; https: HttpsAgent } | undefined;
let inFlight = 0;

/** The monolith's answer, whatever its status. Throws PortUnavailable where there is none. */
export async function send(call: Call): Promise<Answer> {
  if (Buffer.byteLength(call.body) > maxRequest)
    throw unavailable('PORT_TOO_LARGE', call.address, `the arguments have over ${maxRequest} bytes`, 'no');
  if (inFlight >= maxInFlight)
    throw unavailable('PORT_BUSY', call.address, `${maxInFlight} calls are under way already`, 'no');
  const { url, headers } = settings(call);
  const end = Date.now() + call.timeout;
  inFlight += 1;
  try {
    return await once(call, url, headers, call.timeout);
  } catch (error) {
    const { code, ran } = error as PortUnavailable;
    const again = (code === 'PORT_REFUSED' && ran === 'no') || (call.repeatable && code === 'PORT_LOST');
    // Whoever was refused may find the next process of the monolith in a moment.
    const pause = 50;
    if (!again || end - Date.now() <= pause) throw error;
    await new Promise((resolve) => setTimeout(resolve, pause));
    return await once(call, url, headers, Math.max(1, end - Date.now()));
  } finally {
    inFlight -= 1;
  }
}

function settings(call: Call): { url: URL; headers: { [name: string]: string | number } } {
  const { MONOLITH_URL: base, MONOLITH_PORTS_TOKEN: token, MONOLITH_PORTS_PATH: given } = process.env;
  if (!base) throw unavailable('PORT_SETTINGS', call.address, 'set MONOLITH_URL', 'no');
  if (!token) throw unavailable('PORT_SETTINGS', call.address, 'set MONOLITH_PORTS_TOKEN', 'no');
  const path = `${given || '/__ports'}/${portsFolder}`;
  const address = call.address.split('/').map(encodeURIComponent).join('/');
  let url: URL;
  try {
    url = new URL(`${base.replace(/\/+$/, '')}${path}/${address}`);
  } catch {
    throw unavailable('PORT_SETTINGS', call.address, 'MONOLITH_URL is no URL', 'no');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw unavailable('PORT_SETTINGS', call.address, 'MONOLITH_URL must begin with http: or https:', 'no');
  const headers = {
    ...passedHeaders(),
    authorization: `Bearer ${token}`,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(call.body),
    accept: 'application/json',
    'x-ports-digest': call.digest,
  };
  return { url, headers };
}

function agentOf(protocol: string): HttpAgent {
  if (agents === undefined) {
    const options = { keepAlive: true, maxSockets: maxConnections, timeout: idle };
    agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  }
  return protocol === 'https:' ? agents.https : agents.http;
}

function once(
  call: Call,
  url: URL,
  headers: { [name: string]: string | number },
  timeout: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let connected = false;
    let settled = false;
    const options: RequestOptions = { method: 'POST', agent: agentOf(url.protocol), headers };
    const request = (url.protocol === 'https:' ? requestOverHttps : requestOverHttp)(url, options);
    const fail = (error: Error): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      request.destroy();
      reject(error);
    };
    const ran = (): 'no' | 'unknown' => (connected ? 'unknown' : 'no');
    const timer = setTimeout(() => {
      fail(unavailable('PORT_TIMEOUT', call.address, `no answer within ${call.timeout} ms`, ran()));
    }, timeout);
    request.on('socket', (socket) => {
      if (!socket.connecting) connected = true;
      else
        socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
          connected = true;
        });
    });
    request.on('error', (error) => {
      const code = (error as NodeJS.ErrnoException).code || error.message;
      const failed = connected ? 'the connection was lost' : 'no connection';
      fail(
        unavailable(
          connected ? 'PORT_LOST' : 'PORT_REFUSED',
          call.address,
          `${failed} to ${url.host} (${code})`,
          ran(),
          error,
        ),
      );
    });
    request.on('response', (response: IncomingMessage) => {
      let text = '';
      let size = 0;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        size += Buffer.byteLength(chunk);
        text += chunk;
        if (size > maxAnswer)
          fail(
            unavailable('PORT_TOO_LARGE', call.address, `the answer has over ${maxAnswer} bytes`, 'unknown'),
          );
      });
      response.on('end', () => {
        if (settled) return;
        if (!response.complete) {
          fail(unavailable('PORT_LOST', call.address, 'the answer broke off', 'unknown'));
          return;
        }
        settled = true;
        clearTimeout(timer);
        resolve({ status: response.statusCode || 0, text });
      });
      response.on('error', (error) =>
        fail(unavailable('PORT_LOST', call.address, 'the answer broke off', 'unknown', error)),
      );
      response.on('close', () =>
        fail(unavailable('PORT_LOST', call.address, 'the answer broke off', 'unknown')),
      );
    });
    request.end(call.body);
  });
}
