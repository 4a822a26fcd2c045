import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Origin } from './connection-port.ts';

/**
 * A socket to an upstream that hands what it reads to `onread`, without a stream between. May throw what `tls.connect` throws for
 * unusable certificates.
 */
export function openSocket({ host, port, secure, settings }: Origin, onread: OnReadOpts): Socket {
  const { lookup } = settings;
  const options = { host, port, noDelay: true, keepAlive: true, allowHalfOpen: true, onread, lookup };
  if (!secure) return connectTcp(options);
  const { ca, ...tls } = settings.tls ?? {};
  return connectTls({
    ...options,
    ...tls,
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
    servername: tls.servername ?? (isIP(host) === 0 ? host : ''),
    ALPNProtocols: ['http/1.1'],
  });
}
