import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import {
  createForwarder,
  monolithUpstream,
  prepareServer,
  SERVER_LIMITS,
} from '../../../../edge-proxy/forward/index.ts';
import { listening, ORIGIN_URL } from '../candidate.ts';
import { benchJob } from '../job.ts';

const forwarder = createForwarder();
const upstream = monolithUpstream({ url: ORIGIN_URL });
const app = Fastify({ logger: false, http: { ...SERVER_LIMITS } });
prepareServer(app.server);
app.addHook('onRequest', (request, reply, _done) => {
  reply.hijack();
  forwarder.forward(benchJob(request.raw, reply.raw, upstream));
});
app.all('/*', () => {});
await app.listen({ port: 0, host: '127.0.0.1' });
listening((app.server.address() as AddressInfo).port);
