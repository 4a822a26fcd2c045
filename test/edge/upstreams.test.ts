import { expect, it } from 'vitest';
import { createEndpointPool } from '../../edge-proxy/discovery/balance.ts';
import { createForwarder } from '../../edge-proxy/forward/index.ts';
import { createUpstreams } from '../../edge-proxy/upstreams.ts';
import { endpointOf, Places } from './support/places.ts';

it('says of a service what its present list says, and the same of an unchanged one', () => {
  const directory = new Places({ 'shop/reviews': 'http://10.0.0.1:80' });
  const upstreams = createUpstreams({
    ...{ monolith: { url: 'http://127.0.0.1:1' }, forwarder: createForwarder(), directory },
    createPool: createEndpointPool,
  });
  expect(upstreams.seen('shop/reviews')).toMatchObject({ endpoints: 1, healthy: 1, version: '1.0.0' });
  directory.setAll('shop/reviews', [
    endpointOf('http://10.0.0.1:80', { healthy: false }),
    endpointOf('http://10.0.0.2:80', { version: '1.1.0' }),
  ]);
  const both = upstreams.seen('shop/reviews');
  const versions = ['1.0.0', '1.1.0'];
  expect(both).toEqual({ endpoints: 2, healthy: 1, versions, version: '1.0.0+1.1.0' });
  // Asked with every copy that is mirrored: nothing is worked out twice.
  expect(upstreams.seen('shop/reviews')).toBe(both);
  expect(upstreams.seen('shop/orders')).toMatchObject({ endpoints: 0, version: 'unknown' });
});
