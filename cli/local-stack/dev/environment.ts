import { delimiter, dirname } from 'node:path';

/** What every process of the stack is told by its environment. */
export interface PartSettings {
  host: string;
  port: number;
  databaseUrl: string;
  cloudMap: { endpoint: string; namespace: string; region: string };
}

/**
 * The environment of a part: that of the shell, the stack's settings, then the part's own of strangler.yaml. `${NAME}` in those
 * (written `$${NAME}` in the file, because `${NAME}` there is the shell's) is replaced by the setting of that name.
 */
export function partEnvironment(
  shell: Record<string, string | undefined>,
  settings: PartSettings,
  own: Record<string, string>,
): Record<string, string | undefined> {
  const given: Record<string, string | undefined> = {
    ...withoutPackageManager(shell),
    // The same Node for all, also for a part that says just `node`.
    PATH: `${dirname(process.execPath)}${delimiter}${shell.PATH ?? ''}`,
    HOST: settings.host,
    PORT: String(settings.port),
    DATABASE_URL: settings.databaseUrl,
    CLOUD_MAP_ENDPOINT: settings.cloudMap.endpoint,
    CLOUD_MAP_NAMESPACE: settings.cloudMap.namespace,
    AWS_REGION: settings.cloudMap.region,
    ...localCredentials(),
  };
  for (const [name, value] of Object.entries(own)) given[name] = fillIn(value, given);
  return given;
}

/**
 * The local Cloud Map endpoint takes any signature, but the SDK signs with something. The shell's own credentials never go to
 * a local process, and the SDK asks no metadata service for others.
 */
export function localCredentials(): Record<string, string | undefined> {
  return {
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** `${NAME}` → value; a name without a value stays as it is written. */
export function fillIn(text: string, values: Record<string, string | undefined>): string {
  return text.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** What npm and test runners put into the environment of this process is not meant for another package. */
function withoutPackageManager(
  shell: Record<string, string | undefined>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(shell).filter(
      ([name]) =>
        !/^(npm_|VITEST|NODE_OPTIONS$|NODE_CHANNEL|INIT_CWD$)/.test(name) && name !== 'NODE_V8_COVERAGE',
    ),
  );
}
