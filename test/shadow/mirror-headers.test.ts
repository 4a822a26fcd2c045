import { expect, it } from 'vitest';
import { mirrorHeaders } from '../../edge-proxy/shadow/mirror-headers.ts';

const received = [
  'Host', 'shop.example',
  'Accept', 'text/html',
  'Cookie', 'sid=1',
  'Connection', 'keep-alive, X-Hop',
  'X-Hop', '1',
  'Keep-Alive', 'timeout=5',
  'X-Twice', 'a',
  'x-twice', 'b',
]; // biome-ignore format: pairs read best in lines of two

it('copies what the user sent in order and case, without what belongs to the connection', () => {
  expect(mirrorHeaders(received, 'monolith', {})).toEqual([
    'Host',
    'shop.example',
    'Accept',
    'text/html',
    'Cookie',
    'sid=1',
    'X-Twice',
    'a',
    'x-twice',
    'b',
  ]);
});

it('tells the service, and only the service, that this is a copy', () => {
  expect(mirrorHeaders(received, 'service', {}).slice(-2)).toEqual(['x-strangler-shadow', '1']);
  const forged = mirrorHeaders(['X-Strangler-Shadow', '0'], 'service', {});
  expect(forged).toEqual(['x-strangler-shadow', '1']);
  expect(mirrorHeaders(['X-Strangler-Shadow', '1'], 'monolith', {})).toEqual([]);
});

it('sets and removes the headers that the plan names for this target', () => {
  const headers = mirrorHeaders(received, 'service', {
    Cookie: null,
    accept: 'application/json',
    'X-New': '1',
  });
  expect(headers).not.toContain('sid=1');
  expect(headers).not.toContain('text/html');
  expect(headers.slice(-6)).toEqual(['accept', 'application/json', 'x-new', '1', 'x-strangler-shadow', '1']);
});

it('lets no plan bring back a header that describes the connection', () => {
  expect(mirrorHeaders([], 'monolith', { 'Transfer-Encoding': 'chunked', Connection: 'close' })).toEqual([]);
});
