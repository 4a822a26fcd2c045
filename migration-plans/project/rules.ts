import { isIP } from 'node:net';
import type { Finding } from '../errors.ts';
import type { YamlSource } from '../yaml/source.ts';
import { hostPort } from './normalise.ts';
import type { ProjectYaml } from './schema.ts';

/** What a schema cannot say. Each rule collects all that it finds. */
export function checkProjectRules(yaml: ProjectYaml, source: YamlSource): Finding[] {
  return [
    ...urlParses(yaml, source),
    ...portsInRange(yaml, source),
    ...listenersDiffer(yaml, source),
    ...proxiesAreAddresses(yaml, source),
    ...oneProcessPerCapability(yaml, source),
  ];
}

function finding(source: YamlSource, path: (string | number)[], message: string, remedy?: string): Finding {
  return {
    code: 'PROJECT_VALUE',
    severity: 'error',
    message,
    place: source.placeOf(path),
    ...(remedy === undefined ? {} : { remedy }),
  };
}

function urlParses(yaml: ProjectYaml, source: YamlSource): Finding[] {
  const given: [(string | number)[], string | undefined][] = [
    [['monolith', 'url'], yaml.monolith.url],
    [['stateStore', 'url'], yaml.stateStore?.url],
    [['cloudMap', 'endpoint'], yaml.cloudMap?.endpoint === 'local' ? undefined : yaml.cloudMap?.endpoint],
  ];
  // The URL itself stays out of the message: one of a database carries a password.
  return given.flatMap(([path, url]) =>
    url === undefined || URL.canParse(url)
      ? []
      : [finding(source, path, `"${path.join('.')}" is no valid URL`)],
  );
}

function portsInRange(yaml: ProjectYaml, source: YamlSource): Finding[] {
  return (['listen', 'admin'] as const).flatMap((key) => {
    const text = yaml.edge?.[key];
    return text === undefined || hostPort(text).port <= 65_535
      ? []
      : [finding(source, ['edge', key], `"edge.${key}" has a port beyond 65535`)];
  });
}

function listenersDiffer(yaml: ProjectYaml, source: YamlSource): Finding[] {
  const { listen, admin } = yaml.edge ?? {};
  if (listen === undefined || listen !== admin || hostPort(listen).port === 0) return [];
  return [
    finding(
      source,
      ['edge', 'admin'],
      '"edge.admin" is the same as "edge.listen"',
      'Give it a port of its own.',
    ),
  ];
}

function proxiesAreAddresses(yaml: ProjectYaml, source: YamlSource): Finding[] {
  const proxies = yaml.edge?.trustProxy;
  if (!Array.isArray(proxies)) return [];
  return proxies.flatMap((proxy, index) =>
    proxy === 'loopback' || isAddressBlock(proxy)
      ? []
      : [
          finding(
            source,
            ['edge', 'trustProxy', index],
            `"${proxy}" is neither an address nor a CIDR block`,
            'Write 10.0.0.0/8, an IPv4 or IPv6 address, or loopback.',
          ),
        ],
  );
}

function isAddressBlock(text: string): boolean {
  const [address, bits, ...rest] = text.split('/');
  const version = isIP(address ?? '');
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function oneProcessPerCapability(yaml: ProjectYaml, source: YamlSource): Finding[] {
  const seen = new Map<string, string>();
  return Object.entries(yaml.dev?.processes ?? {}).flatMap(([name, { capability }]) => {
    if (capability === undefined) return [];
    const other = seen.get(capability);
    seen.set(capability, name);
    if (other === undefined) return [];
    const path = ['dev', 'processes', name, 'capability'];
    return [finding(source, path, `"${capability}" is the capability of the process "${other}" too`)];
  });
}
