/** The plan of the capability for the edge: `migration-plans/<capability>.yaml`. */
import { parseRouteText } from '../../../../migration-plans/plan/route-text.ts';
import type { OutputFile, ServiceSpec } from '../spec.ts';
import { stickyKeys } from './sticky.ts';

interface Group {
  path: string;
  methods: string[];
}

/** Order in which methods are written. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Text of the plan; `taken`: the code of the service, which shows by what users are recognised. */
export function planYaml(spec: ServiceSpec, taken: readonly OutputFile[] = []): string {
  const { groups, impossible } = groupRoutes(spec.routes);
  const sections = new Map<string, Group[]>();
  for (const group of groups) {
    const section = group.path.split('/')[1] ?? '';
    sections.set(section, [...(sections.get(section) ?? []), group]);
  }
  const tables = spec.models.owned.map(plain).join(', ');
  const lines = [
    'apiVersion: strangler/v1',
    `capability: ${spec.capability}`,
    `description: ${JSON.stringify(`${spec.capability}, carved out of the monolith.`)}`,
    '',
    'routes:',
    ...[...sections].flatMap(([section, list]) => [
      ...(sections.size > 1 ? [`  # /${section}`] : []),
      ...list.map(({ path, methods }) => `  - ${plain(`${methods.join(',')} ${path}`)}`),
    ]),
    ...impossible.map(
      (route) => `  # Not expressible here, so the monolith keeps it: ${route.replace(/\s+/g, ' ')}`,
    ),
    '',
    'service:',
    `  name: ${spec.capability}`,
    '',
    'data:',
    ...(spec.stage === 'shared-database'
      ? ["  # The service reads and writes the monolith's database: where most migrations start."]
      : ['  # The service has a database of its own.']),
    `  stage: ${spec.stage}`,
    `  tables: [${tables}]`,
    '',
    ...sticky(taken),
    'readAfterWrite: 5s',
    '',
    'rollout:',
    '  steps: [5%, 25%, 50%]',
  ];
  return `${lines.join('\n')}\n`;
}

function sticky(taken: readonly OutputFile[]): string[] {
  const keys = stickyKeys(taken);
  return [
    keys.length > 0
      ? '# A user is moved as a whole, by what the code recognises them by; others by address.'
      : '# The code shows nothing by which it recognises a user: look whether there is a cookie or header.',
    'stickyBy:',
    ...keys.map((key) =>
      'cookie' in key ? `  - cookie: ${plain(key.cookie)}` : `  - header: ${plain(key.header)}`,
    ),
    '  - client-address',
  ];
}

/** Methods of one path together, whatever its parameters are called; paths in the order in which they were registered. */
function groupRoutes(routes: ServiceSpec['routes']): { groups: Group[]; impossible: string[] } {
  const groups = new Map<string, Group>();
  const impossible: string[] = [];
  for (const route of routes) {
    const method = route.method === 'ALL' ? '*' : route.method.toUpperCase();
    for (const path of variants(route.path)) {
      if ('problem' in parseRouteText(`${method} ${path}`)) {
        impossible.push(`${route.method} ${route.path}`);
        continue;
      }
      const shape = path.replace(/:\w+/g, ':');
      const group = groups.get(shape) ?? { path, methods: [] };
      if (!group.methods.includes(method)) group.methods.push(method);
      groups.set(shape, group);
    }
  }
  for (const group of groups.values()) {
    if (group.methods.includes('*')) group.methods = ['*'];
    group.methods.sort((a, b) => METHODS.indexOf(a) - METHODS.indexOf(b));
  }
  return { groups: [...groups.values()], impossible: [...new Set(impossible)] };
}

/** `/a/:b?` stands for two templates, and a tail of any name for `*`. */
function variants(path: string): string[] {
  const named = path
    .replace(/\/\*\w+$/, '/*')
    .replace(/\/:\w+\*$/, '/*')
    .replace(/(:\w+)\([^)]*\)(?=\/|\?|$)/g, '$1');
  const optional = /^(.*)\/(:\w+)\?$/.exec(named);
  return optional ? [optional[1] || '/', `${optional[1]}/${optional[2]}`] : [named];
}

/** A text of YAML, quoted only where it has to be. */
function plain(text: string): string {
  return /^[\w/*][\w ,/:.*~-]*$/.test(text) && !/: |^\*/.test(text) ? text : JSON.stringify(text);
}
