import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listening } from '../candidate.ts';

/** No proxy at all: what Node's server costs by itself, the floor under every proxy built on it. */
const body = JSON.stringify({ ok: true, items: [1, 2, 3] });
const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
const server = createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
});
// As long as ours, so that idle connections can be compared.
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port));
