import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { envelope, isEmail, randomToken, textField } from '../../helpers.ts';
import { apiError, legacyError } from '../../plugins/errors.ts';
import { setLoginCookies } from './routes.ts';
import * as accounts from './service.ts';

const loginBody = {
  type: 'object',
  required: ['email', 'password'],
  properties: { email: { type: 'string' }, password: { type: 'string' } },
} as const;

const profileBody = {
  type: 'object',
  additionalProperties: false,
  properties: {
    firstName: { type: 'string', minLength: 1, maxLength: 80 },
    lastName: { type: 'string', minLength: 1, maxLength: 80 },
    phone: { type: 'string', maxLength: 40 },
  },
} as const;

interface Profile {
  firstName?: string;
  lastName?: string;
  phone?: string;
}

export default async function accountApi(app: FastifyInstance) {
  app.post<{ Body: { email: string; password: string } }>(
    '/login',
    { schema: { body: loginBody } },
    async (request, reply) => {
      const { email, password } = request.body;
      const result = await accounts.login(
        email,
        password,
        request.headers['user-agent'],
        request.cookies.cart,
      );
      if (!result) return apiError(request, reply, 401, 'LOGIN_FAILED', 'E-mail or password is wrong');
      setLoginCookies(reply, result);
      const { id, firstName, lastName, role } = result.customer;
      return { ...envelope(request), customer: { id, email, firstName, lastName, role: role.toLowerCase() } };
    },
  );

  app.post('/logout', async (request, reply) => {
    if (request.cookies.sid) await accounts.logout(request.cookies.sid);
    return reply.clearCookie('sid', { path: '/' }).code(204).send();
  });

  app.get('/me', async (request, reply) => {
    if (!request.customer) return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
    const customer = await prisma.customer.findUniqueOrThrow({ where: { id: request.customer.id } });
    const { id, email, firstName, lastName, phone, loyaltyPoints } = customer;
    return { ...envelope(request), customer: { id, email, firstName, lastName, phone, loyaltyPoints } };
  });

  app.patch<{ Body: Profile }>('/me', { schema: { body: profileBody } }, async (request, reply) => {
    if (!request.customer) return apiError(request, reply, 401, 'NOT_LOGGED_IN', 'Please log in');
    const { id } = request.customer;
    const { firstName, lastName, phone } = await prisma.customer.update({
      where: { id },
      data: request.body,
    });
    return { ...envelope(request), customer: { id, firstName, lastName, phone } };
  });

  app.get('/me/addresses', async (request, reply) => {
    if (!request.customer) return legacyError(reply, 401, 'login required');
    return prisma.address.findMany({ where: { customerId: request.customer.id } });
  });

  app.post('/password-reset', async (request, reply) => {
    const email = textField(request.body, 'email').toLowerCase();
    if (!isEmail(email)) return legacyError(reply, 400, 'email is not valid');
    const customer = await prisma.customer.findUnique({ where: { email } });
    // The same answer for unknown addresses, so that nobody can find out who is a customer.
    if (customer) {
      await prisma.passwordReset.create({ data: { customerId: customer.id, token: randomToken(20) } });
    }
    return reply.code(202).send({ success: true, timestamp: Math.floor(Date.now() / 1000) });
  });
}
