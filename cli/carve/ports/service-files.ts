/** Files of the service that call the monolith: `service/ports/`. Nothing is written where there is nothing to call. */
import type { OutputFile, PortSpec, ServiceSpec } from '../service/spec.ts';
import { identityName, onlyReads, outwardPorts, portsDigest, portsFolder } from './digest.ts';
import { runtimeText } from './runtime-texts.ts';
import { type Dialect, moduleText } from './script.ts';
import { extensionOf, isTypeScript, requestTo } from './stub.ts';

const folder = 'service/ports';

export function portFiles(spec: ServiceSpec): OutputFile[] {
  const ports = outwardPorts(spec);
  if (ports.length === 0 && spec.identity.length === 0) return [];
  const dialect: Dialect = {
    language: spec.language,
    modules: spec.modules,
    extension: extensionOf(spec),
  };
  const file = (name: string, source: string): OutputFile => ({
    path: `${folder}/${name}.${spec.language}`,
    text: moduleText(source, dialect),
  });
  const files = ['client', 'codec', 'context', 'makers', 'transport'].map((name) =>
    file(name, runtimeText(name)),
  );
  if (spec.identity.length > 0)
    files.push(file('who', runtimeText('who')), file('identity', runtimeText(`identity-${spec.framework}`)));
  files.push(file('ports', listOfPorts(spec, ports)), file('errors', errorClasses(spec)));
  const inLoops = ports.filter((port) => port.batch);
  if (inLoops.length > 0) files.push(file('many', manyCalls(spec, inLoops)));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function listOfPorts(spec: ServiceSpec, ports: readonly PortSpec[]): string {
  const entries = ports.map((port) => `  ${quoted(port.address)}: { reads: ${onlyReads(port)} },\n`);
  return `/** Functions that stayed in the monolith, by address. */

export interface PortFacts {
  /** Whether it only reads, so that a call that was lost may be made once more. */
  reads: boolean;
  /** Longest time of one call in ms; without it PORT_TIMEOUT_MS, or 5000. */
  timeout?: number;
}

/** The monolith answers only a service that has the same list. */
export const portsDigest = ${quoted(portsDigest(spec))};

/** Where the monolith has them: below MONOLITH_PORTS_PATH, or /__ports. */
export const portsFolder = ${quoted(portsFolder(spec))};

export const ports: { [address: string]: PortFacts } = {${entries.length > 0 ? '\n' : ''}${entries.join('')}};
${spec.identity.length > 0 ? listOfIdentities(spec) : ''}`;
}

function listOfIdentities(spec: ServiceSpec): string {
  const entries = spec.identity.map(
    (item) =>
      `  ${quoted(identityName(item))}: { properties: ${listed(item.properties)}, headers: ${listed(item.headers ?? [])} },\n`,
  );
  return `
export interface IdentityFacts {
  /** What it sets on the request. */
  properties: string[];
  /** Headers that it reads besides those that are always asked with. */
  headers: string[];
}

/** Middleware and hooks that ask the monolith who is calling. */
export const identities: { [name: string]: IdentityFacts } = {
${entries.join('')}};
`;
}

function listed(names: readonly string[]): string {
  return `[${names.map(quoted).join(', ')}]`;
}

function errorClasses(spec: ServiceSpec): string {
  const classes = spec.errorClasses ?? [];
  const imports = classes.map(({ name, file, exported }) => {
    const request = requestTo(spec, `${folder}/errors`, file.replace(/\.[cm]?[jt]sx?$/, ''));
    return `import { ${exported === name ? name : `${exported} as ${name}`} } from '${request}';\n`;
  });
  return `/** Classes of errors that the monolith throws: what it throws is of these here too. */
${imports.join('')}
type ErrorClass = new (...args: never[]) => Error;

export const errors: { [name: string]: ErrorClass } = {${classes.length > 0 ? ' ' : ''}${classes
    .map((item) => item.name)
    .join(', ')}${classes.length > 0 ? ' ' : ''}};
`;
}

/** For ports that are called in a loop: one call for many rows. */
function manyCalls(spec: ServiceSpec, ports: readonly PortSpec[]): string {
  const taken = new Set<string>();
  const functions = ports.map((port) => {
    const last = (port.name.split('.').at(-1) ?? '').replace(/\W/g, '');
    let name = `${/^[A-Za-z_$]/.test(last) ? last : `port${last}`}Many`;
    for (let count = 2; taken.has(name); count += 1) name = `${name.replace(/\d+$/, '')}${count}`;
    taken.add(name);
    const typed =
      isTypeScript(port.file) && port.form !== 'method' && /^[A-Za-z_$][\w$]*$/.test(port.exported);
    const request = requestTo(spec, `${folder}/many`, port.file.replace(/\.[cm]?[jt]sx?$/, ''));
    const original = `typeof import('${request}').${port.exported}`;
    const calls = typed ? `Parameters<${original}>[]` : 'unknown[][]';
    const results = typed ? `Awaited<ReturnType<${original}>>[]` : 'unknown[]';
    return `/** \`${port.name}\` of ${port.file} for many lists of arguments, in one call. */
export async function ${name}(calls: ${calls}): Promise<${results}> {
  return (await callPortMany(${quoted(port.address)}, calls)) as ${results};
}
`;
  });
  return `/** Functions that the taken code calls in a loop, each for many at once. */
import { callPortMany } from './client.ts';

${functions.join('\n')}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
