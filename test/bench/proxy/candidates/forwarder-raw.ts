import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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
const server = createServer(SERVER_LIMITS, (request, response) => {
  forwarder.forward(benchJob(request, response, upstream));
});
prepareServer(server);
server.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port));
