import { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import {
  type Identity,
  type IdentityTable,
  identityTime,
  type Outcome,
  pick,
  type Question,
  questionOf,
} from './host-identity.ts';

type Next = (error?: unknown) => void;

interface Methods {
  _all?: boolean;
  get?: boolean;
  [method: string]: boolean | undefined;
}

interface Layer {
  handle: { (...args: unknown[]): unknown; stack?: Layer[] };
  route?: { stack: Layer[]; methods?: Methods };
  path?: string;
  /** The match itself in newer routers; in older ones whether there is one, and what it is stands in the layer. */
  match(path: string): boolean | { path: string };
}

interface InnerApp {
  request: object;
  response: object;
  _router?: { stack: Layer[] };
  router?: { stack: Layer[] };
}

type InnerRequest = IncomingMessage & { originalUrl?: string; baseUrl?: string; res?: unknown };
type InnerResponse = ServerResponse & { req?: unknown; locals?: unknown };

/** How far a request has come: it passed all that was called, or was answered on the way. */
type Passed = 'passed' | 'ended';

/**
 * A request with these headers goes the way that it would go through the application: through all middleware that
 * stands before the one that is asked for. No handler of a route is called, whatever its path.
 */
export function identifier(
  app: unknown,
  table: IdentityTable,
): (name: string, given: unknown) => Promise<Outcome> {
  const inner = app as InnerApp;
  return async (name, given) => {
    const identity = table[name] as Identity;
    if (identity === undefined) throw { status: 404, problem: 'PORT_UNKNOWN', message: 'no such identity' };
    const { owner, run } = await identity.load();
    if (typeof run !== 'function') throw new Error(`${name} is no function any more`);
    const question = questionOf(given);
    const request = requestOf(inner, question);
    const { response, answer } = responseOf(inner, request);
    const router = inner._router || inner.router;
    const stack = router === undefined ? [] : router.stack;
    const way = new Way(request, response, run as Layer['handle'], owner, identity.properties);
    let passed: Passed;
    try {
      passed = await way.through(stack, true);
      if (passed === 'passed' && !way.met) passed = await way.call(run as Layer['handle'], owner);
    } catch (error) {
      passed = await way.fail(stack, error);
    }
    if (passed === 'ended') return { ended: await answer };
    const cookies = response.getHeader('set-cookie');
    return {
      properties: pick(request, identity.properties),
      cookies: cookies === undefined ? [] : ([] as string[]).concat(cookies as string | string[]),
    };
  };
}

class Way {
  request: InnerRequest;
  response: InnerResponse;
  wanted: Layer['handle'];
  owner: unknown;
  properties: string[];
  /** Whether what is asked for was called, or the route was reached before which it stands. */
  met = false;
  constructor(
    request: InnerRequest,
    response: InnerResponse,
    wanted: Layer['handle'],
    owner: unknown,
    properties: string[],
  ) {
    this.properties = properties;
    this.request = request;
    this.response = response;
    this.wanted = wanted;
    this.owner = owner;
  }

  /** Through the layers of one router, until the one that is asked for or the route itself is reached. */
  async through(stack: Layer[], outermost: boolean): Promise<Passed> {
    // What stands behind the last route answers what no route did.
    let last = stack.length;
    if (outermost) {
      while (last > 0 && !leads(stack[last - 1] as Layer) && stack[last - 1]?.handle !== this.wanted)
        last -= 1;
      if (last === 0) last = stack.length;
    }
    for (const layer of stack.slice(0, last)) {
      const url = this.request.url || '/';
      const match = layer.match(pathOf(url));
      if (!match) continue;
      if (layer.route !== undefined) {
        const methods: Methods = layer.route.methods || {};
        const method = String(this.request.method).toLowerCase();
        const takes = methods._all || methods[method] || (method === 'head' && methods.get);
        if (!takes) continue;
        this.met = true;
        return this.call(this.wanted, this.owner);
      }
      if (layer.handle === this.wanted) {
        this.met = true;
        return this.call(this.wanted, this.owner);
      }
      // An application in the application would run its own routes.
      if (layer.handle.length > 3 || layer.handle.name === 'mounted_app') continue;
      const restore = this.enter((typeof match === 'object' ? match.path : layer.path) || '');
      const passed =
        layer.handle.stack === undefined
          ? await this.call(layer.handle, undefined)
          : await this.through(layer.handle.stack, false);
      restore();
      // It may be wrapped in another function: what it sets tells that it was called.
      if (this.properties.every((name) => has(this.request, name))) this.met = true;
      if (passed === 'ended' || this.met) return passed;
    }
    return 'passed';
  }

  /** Inside of what is mounted at a path the request has only the rest of it. */
  enter(path: string): () => void {
    const { request } = this;
    const { url, baseUrl } = request;
    if (path.length > 1 && url !== undefined && url.indexOf(path) === 0) {
      const rest = url.slice(path.length);
      request.url = rest[0] === '/' ? rest : `/${rest}`;
      request.baseUrl = (baseUrl || '') + path.replace(/\/$/, '');
    }
    return () => {
      request.url = url as string;
      request.baseUrl = baseUrl as string;
    };
  }

  /** Calls one middleware, and waits until it goes on or has answered. */
  call(handle: Layer['handle'], owner: unknown, ...failed: unknown[]): Promise<Passed> {
    const { request, response } = this;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('a middleware did not come to an end')), identityTime);
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        end();
      };
      const next: Next = (error) => {
        if (error && error !== 'route' && error !== 'router') settle(() => reject(error));
        else settle(() => resolve('passed'));
      };
      response.once('finish', () => settle(() => resolve('ended')));
      try {
        const returned: unknown = handle.apply(owner, failed.concat(request, response, next));
        if (
          returned !== null &&
          typeof returned === 'object' &&
          typeof (returned as { then?: unknown }).then === 'function'
        )
          (returned as Promise<unknown>).then(undefined, (error) => settle(() => reject(error)));
      } catch (error) {
        settle(() => reject(error));
      }
    });
  }

  /** Through the error handlers of the application, as after `next(error)`. */
  async fail(stack: Layer[], error: unknown): Promise<Passed> {
    let current = error;
    for (const layer of stack) {
      if (layer.route !== undefined || layer.handle.length !== 4) continue;
      if (!layer.match(pathOf(this.request.url || '/'))) continue;
      try {
        if ((await this.call(layer.handle, undefined, current)) === 'ended') return 'ended';
      } catch (next) {
        current = next;
      }
    }
    const { status, statusCode } = (current || {}) as { status?: unknown; statusCode?: unknown };
    const told = Number(status || statusCode);
    // As Express answers where nobody else does; of a failure of its own the service is told as of one.
    if (!(told >= 400 && told < 500)) throw current;
    this.response.statusCode = told;
    this.response.setHeader('content-type', 'text/plain; charset=utf-8');
    this.response.end(String((current as { message?: unknown }).message));
    return 'ended';
  }
}

