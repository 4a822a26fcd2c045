import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProxyServer } from 'http-proxy-3';
import { listening, ORIGIN_URL } from '../candidate.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 128 });
const proxy = createProxyServer({ target: ORIGIN_URL, agent });
proxy.on('error', () => {});
const server = createServer((request, response) => proxy.web(request, response));
server.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port));
