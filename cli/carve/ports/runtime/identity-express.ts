/** Middleware that asks the monolith who is calling. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { logUnavailable, setProperties, type Who, whoAsks } from './who.ts';

/** What a middleware is called with. */
export type Asked = [request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void];

/** As the monolith's middleware of that name: sets the properties and goes on, or answers as the monolith did. */
export async function identify(name: string, ...asked: Asked): Promise<void> {
  const [request, response, next] = asked;
  let who: Who;
  try {
    who = await whoAsks(
      name,
      request,
      (request as { originalUrl?: string }).originalUrl || request.url || '/',
    );
  } catch (error) {
    // Answered here and not thrown: whoever catches it must not go on as if nobody were logged in.
    logUnavailable(name, error);
    response.statusCode = 503;
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.setHeader('retry-after', '1');
    response.end('Service Unavailable\n');
    return;
  }
  for (const cookie of who.cookies || []) addCookie(response, cookie);
  if (who.ended === undefined) {
    setProperties(request, who);
    next();
    return;
  }
  response.statusCode = who.ended.status;
  for (const [header, value] of who.ended.headers) response.setHeader(header, value);
  response.end(who.ended.body);
}

function addCookie(response: ServerResponse, cookie: string): void {
  const before = response.getHeader('set-cookie');
  const list = before === undefined ? [] : Array.isArray(before) ? before : [String(before)];
  response.setHeader('set-cookie', list.concat(cookie));
}
