import { ServiceDiscovery, type ServiceDiscoveryClientConfig } from '@aws-sdk/client-servicediscovery';

export interface ClientOptions {
  /** URL of an endpoint of one's own, such as the local one. None: AWS. */
  endpoint?: string;
  /** None: as the environment and the shared configuration say. */
  region?: string;
}

/**
 * The SDK's client, set up for polling: it doesn't retry by itself, because the next poll is the retry. An endpoint on loopback gets
 * no host prefix (`data-127.0.0.1` is no name) and made-up credentials, since the local endpoint knows no real ones; every other one
 * gets what AWS gets.
 */
export function createDiscoveryClient(options: ClientOptions = {}): ServiceDiscovery {
  const { endpoint, region } = options;
  const local = endpoint !== undefined && isLoopback(new URL(endpoint).hostname);
  const config: ServiceDiscoveryClientConfig = {
    maxAttempts: 1,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  if (!local) return new ServiceDiscovery(config);
  return new ServiceDiscovery({
    ...config,
    region: region ?? 'us-east-1',
    disableHostPrefix: true,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
  );
}
