import type { AddressInfo } from 'node:net';
import httpProxy from '@fastify/http-proxy';
import Fastify from 'fastify';
import { listening, ORIGIN_URL } from '../candidate.ts';

const app = Fastify({ logger: false });
await app.register(httpProxy, {
  upstream: ORIGIN_URL,
  undici: { connections: 128 },
  disableRequestLogging: true,
});
await app.listen({ port: 0, host: '127.0.0.1' });
listening((app.server.address() as AddressInfo).port);
