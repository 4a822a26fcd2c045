import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { prisma } from '../../database/client.ts';
import { centsToPrice, escapeHtml, formatDate, formatEuro, redirectTo, textField } from '../../helpers.ts';
import { checkCsrf, csrfToken, requireLogin, setFlash } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';
import { loginForm, registrationForm } from './pages.ts';
import * as accounts from './service.ts';

const form = { preHandler: [requireLogin, checkCsrf] };

/** Registration, login and everything below /account that belongs to no other module. */
export default async function accountRoutes(app: FastifyInstance) {
  app.get<{ Querystring: { next?: string } }>('/login', async (request, reply) => {
    if (request.customer) return redirectTo(request, reply, '/account');
    return sendPage(request, reply, {
      title: 'Log in',
      body: loginForm(csrfToken(request, reply), request.query.next),
    });
  });

  app.post('/login', { preHandler: checkCsrf }, async (request, reply) => {
    const email = textField(request.body, 'email');
    const result = await accounts.login(
      email,
      textField(request.body, 'password'),
      request.headers['user-agent'],
      request.cookies.cart,
    );
    if (!result) {
      reply.code(401);
      return sendPage(request, reply, {
        title: 'Log in',
        body: loginForm(
          csrfToken(request, reply),
          textField(request.body, 'next'),
          email,
          'E-mail or password is wrong.',
        ),
      });
    }
    setLoginCookies(reply, result);
    setFlash(reply, 'notice', `Welcome back, ${result.customer.firstName}!`);
    return redirectTo(request, reply, localPath(textField(request.body, 'next')));
  });

  app.post('/logout', async (request, reply) => {
    if (request.cookies.sid) await accounts.logout(request.cookies.sid);
    reply.clearCookie('sid', { path: '/' }).clearCookie('cart', { path: '/' });
    reply.clearCookie('cart_count', { path: '/' });
    setFlash(reply, 'notice', 'You are logged out.');
    return redirectTo(request, reply, '/');
  });

  app.get('/register', async (request, reply) =>
    sendPage(request, reply, { title: 'Register', body: registrationForm(csrfToken(request, reply)) }),
  );

  app.post('/register', { preHandler: checkCsrf }, async (request, reply) => {
    const input = registrationOf(request);
    const errors = accounts.validateRegistration(input);
    const customer = errors.length === 0 ? await accounts.register(input) : null;
    if (!customer) {
      if (errors.length === 0) errors.push('There is already an account with this address');
      reply.code(422);
      return sendPage(request, reply, {
        title: 'Register',
        body: registrationForm(csrfToken(request, reply), input, errors),
      });
    }
    const session = await accounts.openSession(customer.id, request.headers['user-agent']);
    setLoginCookies(reply, { session, previousLogin: null });
    setFlash(reply, 'notice', 'Your account was created.');
    return redirectTo(request, reply, '/account');
  });

  app.get('/account', { preHandler: requireLogin }, async (request, reply) => {
    const id = request.customer!.id;
    const [customer, orders, reviewCount, unread] = await Promise.all([
      prisma.customer.findUniqueOrThrow({ where: { id } }),
      prisma.order.findMany({ where: { customerId: id }, orderBy: { id: 'desc' }, take: 3 }),
      prisma.review.count({ where: { customerId: id } }),
      prisma.notification.count({ where: { customerId: id, readAt: null } }),
    ]);
    const list = orders
      .map(
        (order) =>
          `<li><a href="/orders/${order.id}">${order.number}</a> ${formatEuro(order.totalCents)}</li>`,
      )
      .join('\n');
    return sendPage(request, reply, {
      title: 'Your account',
      body: `<h1>Hello, ${escapeHtml(customer.firstName)}</h1>
<p>${customer.loyaltyPoints} points, customer since ${formatDate(customer.createdAt)}</p>
<ul>
<li><a href="/account/profile">Profile</a></li><li><a href="/account/addresses">Addresses</a></li>
<li><a href="/account/orders">Orders</a></li><li><a href="/account/reviews">Reviews (${reviewCount})</a></li>
<li><a href="/account/wishlist">Wish list</a></li><li><a href="/account/notifications">Messages (${unread})</a></li>
</ul>
<h2>Latest orders</h2>
<ul>
${list}
</ul>
<form method="post" action="/logout"><button>Log out</button></form>`,
    });
  });

  app.get('/account/profile', { preHandler: requireLogin }, async (request, reply) => {
    const customer = await prisma.customer.findUniqueOrThrow({ where: { id: request.customer!.id } });
    return sendPage(request, reply, {
      title: 'Your profile',
      body: `<h1>Your profile</h1>
<form method="post" action="/account/profile"><input type="hidden" name="_csrf" value="${csrfToken(request, reply)}">
<label>First name <input name="firstName" value="${escapeHtml(customer.firstName)}"></label>
<label>Last name <input name="lastName" value="${escapeHtml(customer.lastName)}"></label>
<label>Phone <input name="phone" value="${escapeHtml(customer.phone)}"></label><button>Save</button></form>`,
    });
  });

  app.post('/account/profile', form, async (request, reply) => {
    const firstName = textField(request.body, 'firstName');
    const lastName = textField(request.body, 'lastName');
    if (firstName && lastName) {
      const phone = textField(request.body, 'phone') || null;
      await prisma.customer.update({
        where: { id: request.customer!.id },
        data: { firstName, lastName, phone },
      });
      setFlash(reply, 'notice', 'Your profile was saved.');
    } else {
      setFlash(reply, 'error', 'Please enter your name.');
    }
    return redirectTo(request, reply, '/account/profile');
  });

  app.post('/account/password', form, async (request, reply) => {
    const changed = await accounts.changePassword(
      request.customer!.id,
      textField(request.body, 'oldPassword'),
      textField(request.body, 'newPassword'),
    );
    if (changed) setFlash(reply, 'notice', 'Your password was changed.');
    else setFlash(reply, 'error', 'The password was not changed.');
    return redirectTo(request, reply, '/account/profile');
  });

  app.get('/account/export', { preHandler: requireLogin }, async (request, reply) => {
    reply.header('content-disposition', 'attachment; filename="my-data.json"');
    const data = await accounts.exportCustomer(request.customer!.id);
    const spent = data.orders.reduce((sum, order) => sum + order.totalCents, 0);
    return { exportedAt: new Date(), totalSpent: centsToPrice(spent), ...data };
  });

  app.post('/account/delete', form, async (request, reply) => {
    await accounts.deleteCustomer(request.customer!.id);
    reply.clearCookie('sid', { path: '/' });
    setFlash(reply, 'notice', 'Your account was deleted.');
    return redirectTo(request, reply, '/');
  });
}

function registrationOf(request: FastifyRequest): accounts.Registration {
  return {
    email: textField(request.body, 'email'),
    password: textField(request.body, 'password'),
    firstName: textField(request.body, 'firstName'),
    lastName: textField(request.body, 'lastName'),
  };
}

/** Only paths of the shop itself: never sends anybody to a foreign address. */
function localPath(next: string): string {
  return /^\/(?![/\\])/.test(next) ? next : '/account';
}

export function setLoginCookies(
  reply: FastifyReply,
  login: { session: { id: string; expiresAt: Date }; previousLogin: Date | null },
): void {
  reply.setCookie('sid', login.session.id, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    expires: login.session.expiresAt,
  });
  reply.setCookie('last_login', (login.previousLogin ?? new Date()).toISOString(), { path: '/' });
  reply.setCookie('known_customer', '1', { path: '/', maxAge: 365 * 86_400 });
}
