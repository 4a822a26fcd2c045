import { hostname, networkInterfaces } from 'node:os';

export interface Config {
  databaseUrl: string;
  host: string;
  /** 0: any free port. */
  port: number;
  version: string;
  /** Unset: host name and port, so that a restart replaces its own registration. */
  instanceId: string | undefined;
  /** Where others reach this instance. */
  address: string;
  /** How long to keep serving after the registration is gone, in ms. */
  drainDelay: number;
  registration: RegistrationConfig | undefined;
}

export interface RegistrationConfig {
  /** Unset: AWS itself. */
  endpoint: string | undefined;
  region: string;
  namespace: string;
  service: string;
  /** Time between two reports of health, in ms. */
  heartbeat: number;
}

/** Mistakes in the environment, as one line for a person. */
export class ConfigError extends Error {}

/** Reads and checks the environment. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  if (!env.DATABASE_URL)
    throw new ConfigError('DATABASE_URL is not set: it names the PostgreSQL database of the shop');
  const host = env.HOST ?? '127.0.0.1';
  const instanceId = env.INSTANCE_ID || undefined;
  if (instanceId && !/^[0-9a-zA-Z_/:.@-]{1,64}$/.test(instanceId)) {
    throw new ConfigError('INSTANCE_ID may have 1 to 64 letters, digits and _ / : . @ -');
  }
  return {
    databaseUrl: env.DATABASE_URL,
    host,
    port: wholeNumber(env, 'PORT', 3101, 65_535),
    version: env.SERVICE_VERSION || '1.0.0',
    instanceId,
    address: env.ADVERTISED_IPV4 || advertisedAddress(host),
    drainDelay: wholeNumber(env, 'DRAIN_DELAY_MS', 1000, 600_000),
    registration:
      env.REGISTRATION === 'off'
        ? undefined
        : {
            endpoint: env.CLOUD_MAP_ENDPOINT || undefined,
            region: env.AWS_REGION || 'eu-central-1',
            namespace: env.CLOUD_MAP_NAMESPACE || 'shop',
            service: env.CLOUD_MAP_SERVICE || 'reviews',
            heartbeat: wholeNumber(env, 'HEARTBEAT_MS', 5000, 600_000),
          },
  };
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string, fallback: number, most: number): number {
  const value = Number(env[name] || fallback);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new ConfigError(`${name} must be a whole number from 0 to ${most}`);
}

/** The address that we listen on, or, when that is all of them, the first one that is not the loopback. */
function advertisedAddress(host: string): string {
  if (host === 'localhost') return '127.0.0.1';
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host) && host !== '0.0.0.0') return host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const own = addresses.find((address) => address.family === 'IPv4' && !address.internal);
  return own?.address ?? '127.0.0.1';
}

/** The name of this instance in Cloud Map. */
export function instanceIdOf(config: Config, port: number): string {
  return config.instanceId ?? `${hostname()}-${port}`.replace(/[^0-9a-zA-Z_/:.@-]/g, '-').slice(-64);
}
