/** Text of the file that is added to the monolith: its functions by address, and how they are answered. */
import { posix } from 'node:path';
import type { ServiceSpec } from '../../service/spec.ts';
import { portsDigest, portsFolder } from '../digest.ts';
import { runtimeText } from '../runtime-texts.ts';
import { joined, moduleText, withoutUnused } from '../script.ts';
import { isTypeScript } from '../stub.ts';
import { importRequest, type MonolithStyle } from './style.ts';

/** A function of the monolith and the way to it. */
export interface Reached {
  address: string;
  /** From the base of the layout. */
  file: string;
  path: readonly string[];
}

/** A function that finds out who is calling; without a path it is remembered when the application is made. */
export interface ReachedIdentity {
  name: string;
  file: string;
  path: readonly string[] | undefined;
  properties: readonly string[];
}

export function portsFile(
  spec: ServiceSpec,
  style: MonolithStyle,
  file: string,
  reached: readonly Reached[],
  identities: readonly ReachedIdentity[],
): string {
  const folder = posix.dirname(file);
  const entries = reached.map((item) => entryOf(style, folder, item));
  const table = `const { MONOLITH_PORTS_PATH: portsPath } = process.env;

/** Functions that the service ${spec.capability} calls. Each file is loaded when it is first called. */
const host: Host = {
  prefix: \`\${portsPath || '/__ports'}/${portsFolder(spec)}\`,
  digest: ${quoted(portsDigest(spec))},
  table: {${entries.length > 0 ? '\n' : ''}${entries.join('')}${entries.length > 0 ? '  ' : ''}},
  identify: undefined,
};
`;
  const asks = identities.length > 0;
  const mount = runtimeText(`mount-${spec.framework}`);
  const identityParts = asks
    ? [runtimeText('host-identity'), runtimeText(`host-identity-${spec.framework}`)]
    : [];
  const inline = identities.some((item) => item.path === undefined);
  const body = joined([
    asks ? `${table}\n${identityTable(style, folder, identities)}` : table,
    asks ? mount : mount.replace(/.*host\.identify = .*\n/, ''),
    runtimeText('host'),
    ...identityParts,
    runtimeText('makers'),
    runtimeText('codec'),
  ]).replaceAll('mountPorts', mountName(spec));
  const exported = body
    .replace(`function ${mountName(spec)}`, `export function ${mountName(spec)}`)
    .replace('function identityOf', inline ? 'export function identityOf' : 'function identityOf');
  const text = moduleText(withoutUnused(exported), { language: style.language, modules: style.modules });
  return `${head(spec)}${text}`;
}

function head(spec: ServiceSpec): string {
  return `// Generated for the service ${spec.capability}: what it calls in this application. Made anew with every carve; taken out by
// reversing the patch that added it. Without MONOLITH_PORTS_TOKEN in the environment nothing here is ever reached.
`;
}

function identityTable(style: MonolithStyle, folder: string, identities: readonly ReachedIdentity[]): string {
  const entries = identities.map(({ name, file, path, properties }) => {
    const names = properties.map(quoted).join(', ');
    if (path === undefined)
      return `  ${quoted(name)}: { load: () => remembered(${quoted(name)}), properties: [${names}] },\n`;
    const request = quoted(importRequest(style, folder, file));
    const last = path.at(-1);
    const found = (module: string): string =>
      last === undefined
        ? `({ owner: undefined, run: ${module} })`
        : `member(${[module, ...path.slice(0, -1)].join('.')}, ${quoted(last)})`;
    const load =
      style.modules === 'cjs'
        ? `async () => ${found(`require(${request})`)}`
        : `() => import(${request}).then((it) => ${found('it')})`;
    const untyped = style.language === 'ts' && !isTypeScript(file) ? '    // @ts-ignore\n' : '';
    return `  ${quoted(name)}: {\n${untyped}    load: ${load},\n    properties: [${names}],\n  },\n`;
  });
  return `/** Functions that find out who is calling. */
const identities: IdentityTable = {
${entries.join('')}};
`;
}

function entryOf(style: MonolithStyle, folder: string, item: Reached): string {
  const request = quoted(importRequest(style, folder, item.file));
  const [last] = item.path.slice(-1);
  const found = (module: string): string =>
    last === undefined
      ? `exportedItself(${module})`
      : `method(${[module, ...item.path.slice(0, -1)].join('.')}, ${quoted(last)})`;
  if (style.modules === 'cjs')
    return `    ${quoted(item.address)}: async () => ${found(`require(${request})`)},\n`;
  // A JavaScript file has no types for the compiler to find.
  const untyped = style.language === 'ts' && !isTypeScript(item.file) ? '    // @ts-ignore\n' : '';
  return `${untyped}    ${quoted(item.address)}: () => import(${request}).then((it) => ${found('it')}),\n`;
}

/** Name of the function that adds the ports to the application. */
export function mountName(spec: ServiceSpec): string {
  const words = spec.capability.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return `mount${words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')}Ports`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
