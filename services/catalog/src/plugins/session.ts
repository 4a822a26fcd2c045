import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Role } from '../../generated/enums.ts';
import { prisma } from '../database/client.ts';
import { randomToken, redirectTo } from '../helpers.ts';

export interface CurrentCustomer {
  id: number;
  email: string;
  firstName: string;
  lastName: string;
  role: Role;
}

export interface Flash {
  kind: 'notice' | 'error';
  text: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    customer: CurrentCustomer | null;
  }
}

/** Who is asking: looks the `sid` cookie up in the sessions. */
export default fp(async function sessionPlugin(app: FastifyInstance) {
  app.decorateRequest('customer', null);
  app.addHook('preHandler', async (request) => {
    const sid = request.cookies.sid;
    if (!sid) return;
    const session = await prisma.session.findUnique({
      where: { id: sid },
      select: {
        expiresAt: true,
        customer: { select: { id: true, email: true, firstName: true, lastName: true, role: true } },
      },
    });
    if (session && session.expiresAt > new Date()) request.customer = session.customer;
  });
});

/** The message for this page, if there is one; it is shown once. */
export function takeFlash(request: FastifyRequest, reply: FastifyReply): Flash | undefined {
  const value = request.cookies.flash;
  if (!value) return undefined;
  reply.clearCookie('flash', { path: '/' });
  try {
    const flash = JSON.parse(Buffer.from(value, 'base64url').toString()) as Partial<Flash>;
    return typeof flash.text === 'string' ? { kind: flash.kind ?? 'notice', text: flash.text } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A token for the forms of a page: another one for each page, all valid for the browser that holds the `csrf` cookie.
 */
export function csrfToken(request: FastifyRequest, reply: FastifyReply): string {
  let secret = request.cookies.csrf;
  if (!secret) {
    secret = randomToken();
    reply.setCookie('csrf', secret, { path: '/', httpOnly: true, sameSite: 'lax' });
  }
  const salt = randomToken(4);
  return `${salt}-${digest(salt, secret)}`;
}

function digest(salt: string, secret: string): string {
  return createHash('sha1').update(`${salt}.${secret}`).digest('hex');
}

/** For pages: sends visitors to the login and afterwards back. */
export async function requireLogin(request: FastifyRequest, reply: FastifyReply) {
  if (!request.customer) {
    const back = request.method === 'GET' ? request.url : '/account';
    return redirectTo(request, reply, `/login?next=${encodeURIComponent(back)}`);
  }
}

/** For pages of the back office. */
export async function requireStaff(request: FastifyRequest, reply: FastifyReply) {
  if (!request.customer) return requireLogin(request, reply);
  if (request.customer.role === 'CUSTOMER') {
    return reply.code(403).type('text/plain; charset=utf-8').send('Forbidden');
  }
}
