import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { escapeHtml, idOf, redirectTo, textField } from '../../helpers.ts';
import { checkCsrf, csrfToken, requireLogin, setFlash } from '../../plugins/session.ts';
import { sendPage } from '../../views/layout.ts';

const form = { preHandler: [requireLogin, checkCsrf] };

export default async function addressRoutes(app: FastifyInstance) {
  app.get('/account/addresses', { preHandler: requireLogin }, async (request, reply) => {
    const addresses = await prisma.address.findMany({
      where: { customerId: request.customer!.id },
      orderBy: { id: 'asc' },
    });
    const token = `<input type="hidden" name="_csrf" value="${csrfToken(request, reply)}">`;
    const rows = addresses
      .map(
        (address) =>
          `<li>${escapeHtml(`${address.street}, ${address.zip} ${address.city}, ${address.country}`)}${address.isDefault ? ' (default)' : ''} <form method="post" action="/account/addresses/${address.id}/delete">${token}<button>Delete</button></form></li>`,
      )
      .join('\n');
    return sendPage(request, reply, {
      title: 'Your addresses',
      body: `<h1>Your addresses</h1>\n<ul>\n${rows}\n</ul>
<form method="post" action="/account/addresses">${token}<input name="street"><input name="zip"><input name="city"><input name="country" value="DE"><button>Add</button></form>`,
    });
  });

  app.post('/account/addresses', form, async (request, reply) => {
    const customerId = request.customer!.id;
    const street = textField(request.body, 'street');
    const zip = textField(request.body, 'zip');
    const city = textField(request.body, 'city');
    const country = (textField(request.body, 'country') || 'DE').toUpperCase();
    if (!street || !zip || !city || country.length !== 2) {
      setFlash(reply, 'error', 'Please fill in the whole address.');
      return redirectTo(request, reply, '/account/addresses');
    }
    const isDefault = (await prisma.address.count({ where: { customerId } })) === 0;
    await prisma.address.create({ data: { customerId, street, zip, city, country, isDefault } });
    setFlash(reply, 'notice', 'The address was added.');
    return redirectTo(request, reply, '/account/addresses');
  });

  app.post<{ Params: { id: string } }>('/account/addresses/:id/delete', form, async (request, reply) => {
    const id = idOf(request.params.id) ?? 0;
    await prisma.address.deleteMany({ where: { id, customerId: request.customer!.id } });
    setFlash(reply, 'notice', 'The address was deleted.');
    return redirectTo(request, reply, '/account/addresses');
  });
}
