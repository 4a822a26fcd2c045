import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { escapeHtml, formatDate, isEmail, randomToken, redirectTo, textField } from '../../helpers.ts';
import { legacyError } from '../../plugins/errors.ts';
import { checkCsrf, csrfToken, requireLogin, setFlash } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';
import { listNotifications, markAllRead } from './service.ts';

export default async function notificationRoutes(app: FastifyInstance) {
  app.get('/account/notifications', { preHandler: requireLogin }, async (request, reply) => {
    const rows = (await listNotifications(request.customer!.id)).map(
      (message) =>
        `<li${message.readAt ? '' : ' class="unread"'}>${formatDate(message.createdAt)} ${escapeHtml(message.text)}</li>`,
    );
    return sendPage(request, reply, {
      title: 'Your messages',
      body: `<h1>Your messages</h1>
<ul>
${rows.join('\n')}
</ul>
<form method="post" action="/account/notifications/read"><input type="hidden" name="_csrf" value="${csrfToken(request, reply)}"><button>Mark all as read</button></form>`,
    });
  });

  app.post(
    '/account/notifications/read',
    { preHandler: [requireLogin, checkCsrf] },
    async (request, reply) => {
      const count = await markAllRead(request.customer!.id);
      setFlash(reply, 'notice', `${count} messages marked as read.`);
      return redirectTo(request, reply, '/account/notifications');
    },
  );

  app.get('/api/notifications', async (request, reply) => {
    if (!request.customer) return legacyError(reply, 401, 'login required');
    return listNotifications(request.customer.id);
  });

  app.post('/newsletter', async (request, reply) => {
    const email = textField(request.body, 'email').toLowerCase();
    if (!isEmail(email)) return legacyError(reply, 400, 'email is not valid');
    const create = { email, token: randomToken() };
    await prisma.newsletterSubscriber.upsert({ where: { email }, create, update: {} });
    setFlash(reply, 'notice', 'You will hear from us.');
    return redirectTo(request, reply, '/');
  });

  app.get<{ Querystring: { token?: string } }>('/newsletter/unsubscribe', async (request, reply) => {
    const { count } = await prisma.newsletterSubscriber.deleteMany({
      where: { token: request.query.token ?? '' },
    });
    return sendPage(request, reply, {
      title: 'Newsletter',
      body: count > 0 ? '<h1>Goodbye</h1>' : '<h1>This link is no longer valid</h1>',
    });
  });
}
