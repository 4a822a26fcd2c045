/** Text of the file that is added to the monolith: its functions by address, and how they are answered. */
import { posix } from 'node:path';
import type { ServiceSpec } from '../../service/spec.ts';
import { portsDigest, portsFolder } from '../digest.ts';
import { runtimeText } from '../runtime-texts.ts';
import { joined, moduleText } from '../script.ts';
import { isTypeScript } from '../stub.ts';
import { importRequest, type MonolithStyle } from './style.ts';

/** A function of the monolith and the way to it. */
export interface Reached {
  address: string;
  /** From the base of the layout. */
  file: string;
  path: readonly string[];
}

export function portsFile(
  spec: ServiceSpec,
  style: MonolithStyle,
  file: string,
  reached: readonly Reached[],
): string {
  const folder = posix.dirname(file);
  const entries = reached.map((item) => entryOf(style, folder, item));
  const table = `/** Functions that the service ${spec.capability} calls. Each file is loaded when it is first called. */
const host: Host = {
  prefix: \`\${process.env.MONOLITH_PORTS_PATH || '/__ports'}/${portsFolder(spec)}\`,
  digest: ${quoted(portsDigest(spec))},
  table: {${entries.length > 0 ? '\n' : ''}${entries.join('')}${entries.length > 0 ? '  ' : ''}},
  identify: undefined,
};
`;
  const mount = runtimeText(spec.framework === 'express' ? 'mount-express' : 'mount-fastify');
  const body = joined([
    table,
    mount,
    runtimeText('host'),
    runtimeText('makers'),
    runtimeText('codec'),
  ]).replaceAll('mountPorts', mountName(spec));
  const exported = body.replace(`function ${mountName(spec)}`, `export function ${mountName(spec)}`);
  const text = moduleText(exported, { language: style.language, modules: style.modules, extension: '' });
  return `${head(spec)}${text}`;
}

function head(spec: ServiceSpec): string {
  return `// Generated for the service ${spec.capability}: what it calls in this application. Made anew with every carve; taken out by
// reversing the patch that added it. Without MONOLITH_PORTS_TOKEN in the environment nothing here is ever reached.
`;
}

function entryOf(style: MonolithStyle, folder: string, item: Reached): string {
  const request = quoted(importRequest(style, folder, item.file));
  const [last] = item.path.slice(-1);
  const found = (module: string): string =>
    last === undefined
      ? `whole(${module})`
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
