import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInstances } from '../../edge-proxy/discovery/instances.ts';
import { instance } from './fakes.ts';

const one = (attributes: Record<string, string | undefined>, id = 'i') =>
  parseInstances(
    [
      {
        InstanceId: id,
        Attributes: Object.fromEntries(
          Object.entries(attributes).filter((entry): entry is [string, string] => entry[1] !== undefined),
        ),
      },
    ],
    10,
  );

describe('instances', () => {
  it('become endpoints with address, port, scheme, version, weight and health', () => {
    const attributes = { protocol: 'https', version: '1.2.3', weight: '5' };
    expect(parseInstances([instance('i', attributes, 'UNHEALTHY')], 10).endpoints).toEqual([
      { id: 'i', host: '10.0.0.1', port: 8080, secure: true, version: '1.2.3', weight: 5, healthy: false },
    ]);
  });

  it('are healthy while nothing speaks against them', () => {
    for (const [health, healthy] of [
      ['HEALTHY', true],
      ['UNKNOWN', true],
      ['UNHEALTHY', false],
    ] as const) {
      expect(parseInstances([instance('i', {}, health)], 10).endpoints[0]?.healthy).toBe(healthy);
    }
  });

  it.each([
    ['an IPv6 address', { AWS_INSTANCE_IPV6: '2001:DB8::1' }, '2001:db8::1'],
    ['a name', { AWS_INSTANCE_CNAME: 'Reviews.internal.' }, 'reviews.internal'],
    ['a load balancer', { AWS_ALIAS_DNS_NAME: 'lb-1.elb.amazonaws.com' }, 'lb-1.elb.amazonaws.com'],
    [
      'the IPv4 address before all others',
      { AWS_INSTANCE_IPV4: '10.0.0.9', AWS_INSTANCE_IPV6: '::1' },
      '10.0.0.9',
    ],
  ])('may have %s', (_what, attributes, host) => {
    expect(one(attributes).endpoints[0]).toMatchObject({ host, port: 80 });
  });

  it('use the port of their scheme when they name none', () => {
    expect(one({ AWS_INSTANCE_IPV4: '10.0.0.1', protocol: 'HTTPS' }).endpoints[0]?.port).toBe(443);
  });

  it.each([
    ['no address', {}],
    ['an address with a port', { AWS_INSTANCE_IPV4: '10.0.0.1:80' }],
    ['an octal address', { AWS_INSTANCE_IPV4: '010.0.0.1' }],
    ['the metadata service', { AWS_INSTANCE_IPV4: '169.254.169.254' }],
    ['the unspecified address', { AWS_INSTANCE_IPV4: '0.0.0.0' }],
    ['a multicast address', { AWS_INSTANCE_IPV4: '224.0.0.1' }],
    ['the broadcast address', { AWS_INSTANCE_IPV4: '255.255.255.255' }],
    ['the unspecified IPv6 address', { AWS_INSTANCE_IPV6: '::' }],
    ['a link-local IPv6 address', { AWS_INSTANCE_IPV6: 'fe80::1' }],
    ['an IPv6 address with a zone', { AWS_INSTANCE_IPV6: 'fd00::1%eth0' }],
    ['the metadata service inside IPv6', { AWS_INSTANCE_IPV6: '::ffff:169.254.169.254' }],
    ['the metadata service inside IPv6, in hexadecimal', { AWS_INSTANCE_IPV6: '::ffff:a9fe:a9fe' }],
    ['a URL as name', { AWS_INSTANCE_CNAME: 'http://evil.example/' }],
    ['a name with a line break', { AWS_INSTANCE_CNAME: 'a.example\r\nx-evil: 1' }],
    ['a name with user and password', { AWS_INSTANCE_CNAME: 'user:pass@a.example' }],
    ['an address as a number', { AWS_INSTANCE_CNAME: '2130706433' }],
    ['an address in hexadecimal', { AWS_INSTANCE_CNAME: '0x7f.0x1' }],
    ['the metadata service as a name', { AWS_INSTANCE_CNAME: '169.254.169.254' }],
    ['a name of 254 characters', { AWS_INSTANCE_CNAME: `${'a'.repeat(63)}.`.repeat(4).slice(0, 254) }],
    ['an invalid address beside a valid name', { AWS_INSTANCE_IPV4: 'x', AWS_INSTANCE_CNAME: 'a.example' }],
  ])('are ignored and counted with %s', (_what, attributes) => {
    const { endpoints, ignored } = one(attributes);
    expect(endpoints).toEqual([]);
    expect(ignored.address).toBe(1);
  });

  it.each([['0'], ['65536'], ['-1'], ['80 '], ['8e1'], ['0x50'], ['']])(
    'are ignored with the port "%s"',
    (port) => {
      const { endpoints, ignored } = one({ AWS_INSTANCE_IPV4: '10.0.0.1', AWS_INSTANCE_PORT: port });
      expect(endpoints).toEqual([]);
      expect(ignored.port).toBe(1);
    },
  );

  it.each([[''], ['a b'], ['a'.repeat(65)], ['a\n']])('are ignored with the id %j', (id) => {
    expect(one({ AWS_INSTANCE_IPV4: '10.0.0.1' }, id)).toMatchObject({ endpoints: [], ignored: { id: 1 } });
  });

  it('lose an invalid version or weight only', () => {
    const attributes = { AWS_INSTANCE_IPV4: '10.0.0.1', version: 'a b\r\n', weight: '1001' };
    expect(one(attributes).endpoints[0]).toEqual({
      id: 'i',
      host: '10.0.0.1',
      port: 80,
      secure: false,
      version: undefined,
      healthy: true,
    });
  });

  it('are taken once each, sorted, and up to the limit', () => {
    const list = ['c', 'a', 'b', 'a'].map((id) => instance(id));
    const { endpoints, ignored } = parseInstances(list, 2);
    expect(endpoints.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(ignored).toMatchObject({ duplicate: 1, limit: 1 });
  });

  it('never give anything but addresses and ports, whatever Cloud Map says', () => {
    const key = fc.constantFrom(
      'AWS_INSTANCE_IPV4',
      'AWS_INSTANCE_IPV6',
      'AWS_INSTANCE_CNAME',
      'AWS_INSTANCE_PORT',
      '__proto__',
    );
    const value = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.domain(), fc.nat(70_000).map(String));
    const summary = fc.record({
      InstanceId: fc.oneof(fc.string(), fc.constant('i')),
      HealthStatus: fc.string(),
      Attributes: fc.dictionary(key, value),
    });
    let found = 0;
    fc.assert(
      fc.property(fc.array(summary, { maxLength: 5 }), (list) => {
        const { endpoints, ignored } = parseInstances(list, 3);
        const dropped = Object.values(ignored).reduce((sum, count) => sum + count, 0);
        expect(endpoints.length + dropped).toBe(list.length);
        found += endpoints.length;
        for (const { host, port } of endpoints) {
          expect(host).toMatch(/^[0-9a-z._:-]{1,253}$/);
          expect(Number.isInteger(port) && port > 0 && port < 65_536).toBe(true);
        }
      }),
    );
    expect(found).toBeGreaterThan(0);
  });
});
