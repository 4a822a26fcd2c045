/**
 * Folders loaded by @fastify/autoload, by its documented conventions: the folder's name becomes the prefix unless
 * `dirNameRoutePrefix` is false; where there is an index file only it is loaded; `autoPrefix` and `prefixOverride` of a
 * module; `_id` stands for `:id` with `routeParams`; `ignorePattern` and `ignoreFilter` leave files out.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Site } from '../../interpret/host.ts';
import { exportValue } from '../../interpret/imports.ts';
import type { Machine } from '../../interpret/machine.ts';
import type { ModuleState } from '../../interpret/modules.ts';
import { strings, truth, UNKNOWN, type Value } from '../../interpret/values.ts';
import { joinPath, type PathText, pathsOf } from '../routes.ts';
import { type FastifyInstance, fastifyInstance, property } from './instance.ts';
import { registerPlugin } from './plugin.ts';

const SCRIPT = /\.(?:ts|js|cjs|mjs|mts|cts)$/i;
const INDEX = /^index(?:\.ts|\.js|\.cjs|\.mjs|\.mts|\.cts)$/i;
const HOOKS = /^[_.]?auto_?hooks(?:\.ts|\.js|\.cjs|\.mjs|\.mts|\.cts)$/i;

interface Options {
  dirNames: boolean;
  routeParams: boolean;
  autoHooks: boolean;
  ignore: RegExp | undefined;
  maxDepth: number;
  inner: Value | undefined;
  base: PathText[];
}

export function autoload(vm: Machine, on: FastifyInstance, options: Value | undefined, site: Site): void {
  const place = { module: site.frame.module, node: site.node };
  const dirs = options === undefined ? [] : strings(property(options, 'dir') ?? UNKNOWN).values;
  if (dirs.length === 0 || options === undefined) {
    vm.unsettled(
      'autoload',
      place,
      `the folder to load plugins from is known only at run time: ${vm.text(place.module, place.node)}`,
    );
    return;
  }
  const inner = property(options, 'options');
  const prefix = inner === undefined ? undefined : property(inner, 'prefix');
  const depth = property(options, 'maxDepth');
  const settings: Options = {
    dirNames: truth(property(options, 'dirNameRoutePrefix') ?? UNKNOWN) !== false,
    routeParams: truth(property(options, 'routeParams') ?? UNKNOWN) === true,
    autoHooks: truth(property(options, 'autoHooks') ?? UNKNOWN) === true,
    ignore: ignorePattern(vm.text(place.module, place.node, 2000)),
    maxDepth: depth?.kind === 'literal' && typeof depth.value === 'number' ? depth.value : 24,
    inner,
    base: prefix === undefined ? [{ text: '', certain: true }] : pathsOf(vm, prefix, place),
  };
  for (const dir of dirs) {
    if (!existsSync(dir))
      vm.unsettled(
        'autoload',
        place,
        `there is no folder ${dir.slice(dir.lastIndexOf('/') + 1)} to load plugins from`,
      );
    else load(vm, on, dir, '', 0, settings, site);
  }
}

function load(
  vm: Machine,
  on: FastifyInstance,
  dir: string,
  path: string,
  depth: number,
  options: Options,
  site: Site,
): void {
  const entries = readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const hooks = entries.find((entry) => entry.isFile() && options.autoHooks && HOOKS.test(entry.name));
  let scope = on;
  if (hooks !== undefined) {
    scope = fastifyInstance(vm, on, [], site, `hooks ${dir}`);
    plugin(vm, scope, join(dir, hooks.name), '', options, site, true);
  }
  const index = entries.find((entry) => entry.isFile() && INDEX.test(entry.name));
  for (const entry of entries) {
    const file = join(dir, entry.name);
    if (options.ignore?.test(entry.name) === true || entry === hooks) continue;
    if (entry.isDirectory()) {
      if (depth >= options.maxDepth || entry.name === 'node_modules') continue;
      const name = options.routeParams
        ? entry.name.replace(/^__(\w+)$/, ':$1?').replace(/^_(\w+)$/, ':$1')
        : entry.name;
      load(vm, scope, file, options.dirNames ? `${path}/${name}` : path, depth + 1, options, site);
    } else if (
      entry.isFile() &&
      SCRIPT.test(entry.name) &&
      !entry.name.endsWith('.d.ts') &&
      !/\.(?:test|spec)\./.test(entry.name)
    ) {
      if (index === undefined || entry === index) plugin(vm, scope, file, path, options, site, false);
    }
  }
}

function plugin(
  vm: Machine,
  on: FastifyInstance,
  file: string,
  path: string,
  options: Options,
  site: Site,
  plain: boolean,
): void {
  const module: ModuleState | undefined = vm.modules.get(file);
  if (module === undefined) return;
  const value = exportValue(vm, module, 'default', site) ?? UNKNOWN;
  if (truth(exportValue(vm, module, 'autoload', site) ?? UNKNOWN) === false) return;
  const own = (name: string): PathText[] => {
    const held = exportValue(vm, module, name, site);
    const texts = held === undefined ? [] : strings(held).values;
    return texts.map((text) => ({ text, certain: true }));
  };
  const override = own('prefixOverride');
  const auto = own('autoPrefix');
  const tail: PathText = { text: path, certain: true };
  const place = override.length > 0 ? override : [auto[0] === undefined ? tail : joinPath(tail, auto[0])];
  const prefixes = plain ? [] : options.base.flatMap((base) => place.map((item) => joinPath(base, item)));
  registerPlugin(
    vm,
    on,
    value,
    options.inner,
    site,
    prefixes.filter((prefix) => prefix.text !== '/'),
  );
}

/** `ignorePattern: /^_/` as it is written in the registration. */
function ignorePattern(text: string): RegExp | undefined {
  const source = /ignorePattern:\s*\/((?:\\.|[^/\\])+)\//.exec(text)?.[1];
  if (source === undefined || source.length > 120) return undefined;
  try {
    return new RegExp(source);
  } catch {
    // Not a pattern of this engine: nothing is left out.
    return undefined;
  }
}
