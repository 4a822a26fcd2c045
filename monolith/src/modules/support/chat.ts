import type { FastifyInstance } from 'fastify';
import { randomToken } from '../../helpers.ts';
import { automaticAnswer } from './service.ts';

/** Messages a connection may send in ten seconds. */
const burst = 50;

/** The chat of the support page: a WebSocket with one JSON message a frame. */
export default async function supportChat(app: FastifyInstance) {
  app.get('/support/ws', { websocket: true }, (socket, request) => {
    const customer = request.customer;
    let recent = 0;
    const reset = setInterval(() => {
      recent = 0;
    }, 10_000);
    const say = (from: string, text: string) =>
      socket.send(JSON.stringify({ id: randomToken(4), from, text, at: new Date().toISOString() }));

    say('system', customer ? `Hello, ${customer.firstName}. How can we help?` : 'Hello. How can we help?');
    socket.on('message', async (data, isBinary) => {
      recent += 1;
      if (isBinary || recent > burst) return socket.close(1008, 'please slow down');
      const text = data.toString().slice(0, 2000);
      say('you', text);
      try {
        say('support', await automaticAnswer(text, customer?.id));
      } catch (error) {
        request.log.error(error);
        say('system', 'Something went wrong, please try again.');
      }
    });
    socket.on('close', () => clearInterval(reset));
  });
}
