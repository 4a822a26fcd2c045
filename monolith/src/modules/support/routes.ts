import type { FastifyInstance, FastifyRequest } from 'fastify';
import { envelope, escapeHtml, idOf, redirectTo, textField } from '../../helpers.ts';
import { legacyError, notFoundPage } from '../../plugins/errors.ts';
import { checkCsrf, csrfToken, requireLogin, setFlash } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';
import { publicName } from '../accounts/service.ts';
import * as support from './service.ts';

interface ById {
  Params: { id: string };
}

async function visibleTicket(request: FastifyRequest<ById>) {
  const ticket = await support.findTicket(idOf(request.params.id) ?? 0);
  const viewer = request.customer;
  if (!ticket || !viewer) return null;
  return ticket.customerId === viewer.id || viewer.role !== 'CUSTOMER' ? ticket : null;
}

export default async function supportRoutes(app: FastifyInstance) {
  app.get('/support', async (request, reply) => {
    const csrf = csrfToken(request, reply);
    return sendPage(request, reply, {
      title: 'Support',
      body: `<h1>Support</h1>
<p id="chat" data-socket="/support/ws">Chat with us from 8 to 18 o'clock.</p>
${request.customer ? `<form method="post" action="/support/tickets"><input type="hidden" name="_csrf" value="${csrf}"><input name="subject"><textarea name="text"></textarea><button>Send</button></form>` : '<p><a href="/login?next=/support">Log in</a> to write to us.</p>'}`,
    });
  });

  app.post('/support/tickets', { preHandler: [requireLogin, checkCsrf] }, async (request, reply) => {
    const subject = textField(request.body, 'subject').slice(0, 150);
    const text = textField(request.body, 'text').slice(0, 5000);
    if (!subject || !text) {
      setFlash(reply, 'error', 'Please fill in both fields.');
      return redirectTo(request, reply, '/support');
    }
    const ticket = await support.openTicket(request.customer!.id, subject, text);
    return redirectTo(request, reply, `/support/tickets/${ticket.id}`);
  });

  app.get<ById>('/support/tickets/:id', { preHandler: requireLogin }, async (request, reply) => {
    const ticket = await visibleTicket(request);
    if (!ticket) return notFoundPage(request, reply, 'This ticket');
    const messages = ticket.messages.map(
      (message) =>
        `<li><b>${message.author ? escapeHtml(publicName(message.author)) : 'Support'}</b> ${escapeHtml(message.text)}</li>`,
    );
    return sendPage(request, reply, {
      title: ticket.subject,
      body: `<h1>${escapeHtml(ticket.subject)}</h1>\n<p>${ticket.status}</p>\n<ol>\n${messages.join('\n')}\n</ol>`,
    });
  });

  app.get('/api/support/tickets', async (request, reply) => {
    if (!request.customer) return legacyError(reply, 401, 'login required');
    const mine = request.customer.role === 'CUSTOMER' ? request.customer.id : undefined;
    return { ...envelope(request), tickets: await support.listTickets(mine) };
  });

  app.post<ById>('/api/support/tickets/:id/messages', async (request, reply) => {
    if (!request.customer) return legacyError(reply, 401, 'login required');
    const ticket = await visibleTicket(request);
    if (!ticket) return legacyError(reply, 404, 'ticket not found');
    const text = textField(request.body, 'text').slice(0, 5000);
    if (!text) return legacyError(reply, 400, 'text is missing');
    const message = await support.addMessage(ticket, request.customer.id, text);
    return reply.code(201).send({ success: true, id: message.id });
  });
}
