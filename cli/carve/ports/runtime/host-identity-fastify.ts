import { randomBytes } from 'node:crypto';
import {
  type Identity,
  type IdentityTable,
  identityTime,
  type Outcome,
  pick,
  type Question,
  questionOf,
} from './host-identity.ts';

interface InnerRequest {
  raw: { url?: string };
  params: unknown;
}

interface InnerReply {
  raw: { once(event: string, listener: () => void): unknown };
  sent: boolean;
  send(body: unknown): unknown;
}

interface Injected {
  statusCode: number;
  headers: { [name: string]: unknown };
  rawPayload: Buffer;
}

interface InnerApp {
  addHook(name: string, hook: (request: InnerRequest, reply: unknown, done: () => void) => void): unknown;
  route(options: object): unknown;
  inject(options: object): Promise<Injected>;
}

interface Asking {
  name: string;
  question: Question;
  outcome: Outcome;
}

/**
 * A route of which nobody knows the path, so that a request runs through all hooks that hold for the whole
 * application and then through the one that is asked for; the handler only reports what they set.
 */
export function identifier(
  app: unknown,
  table: IdentityTable,
): (name: string, given: unknown) => Promise<Outcome> {
  const inner = app as InnerApp;
  const path = `/${randomBytes(24).toString('hex')}`;
  const asking = new Map<string, Asking>();
  const askingOf = (request: InnerRequest): Asking =>
    asking.get((request.params as { id: string }).id) as Asking;
  inner.addHook('onRequest', (request, _reply, done) => {
    // From here on the request has the address that the client asked for.
    if ((request.raw.url || '').indexOf(`${path}/`) === 0) {
      const entry = askingOf(request);
      if (entry !== undefined) request.raw.url = entry.question.url;
    }
    done();
  });
  inner.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: `${path}/:id`,
    schema: { hide: true },
    preHandler: (request: InnerRequest, reply: InnerReply, done: (error?: unknown) => void) => {
      run(inner, table[askingOf(request).name] as Identity, request, reply).then(
        () => reply.sent || done(),
        done,
      );
    },
    handler: (request: InnerRequest, reply: InnerReply) => {
      const entry = askingOf(request);
      entry.outcome.properties = pick(request, (table[entry.name] as Identity).properties);
      reply.send('');
    },
  });
  return async (name, given) => {
    const question = questionOf(given);
    const id = randomBytes(12).toString('hex');
    const entry: Asking = { name, question, outcome: {} };
    asking.set(id, entry);
    try {
      const answer = await inner.inject({
        method: question.method === 'HEAD' ? 'GET' : question.method,
        url: `${path}/${id}`,
        headers: question.headers,
        remoteAddress: question.address,
      });
      const cookies = ([] as unknown[]).concat(answer.headers['set-cookie'] || []).map(String);
      if (entry.outcome.properties !== undefined) return { properties: entry.outcome.properties, cookies };
      const headers = Object.keys(answer.headers).map((header): [string, string | string[]] => {
        const value = answer.headers[header];
        return [header, Array.isArray(value) ? value.map(String) : String(value)];
      });
      return { ended: { status: answer.statusCode, headers, body: answer.rawPayload } };
    } finally {
      asking.delete(id);
    }
  };
}

/** Runs a hook of either style until it is done or has answered. */
async function run(
  app: unknown,
  identity: Identity,
  request: InnerRequest,
  reply: InnerReply,
): Promise<void> {
  const { run: hook } = await identity.load();
  if (typeof hook !== 'function') throw new Error('the hook is no function any more');
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the hook did not come to an end')), identityTime);
    const end = (error?: unknown): void => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    };
    reply.raw.once('finish', () => end());
    const returned: unknown = hook.call(app, request, reply, end);
    if (
      returned !== null &&
      typeof returned === 'object' &&
      typeof (returned as { then?: unknown }).then === 'function'
    )
      (returned as Promise<unknown>).then(() => end(), end);
    else if (hook.length < 3) end();
  });
}
