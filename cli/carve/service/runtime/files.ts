/** The files in `service/`: the templates beside this file in the service's language, and three that tell it apart. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Conventions, importOf } from '../package/conventions.ts';
import type { OutputFile, ServiceSpec } from '../spec.ts';
import { toJavaScript } from './javascript.ts';

export interface RuntimeFacts {
  conventions: Conventions;
  /** Variable of the database's URL; undefined: the code reads none. */
  databaseVariable: string | undefined;
  provider: string | undefined;
  /** Variables that must be set, with what they are. */
  required: [name: string, meaning: string][];
  namespace: string;
  region: string;
  /** `dotenv` loads `.env` in the monolith. */
  dotenv: boolean;
}

const TEMPLATES = [
  'main',
  'environment',
  'config',
  'lifecycle',
  'platform',
  'metrics',
  'routes',
  'readiness',
  'registration/backoff',
  'registration/cloud-map',
  'registration/registrar',
  'test/config.test',
  'test/routes.test',
];

/** Everything in `service/`. */
export function runtimeFiles(spec: ServiceSpec, facts: RuntimeFacts): OutputFile[] {
  const { conventions } = facts;
  const sources: [name: string, source: string][] = [
    ...TEMPLATES.map((name): [string, string] => [name, template(name)]),
    ['server', template(`server-${spec.framework}`)],
    ['about', aboutSource(spec, facts)],
    ['database', databaseSource(spec, facts)],
    ['application', applicationSource(spec, conventions)],
  ];
  return sources
    .map(([name, source]) => {
      const whole = name === 'environment' && facts.dotenv ? withDotenv(source) : source;
      const inLanguage = conventions.language === 'ts' ? whole : toJavaScript(whole, conventions.modules);
      return {
        path: `service/${name}${conventions.extension}`,
        text: withExtensions(inLanguage, conventions),
      };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const texts = new Map<string, string>();

function template(name: string): string {
  const known = texts.get(name) ?? readFileSync(join(import.meta.dirname, 'template', `${name}.ts`), 'utf8');
  texts.set(name, known);
  return known;
}

/** Imports between generated files end as the monolith's own do. */
function withExtensions(text: string, conventions: Conventions): string {
  return text.replace(/(['"])(\.{1,2}\/[\w./-]+)\.ts\1/g, (_all, quote: string, path: string) => {
    // A taken file keeps its own name; only those of `service/` are named without their end here.
    return `${quote}${path}${conventions.importExtension}${quote}`;
  });
}

function withDotenv(source: string): string {
  return source.replace('import { databaseVariable', "import 'dotenv/config';\nimport { databaseVariable");
}

/** Where the platform asks, moved aside where the application has a route of that name. */
export function platformPaths(spec: ServiceSpec): { health: string; ready: string; metrics: string } {
  const taken = new Set(spec.routes.map((route) => route.path.replace(/\/$/, '').toLowerCase()));
  const free = (path: string): string => (taken.has(path) ? `/-${path}` : path);
  return { health: free('/healthz'), ready: free('/readyz'), metrics: free('/metrics') };
}

function aboutSource(spec: ServiceSpec, facts: RuntimeFacts): string {
  const paths = platformPaths(spec);
  const routes = spec.routes.map(({ method, path }) => `  [${quoted(method)}, ${quoted(path)}],\n`);
  const required = facts.required.map(([name, meaning]) => `  [${quoted(name)}, ${quoted(meaning)}],\n`);
  return template('about')
    .replace("name = 'service'", `name = ${quoted(spec.capability)}`)
    .replace("namespace: 'strangler'", `namespace: ${quoted(facts.namespace)}`)
    .replace("region: 'us-east-1'", `region: ${quoted(facts.region)}`)
    .replace("'/healthz'", quoted(paths.health))
    .replace("'/readyz'", quoted(paths.ready))
    .replace("'/metrics'", quoted(paths.metrics))
    .replace("'DATABASE_URL'", quoted(facts.databaseVariable ?? ''))
    .replace(/(const required.*) = \[\];/, (_all, head: string) => `${head} = ${listed(required)};`)
    .replace(/(const routes.*) = \[\];/, (_all, head: string) => `${head} = ${listed(routes)};`);
}

function listed(lines: string[]): string {
  return lines.length === 0 ? '[]' : `[\n${lines.join('')}]`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;
}

function databaseSource(spec: ServiceSpec, facts: RuntimeFacts): string {
  if (spec.client === undefined) {
    return `/** The application keeps its database to itself: readiness is that of the process. */
export async function ping(): Promise<void> {}

/** The application closes what it opened. */
export async function disconnect(): Promise<void> {}
`;
  }
  const { head, value } = importing(spec.client.file, spec.client.exported, 'client', facts.conventions);
  const ask =
    facts.provider === 'mongodb' ? `${value}.$runCommandRaw({ ping: 1 })` : `${value}.$queryRaw\`SELECT 1\``;
  return `${head}
/** Resolves when the database answers, by way of the application's own client. */
export async function ping(): Promise<void> {
  await ${ask};
}

/** Closes the connections to the database. */
export async function disconnect(): Promise<void> {
  await ${value}.$disconnect();
}
`;
}

function applicationSource(spec: ServiceSpec, conventions: Conventions): string {
  const { file, exported, kind, args } = spec.app;
  const { head, value } = importing(file, exported, kind === 'value' ? 'app' : 'create', conventions);
  if (kind === 'value') {
    return `${head}
/** The application, as the monolith's code sets it up. */
export async function createApplication() {
  return ${value};
}
`;
  }
  return `${head}
/** The application, as the monolith's code sets it up: the monolith's own start makes it like this. */
export async function createApplication() {
  return await ${value}(${args});
}
`;
}

/** The import of something that taken code exports, and the expression that means it. */
function importing(
  file: string,
  exported: string,
  alias: string,
  conventions: Conventions,
): { head: string; value: string } {
  const from = quoted(importOf(file, conventions));
  const { language, modules } = conventions;
  const member = exported.startsWith('module.exports.') ? exported.slice('module.exports.'.length) : exported;
  if (exported === 'module.exports') {
    if (modules === 'esm') return { head: `import ${alias} from ${from};\n`, value: alias };
    if (language === 'ts') return { head: `import ${alias} = require(${from});\n`, value: alias };
    return { head: `const ${alias} = require(${from});\n`, value: alias };
  }
  if (member === 'default') {
    if (language === 'js' && modules === 'cjs') {
      return { head: `const { default: ${alias} } = require(${from});\n`, value: alias };
    }
    return { head: `import ${alias} from ${from};\n`, value: alias };
  }
  if (language === 'js' && modules === 'cjs')
    return { head: `const { ${member} } = require(${from});\n`, value: member };
  return { head: `import { ${member} } from ${from};\n`, value: member };
}
