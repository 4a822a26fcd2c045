import { hostname, networkInterfaces } from 'node:os';
import { databaseVariable, defaults, name as ownName, paths, required } from './about.ts';

export interface Config {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Unset: metrics are answered on the main port. */
  adminPort: number | undefined;
  paths: { health: string; ready: string; metrics: string };
  version: string;
  /** Unset: host name and port, so that a restart replaces its own registration. */
  instanceId: string | undefined;
  /** Where others reach this instance; the port only where it is another one than `port`. */
  address: string;
  advertisedPort: number | undefined;
  /** How long to keep serving after the registration is gone, in ms. */
  drainDelay: number;
  /** How long requests in flight may take after that, in ms. */
  finishLimit: number;
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

export type Environment = Record<string, string | undefined>;

/** Reads and checks the environment. All mistakes are told at once, one line each. */
export function readConfig(env: Environment): { config: Config; problems: string[] } {
  const problems: string[] = [];
  /** An empty variable counts as one that is not set. */
  const text = (variable: string): string | undefined => env[variable] || undefined;
  const wholeNumber = (variable: string, most: number): number | undefined => {
    const given = text(variable);
    if (given === undefined) return undefined;
    const value = Number(given);
    if (Number.isInteger(value) && value >= 0 && value <= most) return value;
    problems.push(`${variable} must be a whole number from 0 to ${most}, not "${given}"`);
    return undefined;
  };
  const path = (variable: string, fallback: string): string => {
    const given = text(variable) ?? fallback;
    if (!/^\/[^?#\s]*$/.test(given)) problems.push(`${variable} must be a path such as ${fallback}`);
    return given;
  };

  if (databaseVariable !== '' && text(databaseVariable) === undefined) {
    problems.push(`${databaseVariable} is not set: it names the database`);
  }
  for (const [variable, meaning] of required) {
    if (text(variable) === undefined) problems.push(`${variable} is not set: ${meaning}`);
  }
  const instanceId = text('INSTANCE_ID');
  if (instanceId !== undefined && !/^[0-9a-zA-Z_/:.@-]{1,64}$/.test(instanceId)) {
    problems.push('INSTANCE_ID may have 1 to 64 letters, digits and _ / : . @ -');
  }
  const endpoint = text('CLOUD_MAP_ENDPOINT');
  if (endpoint !== undefined && !/^https?:\/\/./.test(endpoint)) {
    problems.push('CLOUD_MAP_ENDPOINT must be a URL such as http://127.0.0.1:8001');
  }
  const host = text('HOST') ?? '127.0.0.1';
  const config: Config = {
    host,
    port: wholeNumber('PORT', 65_535) ?? defaults.port,
    adminPort: wholeNumber('ADMIN_PORT', 65_535),
    paths: {
      health: path('HEALTH_PATH', paths.health),
      ready: path('READY_PATH', paths.ready),
      metrics: path('METRICS_PATH', paths.metrics),
    },
    version: text('SERVICE_VERSION') ?? '1.0.0',
    instanceId,
    address: text('ADVERTISED_IPV4') ?? advertisedAddress(host),
    advertisedPort: wholeNumber('ADVERTISED_PORT', 65_535),
    drainDelay: wholeNumber('DRAIN_DELAY_MS', 600_000) ?? 1000,
    finishLimit: wholeNumber('FINISH_LIMIT_MS', 600_000) ?? 10_000,
    registration:
      text('REGISTRATION') === 'off'
        ? undefined
        : {
            endpoint,
            region: text('AWS_REGION') ?? defaults.region,
            namespace: text('CLOUD_MAP_NAMESPACE') ?? defaults.namespace,
            service: text('CLOUD_MAP_SERVICE') ?? ownName,
            heartbeat: wholeNumber('HEARTBEAT_MS', 600_000) ?? 5000,
          },
  };
  return { config, problems };
}

/** The address that we listen on, or, when that is all of them, the first one that is not the loopback. */
function advertisedAddress(host: string): string {
  if (host === 'localhost' || host === '::1') return '127.0.0.1';
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host) && host !== '0.0.0.0') return host;
  for (const list of Object.values(networkInterfaces())) {
    const own = (list ?? []).find((address) => address.family === 'IPv4' && !address.internal);
    if (own) return own.address;
  }
  return '127.0.0.1';
}

/** The name of this instance in Cloud Map. */
export function instanceIdOf(config: Config, port: number): string {
  return config.instanceId ?? `${hostname()}-${port}`.replace(/[^0-9a-zA-Z_/:.@-]/g, '-').slice(-64);
}