function has(request: object, name: string): boolean {
  const value = (request as { [name: string]: unknown })[name];
  return value !== undefined && value !== null;
}

/** Whether the layer is a route or a router. */
function leads(layer: Layer): boolean {
  return layer.route !== undefined || layer.handle.stack !== undefined;
}

function pathOf(url: string): string {
  return url.split('?')[0] as string;
}

function requestOf(app: InnerApp, question: Question): InnerRequest {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  Object.defineProperty(socket, 'remoteAddress', { value: question.address });
  const request = new IncomingMessage(socket as never) as InnerRequest;
  Object.setPrototypeOf(request, app.request);
  request.method = question.method;
  request.url = question.url;
  request.originalUrl = question.url;
  request.baseUrl = '';
  request.httpVersion = '1.1';
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  for (const name of Object.keys(question.headers)) {
    request.headers[name.toLowerCase()] = String(question.headers[name]);
    request.rawHeaders.push(name, String(question.headers[name]));
  }
  request.complete = true;
  request.push(null);
  return request;
}

interface Answer {
  status: number;
  headers: [string, string | string[]][];
  body: Buffer;
}

/** An answer that goes to no client. */
function responseOf(
  app: InnerApp,
  request: InnerRequest,
): { response: InnerResponse; answer: Promise<Answer> } {
  const response = new ServerResponse(request) as InnerResponse;
  Object.setPrototypeOf(response, app.response);
  request.res = response;
  response.req = request;
  response.locals = Object.create(null);
  response.setMaxListeners(0);
  const chunks: Uint8Array[] = [];
  const keep = (chunk: unknown, encoding: unknown): void => {
    if (typeof chunk === 'string')
      chunks.push(
        new Uint8Array(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as 'utf8') : 'utf8')),
      );
    else if (chunk instanceof Uint8Array) chunks.push(new Uint8Array(chunk));
  };
  let begun = false;
  const put = (headers: unknown): void => {
    const given = (headers || {}) as { [name: string]: string | string[] };
    for (const name of Object.keys(given)) response.setHeader(name, given[name] as string | string[]);
  };
  const own = response as unknown as {
    writeHead(status: number, reason?: unknown, headers?: unknown): unknown;
    write(chunk: unknown, encoding?: unknown, done?: unknown): boolean;
    end(chunk?: unknown, encoding?: unknown, done?: unknown): unknown;
  };
  // Kept as headers that can still be read; Node would write them away.
  own.writeHead = (status, reason, headers) => {
    response.statusCode = status;
    put(typeof reason === 'string' ? headers : reason);
    begun = true;
    Object.defineProperty(response, 'headersSent', { value: true, configurable: true });
    return response;
  };
  own.write = (chunk, encoding) => {
    if (!begun) own.writeHead(response.statusCode);
    keep(chunk, encoding);
    return true;
  };
  const answer = new Promise<Answer>((resolve) => {
    let ended = false;
    own.end = (chunk, encoding) => {
      if (ended) return response;
      ended = true;
      if (!begun) own.writeHead(response.statusCode);
      if (typeof chunk !== 'function') keep(chunk, encoding);
      Object.defineProperty(response, 'writableEnded', { value: true, configurable: true });
      const headers = response.getHeaderNames().map((name): [string, string | string[]] => {
        const value = response.getHeader(name);
        return [name, Array.isArray(value) ? value.map(String) : String(value)];
      });
      resolve({ status: response.statusCode, headers, body: Buffer.concat(chunks) });
      response.emit('finish');
      return response;
    };
  });
  return { response, answer };
}
