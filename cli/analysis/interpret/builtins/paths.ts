/** `node:path`, `node:url` and the part of `node:fs` that lists folders: route files are often loaded from them. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { host, native } from '../host.ts';
import type { Machine } from '../machine.ts';
import { array, object } from '../patterns.ts';
import { cell, literal, members, strings, UNKNOWN, type Value } from '../values.ts';

const MAX_ENTRIES = 2000;

export function installPaths(vm: Machine, root: string): void {
  const pathModule = host({
    type: 'node.path',
    get: (_vm, key) => (key === 'default' || key === 'posix' ? pathModule : pathMember(key)),
  });
  vm.externals.set('path', () => pathModule);
  const urlModule = host({
    type: 'node.url',
    get: (_vm, key) =>
      key === 'default'
        ? urlModule
        : key === 'fileURLToPath' || key === 'pathToFileURL'
          ? URL_MEMBERS[key]
          : undefined,
  });
  vm.externals.set('url', () => urlModule);
  const filesystem = new Map<string, Value>();
  const fsModule = host({
    type: 'node.fs',
    get: (_vm, key) => {
      if (key === 'default' || key === 'promises') return fsModule;
      const known = filesystem.get(key) ?? fsMember(key, root);
      if (known !== undefined) filesystem.set(key, known);
      return known;
    },
  });
  vm.externals.set('fs', () => fsModule);
  vm.externals.set('fs/promises', () => fsModule);
}

const pathMembers = new Map<string, Value>();

function pathMember(key: string): Value | undefined {
  if (
    !['join', 'resolve', 'dirname', 'basename', 'extname', 'normalize', 'relative', 'parse'].includes(key)
  ) {
    return key === 'sep' ? literal('/') : undefined;
  }
  let value = pathMembers.get(key);
  if (value === undefined) {
    value = native(`path.${key}`, (_vm, { args }) => {
      const parts: string[] = [];
      for (const arg of args) {
        const known = strings(arg);
        if (known.values.length !== 1 || !known.certain) return UNKNOWN;
        parts.push(known.values[0] ?? '');
      }
      if (key === 'parse') {
        const made = object(false);
        for (const [name, part] of Object.entries(path.parse(parts[0] ?? '')))
          made.props.set(name, cell(literal(String(part))));
        return made;
      }
      if (key === 'resolve' && !path.isAbsolute(parts[0] ?? '')) return UNKNOWN;
      return literal((path as unknown as Record<string, (...rest: string[]) => string>)[key]?.(...parts));
    });
    pathMembers.set(key, value);
  }
  return value;
}

const URL_MEMBERS: Record<string, Value> = {
  fileURLToPath: native('url.fileURLToPath', (_vm, { args }) => {
    const known = pathText(args[0]);
    return known === undefined ? UNKNOWN : literal(known.startsWith('file:') ? fileURLToPath(known) : known);
  }),
  pathToFileURL: native('url.pathToFileURL', (_vm, { args }) => args[0] ?? UNKNOWN),
};

function fsMember(key: string, root: string): Value | undefined {
  switch (key) {
    case 'readdirSync':
    case 'readdir':
      return native('fs.readdir', (_vm, { args, site }) => {
        const dir = pathText(args[0]);
        if (dir === undefined || !inside(dir, root) || !existsSync(dir) || !statSync(dir).isDirectory())
          return UNKNOWN;
        const names = readdirSync(dir)
          .sort()
          .slice(0, MAX_ENTRIES)
          .map((name) => literal(name));
        return site.frame.env.site(site.node, () => array(names, false), dir);
      });
    case 'existsSync':
      return native('fs.existsSync', (_vm, { args }) => {
        const file = pathText(args[0]);
        return file === undefined || !inside(file, root) ? UNKNOWN : literal(existsSync(file));
      });
    case 'statSync':
    case 'lstatSync':
      return native('fs.stat', (_vm, { args }) => {
        const file = pathText(args[0]);
        if (file === undefined || !inside(file, root) || !existsSync(file)) return UNKNOWN;
        const stat = statSync(file);
        const made = object(true);
        made.props.set('isDirectory', cell(native('stat.isDirectory', () => literal(stat.isDirectory()))));
        made.props.set('isFile', cell(native('stat.isFile', () => literal(stat.isFile()))));
        return made;
      });
    default:
      return undefined;
  }
}

/** A path given as text or as a URL object. */
function pathText(value: Value | undefined): string | undefined {
  for (const item of value === undefined ? [] : members(value)) {
    if (item.kind === 'literal' && typeof item.value === 'string') return item.value;
    const held = item.kind === 'object' ? item.props.get('pathname')?.value : undefined;
    if (held?.kind === 'literal' && typeof held.value === 'string') return held.value;
  }
  return undefined;
}

function inside(file: string, root: string): boolean {
  return file === root || (path.isAbsolute(file) && path.normalize(file).startsWith(root + path.sep));
}

/** `new URL('./routes', import.meta.url)` as a path. */
export const URL_CLASS = host({
  type: 'node.URL',
  construct: (_vm, { args }) => {
    const [first, base] = args.map((arg) => strings(arg).values[0]);
    if (first === undefined) return UNKNOWN;
    if (base === undefined || !base.startsWith('file://')) return UNKNOWN;
    const file = literal(fileURLToPath(new URL(first, base)));
    const made = object(true);
    for (const key of ['pathname', 'href']) made.props.set(key, cell(file));
    return made;
  },
});
