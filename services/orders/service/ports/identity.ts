/** A hook that asks the monolith who is calling. */
import type { IncomingMessage } from 'node:http';
import { logUnavailable, setProperties, type Who, whoAsks } from './who.ts';

interface AskedRequest {
  raw: IncomingMessage;
  originalUrl?: string;
}

interface AskedReply {
  code(status: number): unknown;
  header(name: string, value: unknown): unknown;
  send(body?: unknown): unknown;
}

/** What a hook is called with. */
export type Asked = [request: AskedRequest, reply: AskedReply];

/** As the monolith's hook of that name: sets the properties, or answers as the monolith did. */
export async function identify(name: string, ...asked: Asked): Promise<unknown> {
  const [request, reply] = asked;
  let who: Who;
  try {
    who = await whoAsks(name, request.raw, request.originalUrl || request.raw.url || '/');
  } catch (error) {
    // Answered here and not thrown: whoever catches it must not go on as if nobody were logged in.
    logUnavailable(name, error);
    reply.code(503);
    reply.header('content-type', 'text/plain; charset=utf-8');
    reply.header('retry-after', '1');
    reply.send('Service Unavailable\n');
    return reply;
  }
  for (const cookie of who.cookies || []) reply.header('set-cookie', cookie);
  if (who.ended === undefined) {
    setProperties(request, who);
    return undefined;
  }
  reply.code(who.ended.status);
  for (const [header, value] of who.ended.headers) reply.header(header, value);
  reply.send(who.ended.body.length > 0 ? who.ended.body : undefined);
  return reply;
}
