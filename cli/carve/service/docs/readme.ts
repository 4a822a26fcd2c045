/** README.md of the service: what it is, how it starts, what was decided and what its team has to look at. */
import type { Conventions } from '../package/conventions.ts';
import type { RunWith } from '../package/run-with.ts';
import { platformPaths } from '../runtime/files.ts';
import type { Data } from '../schema/files.ts';
import type { ServiceSpec } from '../spec.ts';

export interface EnvironmentVariable {
  name: string;
  meaning: string;
  /** Undefined: has to be set. */
  default: string | undefined;
}

export interface ReadmeFacts {
  conventions: Conventions;
  run: RunWith;
  data: Data;
  databaseVariable: string | undefined;
  namespace: string;
  region: string;
  prisma: number | undefined;
  /** Variables of other generated parts, such as the address of the monolith. */
  environment: readonly EnvironmentVariable[];
  /** Imported packages whose version nobody says. */
  unknownPackages: readonly string[];
  /** Bases of the monolith's tsconfig that could not be read. */
  missingTsconfigs: readonly string[];
}

/** The whole page. */
export function readmeText(spec: ServiceSpec, facts: ReadmeFacts): string {
  const sections = [
    head(spec),
    starting(spec, facts),
    environment(spec, facts),
    addresses(spec),
    life(),
    routes(spec),
    data(spec, facts),
    ports(spec),
    decisions(spec),
    left(spec, facts),
    places(spec, facts),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function head(spec: ServiceSpec): string {
  const where =
    spec.stage === 'shared-database'
      ? "It works on the monolith's database for now."
      : 'It has a database of its own.';
  return `# The ${spec.capability} service

Carved out of the monolith: its code as it stood there, on the addresses that users know. ${where} It imports nothing of the
monolith or of the tool that carved it: from here on it is its team's own.`;
}

function starting(spec: ServiceSpec, facts: ReadmeFacts): string {
  const assignments = facts.databaseVariable === undefined ? '' : `${facts.databaseVariable}=… `;
  const offline =
    facts.prisma !== undefined && facts.prisma >= 7
      ? ' # offline: PRISMA_SCHEMA_ENGINE_BINARY=/bin/true npm run generate'
      : '';
  const why = facts.run.because === undefined ? '' : `\nIt runs by tsx, because ${facts.run.because}.\n`;
  return `## Start

\`\`\`sh
npm install
${facts.prisma === undefined ? '' : `npm run generate${offline}\n`}${assignments}npm start
npm test${facts.conventions.language === 'ts' ? ' && npm run typecheck' : ''}
docker build -t ${spec.capability} .
\`\`\`
${why}
Installing generates nothing by itself, so that it also works where Prisma's downloads are not reachable. Beside other local processes, in \`strangler.yaml\`:

\`\`\`yaml
dev:
  processes:
    ${spec.capability}:
      command: [${facts.conventions.runner === 'tsx' ? 'node, --import, tsx' : 'node'}, service/main${facts.conventions.extension}]
      cwd: services/${spec.capability}
      ready: ${platformPaths(spec).ready}
      capability: ${spec.capability}
\`\`\``;
}

function environment(spec: ServiceSpec, facts: ReadmeFacts): string {
  const paths = platformPaths(spec);
  const rows: string[][] = [];
  if (facts.databaseVariable !== undefined) {
    const also =
      facts.databaseVariable === 'DATABASE_URL' ? '' : '; `DATABASE_URL` is taken where it is not set';
    rows.push([`\`${facts.databaseVariable}\``, `the database; required${also}`, '']);
  }
  for (const { name, meaning, default: value } of facts.environment) {
    rows.push([
      `\`${name}\``,
      value === undefined ? `${meaning}; required` : meaning,
      value === undefined || value === '' ? '' : code(value),
    ]);
  }
  rows.push(
    ['`HOST`, `PORT`', 'where to listen; `PORT=0` takes any free port and prints it', '`127.0.0.1`, `3101`'],
    [
      '`ADMIN_PORT`',
      'a port of its own for metrics, which are then not on the main one; health is on both',
      'none',
    ],
    [
      '`HEALTH_PATH`, `READY_PATH`, `METRICS_PATH`',
      'where the platform asks',
      `\`${paths.health}\`, \`${paths.ready}\`, \`${paths.metrics}\``,
    ],
    ['`SERVICE_VERSION`', 'attribute `version` of the instance', '`1.0.0`'],
    ['`INSTANCE_ID`', 'its name in Cloud Map', 'host name and port'],
    [
      '`ADVERTISED_IPV4`, `ADVERTISED_PORT`',
      'the address that others shall use',
      "`HOST`, or the machine's own when it listens on all; `PORT`",
    ],
    ['`CLOUD_MAP_ENDPOINT`', "a Cloud Map of one's own; needs no AWS account", 'AWS'],
    [
      '`CLOUD_MAP_NAMESPACE`, `CLOUD_MAP_SERVICE`',
      'where to register; created when missing',
      `\`${facts.namespace}\`, \`${spec.capability}\``,
    ],
    ['`AWS_REGION`', '', `\`${facts.region}\``],
    ['`REGISTRATION`', '`off`: does not register at all', 'on'],
    ['`HEARTBEAT_MS`', 'time between two reports of health', '`5000`'],
    ['`DRAIN_DELAY_MS`', 'how long it serves on after it has taken its leave', '`1000`'],
    ['`FINISH_LIMIT_MS`', 'how long requests in flight may take after that', '`10000`'],
  );
  const known = new Set(
    rows.flatMap((row) => [...(row[0] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1])),
  );
  for (const { name, place } of spec.environment) {
    if (!known.has(name))
      rows.push([
        `\`${name}\``,
        `read by the application (\`${place.file}:${place.line}\`)`,
        'as in the monolith',
      ]);
  }
  return `## Environment\n\n${table(['variable', 'meaning', 'default'], rows)}`;
}

function addresses(spec: ServiceSpec): string {
  const paths = platformPaths(spec);
  return `\`GET ${paths.health}\`: the process lives. \`GET ${paths.ready}\`: 200 when it can work and is not about to end, otherwise 503.
\`GET ${paths.metrics}\`: Prometheus. They are answered before the application: its hooks, authentication and limits never see them.`;
}

function life(): string {
  return `Life: listen → register → report health, that of the database, again and again; register anew when forgotten, and keep trying,
ever more slowly up to every half minute, while Cloud Map is away, serving meanwhile. SIGTERM: deregister → serve on for
\`DRAIN_DELAY_MS\`, closing connections after their answers → stop accepting → finish → disconnect → exit 0. A second signal ends at
once. Started over an IPC channel, it says \`{ type: 'listening', port }\` there and takes its leave when the channel closes. What the
code throws outside of a request ends the process, as it would end the monolith.`;
}

function routes(spec: ServiceSpec): string {
  const rows = spec.routes.map(({ method, path, file, line }) => [
    `\`${method} ${path}\``,
    `\`${file}:${line}\``,
  ]);
  return `## Routes\n\n${table(['route', 'handler'], rows)}`;
}

function data(spec: ServiceSpec, facts: ReadmeFacts): string {
  const { slice, schemaPath, migration } = facts.data;
  if (slice === undefined) return '';
  const tableOf = (name: string): string =>
    spec.allModels.find((model) => model.name === name)?.table ?? name;
  const rows = [
    ...spec.models.owned.map((name) => [name, `\`${tableOf(name)}\``, 'owns']),
    ...spec.models.shared.map(({ name, access }) => [
      name,
      `\`${tableOf(name)}\``,
      `${access.includes('write') ? 'reads and writes' : 'reads'}, the monolith's`,
    ]),
    ...slice.typesOnly.map((name) => [name, `\`${tableOf(name)}\``, 'only names its types']),
  ];
  const cut = slice.removed.filter(
    ({ model, scalars }) => scalars.length > 0 && spec.models.owned.includes(model),
  );
  const paragraphs = [
    `## Data\n\n${table(['model', 'table', 'this service'], rows)}`,
    `\`${schemaPath}\` is the monolith's schema without what is not used here.${cut.length === 0 ? '' : ' Relations to models that are not here became plain ids:'}`,
    cut.map(({ model, scalars, target }) => `- \`${model}.${scalars.join(', ')}\`: of ${target}`).join('\n'),
    slice.droppedGenerators.length === 0
      ? ''
      : `Generators that were left out: ${slice.droppedGenerators.join(', ')}.`,
    migrationText(spec, migration),
  ];
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}

function migrationText(spec: ServiceSpec, migration: Data['migration']): string {
  if (migration === undefined) return '';
  if (migration.missing !== undefined)
    return `There is no migration for a database of its own: ${migration.missing}.`;
  const when =
    spec.stage === 'shared-database'
      ? "It is for the day when the service gets a database of its own. **Never apply it while the database is the monolith's**: the tables are there, and the monolith's own migrations keep them."
      : 'Apply it once to the empty database of this service (`npx prisma migrate deploy`), never to that of the monolith.';
  const rest =
    migration.left.length === 0
      ? ''
      : `\n\nNot in it, although it belongs to these tables in the monolith's database:\n\n${migration.left.map((line) => `- ${line}`).join('\n')}`;
  return `\`${migration.folder}/0_init\` creates the tables that this service owns. ${when}${rest}`;
}

function ports(spec: ServiceSpec): string {
  const rows = [
    ...spec.ports
      .filter((port) => port.direction === 'service-to-monolith')
      .map((port) => [`\`${port.address}\``, port.why]),
    ...spec.identity.map((one) => [
      `\`${one.file}\` \`${one.name}\``,
      `who is calling: sets ${one.properties.map((name) => `\`${name}\``).join(', ')}`,
    ]),
  ];
  if (rows.length === 0) return '';
  return `## What it asks the monolith\n\n${table(['function that stayed there', 'why'], rows)}`;
}

function decisions(spec: ServiceSpec): string {
  if (spec.plan.resolved.length === 0) return '';
  const rows = spec.plan.resolved.map((one) => [
    `\`${one.file}:${one.line}\``,
    one.reason,
    one.chosen,
    one.because,
  ]);
  return `## What was decided\n\n${table(['place', 'question', 'decision', 'because'], rows)}`;
}

function left(spec: ServiceSpec, facts: ReadmeFacts): string {
  const copies = [...new Set(spec.plan.copied.map((one) => one.file))].sort();
  const points = [
    'Settings that the monolith makes on its server where it starts to listen (time limits, TLS, WebSockets attached to the server) are not taken: repeat them in `service/server` where they matter.',
    spec.client === undefined && facts.data.slice !== undefined
      ? 'Readiness does not look at the database, because the client stands inside the application: fill in `service/database`.'
      : '',
    spec.models.shared.length > 0
      ? `Tables of the monolith are in use (${spec.models.shared.map((model) => model.name).join(', ')}): the service can only get a database of its own when these queries became calls.`
      : '',
    facts.unknownPackages.length > 0
      ? `No package.json of the monolith asks for ${facts.unknownPackages.map(code).join(', ')}: see that another package brings it, or choose a version.`
      : '',
    facts.missingTsconfigs.length > 0
      ? `The monolith's tsconfig extends ${facts.missingTsconfigs.map(code).join(', ')}, not installed at the carve: \`strict\` was assumed.`
      : '',
    copies.length > 0
      ? `Copies of code that the monolith goes on using come from ${copies.map(code).join(', ')}: a change there does not reach them by itself.`
      : '',
  ];
  return `## Left for the team\n\n${points
    .filter((point) => point !== '')
    .map((point) => `- ${point}`)
    .join('\n')}`;
}

function places(spec: ServiceSpec, facts: ReadmeFacts): string {
  const { extension } = facts.conventions;
  return `## Where things are

- \`service/\` what makes a service of it: \`main${extension}\` its start, \`lifecycle${extension}\` its end, \`config${extension}\` the environment, \`platform${extension}\`
  health and metrics, \`registration/\` Cloud Map, \`about${extension}\` what sets it apart from other services
- everything else stands where it stood in the monolith; the application is made in \`${spec.app.file}\`

Start reading at \`${spec.app.file}\`, then \`service/main${extension}\`.`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
