/** What a monolith's Prisma schema says of its database. Pure. */
export interface DataSource {
  provider: string;
  /** The variable that names the database. */
  variable: string;
}

export function dataSourceOf(schemas: readonly string[]): DataSource {
  for (const text of schemas) {
    const block = /^\s*datasource\s+\w+\s*\{([^}]*)\}/m.exec(text)?.[1];
    if (block === undefined) continue;
    const provider = /^\s*provider\s*=\s*"(\w+)"/m.exec(block)?.[1] ?? 'postgresql';
    const variable = /^\s*url\s*=\s*env\(\s*"(\w+)"\s*\)/m.exec(block)?.[1] ?? 'DATABASE_URL';
    return { provider: provider === 'postgres' ? 'postgresql' : provider, variable };
  }
  return { provider: 'postgresql', variable: 'DATABASE_URL' };
}

/**
 * Values for the variables that an application reads, so that it starts: none is a secret of anybody, and nothing that they name is
 * ever reached. What an example file says comes first.
 */
export function placeholders(
  names: readonly string[],
  examples: Readonly<Record<string, string>>,
  database: { variable: string; url: string },
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    if (['PORT', 'HOST', 'NODE_ENV', 'PATH', 'HOME'].includes(name)) continue;
    if (/DATABASE_UR[IL]|POSTGRES_UR[IL]|DIRECT_UR[IL]|^DB_UR[IL]$/.test(name)) found[name] = database.url;
    else found[name] = examples[name] ?? placeholder(name);
  }
  return { ...found, [database.variable]: database.url };
}

function placeholder(name: string): string {
  // Port 9 discards; on the loopback nobody listens there.
  if (/UR[IL]$|ORIGIN|ENDPOINT|DSN/.test(name)) return 'http://127.0.0.1:9';
  if (/EMAIL|FROM$|SENDER/.test(name)) return 'sample@example.com';
  if (/PORT$|_MS$|SECONDS|MINUTES|HOURS|DAYS|TTL|TIMEOUT|LIMIT|MAX|MIN|SIZE|ROUNDS|COUNT|EXPIR/.test(name))
    return '10';
  if (/^(?:IS|USE|ENABLE|DISABLE|HAS|ALLOW)_|ENABLED|DEBUG|VERBOSE/.test(name)) return 'false';
  if (/LOG_?LEVEL/.test(name)) return 'error';
  if (/HOST$/.test(name)) return '127.0.0.1';
  return 'carve-placeholder-0123456789abcdef0123456789abcdef';
}

/** `NAME=value` lines, without what a shell would make of them. */
export function parseEnvFile(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line);
    if (match === null) continue;
    const [, name = '', raw = ''] = match;
    const quoted = /^(['"])(.*)\1/.exec(raw);
    const value = quoted === null ? raw.replace(/\s+#.*$/, '') : (quoted[2] ?? '');
    if (value !== '') found[name] = value;
  }
  return found;
}
