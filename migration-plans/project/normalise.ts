import { dirname, join, resolve } from 'node:path';
import { OBSERVE_LIMITS, type ObserveLimits } from '../observe/observation.ts';
import { parseDuration, parseSize } from '../yaml/units.ts';
import type { DevProcess, EdgeSettings, HostPort, Project } from './project.ts';
import type { ProjectYaml } from './schema.ts';

/** Fills in defaults and resolves units and paths. `yaml` has passed its schema and rules. */
export function normaliseProject(yaml: ProjectYaml, file: string): Project {
  const root = dirname(resolve(file));
  return {
    file: resolve(file),
    root,
    stateDir: join(root, '.strangler'),
    plansDir: resolve(root, yaml.plans ?? 'migration-plans'),
    monolith: { url: yaml.monolith.url, rewrite: yaml.monolith.rewrite ?? false },
    edge: edgeSettings(yaml.edge ?? {}, root),
    stateStore: { url: yaml.stateStore?.url },
    cloudMap: {
      endpoint: yaml.cloudMap?.endpoint,
      namespace: yaml.cloudMap?.namespace ?? 'strangler',
      region: yaml.cloudMap?.region ?? 'us-east-1',
    },
    dev: { processes: processes(yaml.dev?.processes ?? {}, root) },
  };
}

function edgeSettings(edge: NonNullable<ProjectYaml['edge']>, root: string): EdgeSettings {
  const { timeouts = {}, limits = {}, tls } = edge;
  return {
    listen: hostPort(edge.listen ?? '127.0.0.1:8080'),
    admin: hostPort(edge.admin ?? '127.0.0.1:9901'),
    trustProxy: edge.trustProxy ?? false,
    answerHeader: edge.answerHeader ?? 'x-strangler-target',
    observe: observeSettings(edge.observe ?? true),
    secret: edge.secret,
    workers: edge.workers ?? 1,
    drainMs: parseDuration(edge.drain ?? '30s'),
    tls: tls && { certificate: resolve(root, tls.certificate), key: resolve(root, tls.key) },
    timeouts: {
      connectMs: parseDuration(timeouts.connect ?? '2s'),
      headersMs: parseDuration(timeouts.headers ?? '60s'),
      idleMs: parseDuration(timeouts.idle ?? '0'),
      totalMs: parseDuration(timeouts.total ?? '0'),
    },
    limits: {
      connections: limits.connections ?? 20_000,
      inFlight: limits.inFlight ?? 4_000,
      upstreamConnections: limits.upstreamConnections ?? 256,
      queue: limits.queue ?? 1_000,
      queueTimeoutMs: parseDuration(limits.queueTimeout ?? '5s'),
      requestHeadMs: parseDuration(limits.requestHead ?? '15s'),
      requestIdleMs: parseDuration(limits.requestIdle ?? '60s'),
      keepAliveMs: parseDuration(limits.keepAlive ?? '65s'),
      headerBytes: parseSize(limits.headerSize ?? '32KiB'),
      requestBodyBytes: limits.requestBody === undefined ? undefined : parseSize(limits.requestBody),
    },
  };
}

function observeSettings(
  observe: NonNullable<NonNullable<ProjectYaml['edge']>['observe']>,
): ObserveLimits | false {
  if (observe === false) return false;
  return { ...OBSERVE_LIMITS, ...(observe === true ? {} : observe) };
}

function processes(
  yaml: NonNullable<NonNullable<ProjectYaml['dev']>['processes']>,
  root: string,
): Record<string, DevProcess> {
  return Object.fromEntries(
    Object.entries(yaml).map(([name, process]) => [
      name,
      {
        name,
        command: process.command,
        cwd: resolve(root, process.cwd ?? '.'),
        env: { ...process.env },
        ready: process.ready,
        capability: process.capability,
      },
    ]),
  );
}

/** `127.0.0.1:8080` or `[::1]:8080`, checked by schema and rules before. */
export function hostPort(text: string): HostPort {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}
