/** Nest applications: global prefix, versioning, routes of controllers, and entries that are no routes. */
import { methodOf } from '../../interpret/access.ts';
import { sharedEmitter } from '../../interpret/builtins/emitter.ts';
import { host, native } from '../../interpret/host.ts';
import type { Machine } from '../../interpret/machine.ts';
import { instanceOf } from '../../interpret/types.ts';
import {
  type ClassValue,
  type Func,
  type Host,
  members,
  strings,
  UNKNOWN,
  type Value,
} from '../../interpret/values.ts';
import type { Callable, Node } from '../../syntax/ast.ts';
import { property } from '../fastify/instance.ts';
import { PassportBase } from '../passport.ts';
import { flatten, joinPath, type PathText, pathsOf, type RouteRecord } from '../routes.ts';
import {
  allDecorators,
  argumentAt,
  argumentsOf,
  type DecoratorUse,
  decoratorsOf,
  decoratorValue,
} from './decorators.ts';
import { nestInjector, nestModules } from './modules.ts';

interface AppSettings {
  prefix: PathText[];
  exclude: string[];
  versionPrefix: string | undefined;
  defaultVersion: string | undefined;
  guards: Value[];
}

const VERBS = new Map([
  ['Get', 'GET'],
  ['Post', 'POST'],
  ['Put', 'PUT'],
  ['Patch', 'PATCH'],
  ['Delete', 'DELETE'],
  ['Head', 'HEAD'],
  ['Options', 'OPTIONS'],
  ['All', 'ALL'],
  ['Sse', 'GET'],
  ['Search', 'SEARCH'],
]);
const ENTRIES = new Map([
  ['Cron', 'job'],
  ['Interval', 'job'],
  ['Timeout', 'job'],
  ['Process', 'queue'],
  ['OnEvent', 'event'],
  ['MessagePattern', 'message'],
  ['EventPattern', 'message'],
  ['SubscribeMessage', 'socket'],
  ['GrpcMethod', 'message'],
  ['Query', 'graphql'],
  ['Mutation', 'graphql'],
  ['ResolveField', 'graphql'],
  ['Subscription', 'graphql'],
  ['OnWorkerEvent', 'queue'],
  ['OnQueueActive', 'queue'],
  ['OnQueueCompleted', 'queue'],
  ['OnQueueFailed', 'queue'],
  ['RabbitSubscribe', 'queue'],
  ['SqsMessageHandler', 'queue'],
  ['Command', 'command'],
]);
const LIFECYCLE = ['onModuleInit', 'onApplicationBootstrap'];
const CONTROLLERS = new Set(['Controller', 'JsonController', 'RestController']);

export function installNest(vm: Machine): void {
  const settings: AppSettings = {
    prefix: [{ text: '', certain: true }],
    exclude: [],
    versionPrefix: undefined,
    defaultVersion: undefined,
    guards: [],
  };
  vm.extras.set('nest.settings', settings);
  vm.extras.set('injector', nestInjector(vm));
  const app: Host = host({
    type: 'nest.app',
    get: (_vm, key) => {
      switch (key) {
        case 'setGlobalPrefix':
          return native('nest.setGlobalPrefix', (machine, { args, site }) => {
            const place = { module: site.frame.module, node: site.node };
            settings.prefix = pathsOf(machine, args[0] ?? UNKNOWN, place);
            const exclude = args[1] === undefined ? undefined : property(args[1], 'exclude');
            for (const item of exclude === undefined ? [] : flatten([exclude])) {
              settings.exclude.push(...strings(property(item, 'path') ?? item).values);
            }
            return UNKNOWN;
          });
        case 'enableVersioning':
          return native('nest.enableVersioning', (machine, { args, site }) => {
            const options = args[0];
            const type = machine.text(site.frame.module, site.node, 600);
            if (
              options !== undefined &&
              (!/VersioningType\.|type:/.test(type) || /VersioningType\.URI/.test(type))
            ) {
              const prefix = property(options, 'prefix');
              settings.versionPrefix = prefix === undefined ? 'v' : (strings(prefix).values[0] ?? '');
              settings.defaultVersion = strings(property(options, 'defaultVersion') ?? UNKNOWN).values[0];
            }
            return UNKNOWN;
          });
        case 'useGlobalGuards':
        case 'useGlobalInterceptors':
          return native(`nest.${key}`, (_machine, { args }) => {
            settings.guards.push(...args);
            return UNKNOWN;
          });
        case 'get':
        case 'resolve':
          return native('nest.get', (machine, { args }) => {
            const cls = members(args[0] ?? UNKNOWN).find((item) => item.kind === 'class');
            return cls?.kind === 'class' ? instanceOf(machine, cls) : UNKNOWN;
          });
        default:
          return undefined;
      }
    },
  });
  const create = native('NestFactory.create', () => app);
  const factory = host({
    type: 'nest.factory',
    get: (_vm, key) => (key.startsWith('create') ? create : undefined),
  });
  vm.externals.set('@nestjs/core', () =>
    host({ type: 'nest.core', get: (_vm, key) => (key === 'NestFactory' ? factory : undefined) }),
  );
  const forwardRef = native('forwardRef', (_vm, { args }) => args[0] ?? UNKNOWN);
  const mixin = native('mixin', (_vm, { args }) => args[0] ?? UNKNOWN);
  const versions = host({ type: 'nest.version', get: () => UNKNOWN });
  vm.externals.set('@nestjs/common', () =>
    host({
      type: 'nest.common',
      get: (_vm, key) =>
        key === 'forwardRef'
          ? forwardRef
          : key === 'VersioningType'
            ? versions
            : key === 'mixin'
              ? mixin
              : decoratorValue(key),
    }),
  );
}

/** Whether anything in the project is a Nest-style controller. */
export function nestRoutes(vm: Machine): RouteRecord[] {
  const controllers = vm.classes.flatMap((cls) => {
    const use = allDecorators(vm, cls, cls.node).find((item) => CONTROLLERS.has(item.name));
    return use === undefined ? [] : [{ cls, use }];
  });
  if (controllers.length === 0) return [];
  const settings = vm.extras.get('nest.settings') as AppSettings;
  const modules = nestModules(vm);
  const routes: RouteRecord[] = [];
  const global = [...settings.guards, ...modules.global];
  for (const { cls, use } of controllers) {
    const nest = use.name === 'Controller' && /nestjs/.test(use.from);
    if (nest && modules.controllers.size > 0 && !modules.controllers.has(cls)) {
      const anywhere = [...modules.controllers.keys()].some((other) => other.node === cls.node);
      if (!anywhere)
        vm.unsettled(
          'unmounted-router',
          { module: cls.module, node: cls.node },
          `no module that can be seen lists the controller ${cls.name}`,
        );
      continue;
    }
    const around = [...global, ...decoratorValues(vm, cls, cls.node)];
    const inherited = [...middlewareOf(vm, around), ...strategiesOf(vm, around)];
    const bases = modules.controllers.get(cls) ?? [];
    routes.push(
      ...controllerRoutes(
        vm,
        cls,
        use,
        bases.length === 0 ? [{ text: '', certain: true }] : bases,
        settings,
        inherited,
      ),
    );
  }
  return routes;
}

function controllerRoutes(
  vm: Machine,
  cls: ClassValue,
  use: DecoratorUse,
  bases: PathText[],
  settings: AppSettings,
  inherited: Func[],
): RouteRecord[] {
  const argument = argumentAt(vm, cls, use, 0);
  const options = argument?.kind === 'object' ? argument : undefined;
  const path = options === undefined ? argument : options.props.get('path')?.value;
  const paths =
    path === undefined
      ? [{ text: '', certain: true }]
      : pathsOf(vm, path, { module: cls.module, node: use.args[0] ?? use.node });
  const version = options?.props.get('version');
  const classVersions =
    versionsOf(version?.value, version?.node, cls, vm) ?? versionDecorator(vm, cls, cls.node);
  const routes: RouteRecord[] = [];
  const self = instanceOf(vm, cls);
  for (let at: Value | undefined = cls; at?.kind === 'class'; at = at.parent) {
    const owner: ClassValue = at;
    for (const element of owner.node.body.body) {
      if (element.type !== 'MethodDefinition' || element.value.body === null) continue;
      const name = element.key.type === 'Identifier' ? element.key.name : undefined;
      if (name === undefined) continue;
      if (owner !== cls && cls.methods.has(name)) continue;
      const guards = decoratorValues(vm, owner, element);
      for (const verb of allDecorators(vm, owner, element)) {
        const method = VERBS.get(verb.name);
        if (method === undefined || /graphql|class-validator/.test(verb.from)) continue;
        const where = argumentAt(vm, owner, verb, 0);
        const tails =
          where === undefined
            ? [{ text: '', certain: true }]
            : pathsOf(vm, where, { module: owner.module, node: verb.args[0] ?? verb.node });
        const handler = methodOf(
          owner,
          element.value as Callable,
          name,
          self.kind === 'instance' ? self : members(self)[0],
        );
        const versions = versionDecorator(vm, owner, element) ?? classVersions;
        for (const base of bases) {
          for (const head of paths) {
            for (const tail of tails) {
              for (const full of fullPaths(joinPath(base, head, tail), versions, settings)) {
                routes.push({
                  method,
                  path: full,
                  handler,
                  own: middlewareOf(vm, guards),
                  inherited: [...inherited, ...strategiesOf(vm, guards)],
                  place: { module: owner.module, node: verb.node },
                  steps: [],
                  app: undefined,
                  framework: 'nest',
                });
              }
            }
          }
        }
      }
    }
  }
  return routes;
}

function fullPaths(
  path: PathText,
  versions: (string | undefined)[] | undefined,
  settings: AppSettings,
): PathText[] {
  if (settings.exclude.some((pattern) => excluded(pattern, path.text))) return [path];
  const wanted = versions ?? [settings.defaultVersion];
  return settings.prefix.flatMap((prefix) =>
    wanted.map((version) => {
      const versioned = settings.versionPrefix !== undefined && version !== undefined;
      const middle: PathText = {
        text: versioned ? `${settings.versionPrefix}${version}` : '',
        certain: true,
      };
      return joinPath(prefix, middle, path);
    }),
  );
}

function excluded(pattern: string, path: string): boolean {
  const clean = `/${pattern.replace(/^\//, '')}`;
  const wild = clean.search(/\{?\/?[*(]/);
  return wild === -1
    ? clean === path
    : path === clean.slice(0, wild) || path.startsWith(`${clean.slice(0, wild)}/`);
}

function versionDecorator(vm: Machine, cls: ClassValue, node: Node): (string | undefined)[] | undefined {
  const use = allDecorators(vm, cls, node).find((item) => item.name === 'Version');
  if (use === undefined) return undefined;
  return versionsOf(argumentAt(vm, cls, use, 0), use.args[0] ?? use.node, cls, vm);
}

/** Versions named by a decorator; `VERSION_NEUTRAL` is one without a part in the path. */
function versionsOf(
  value: Value | undefined,
  node: Node | undefined,
  cls: ClassValue,
  vm: Machine,
): (string | undefined)[] | undefined {
  if (value === undefined) return undefined;
  const known = flatten([value]).flatMap((item) => strings(item).values);
  const neutral = node !== undefined && /VERSION_NEUTRAL/.test(vm.text(cls.module, node, 200));
  if (known.length === 0 && !neutral) return undefined;
  return neutral ? [undefined, ...known] : known;
}

function decoratorValues(vm: Machine, cls: ClassValue, node: Node): Value[] {
  return allDecorators(vm, cls, node)
    .filter((use) => ['UseGuards', 'UseInterceptors', 'UseBefore', 'UsePipes'].includes(use.name))
    .flatMap((use) => argumentsOf(vm, cls, use));
}

/** What guards made by Passport run to find out who asks: `validate` of the strategies they name. */
function strategiesOf(vm: Machine, values: readonly Value[]): Func[] {
  const wanted = new Set(
    values.flatMap((value) =>
      members(value).flatMap((item) => passportBase(item, 'passport.guard')?.names ?? []),
    ),
  );
  if (wanted.size === 0) return [];
  return vm.classes.flatMap((cls): Func[] => {
    const names = passportBase(cls, 'passport.base')?.names ?? [];
    if (!names.some((name) => wanted.has(name))) return [];
    const self = instanceOf(vm, cls);
    for (let at: Value | undefined = cls; at?.kind === 'class'; at = at.parent) {
      const found = at.methods.get('validate');
      if (found !== undefined) return [methodOf(at, found.node, 'validate', members(self)[0])];
    }
    return [];
  });
}

function passportBase(value: Value | undefined, type: PassportBase['type']): PassportBase | undefined {
  let at = value?.kind === 'instance' ? (value.cls as Value) : value;
  while (at?.kind === 'class') at = at.parent;
  return at?.kind === 'host' && at.host instanceof PassportBase && at.host.type === type
    ? at.host
    : undefined;
}

/** The methods that guards, interceptors and pipes run for a request. */
function middlewareOf(vm: Machine, values: Value[]): Func[] {
  return values.flatMap((value) =>
    members(value).flatMap((item): Func[] => {
      const self = item.kind === 'class' ? instanceOf(vm, item) : item;
      if (self.kind === 'function') return [self];
      if (self.kind !== 'instance') return [];
      for (const name of ['canActivate', 'intercept', 'use', 'transform']) {
        for (let cls: Value | undefined = self.cls; cls?.kind === 'class'; cls = cls.parent) {
          const found = cls.methods.get(name);
          if (found !== undefined) return [methodOf(cls, found.node, name, self)];
        }
      }
      return [];
    }),
  );
}

export interface NestEntry {
  kind: string;
  label: string;
  func: Func;
  cls: ClassValue;
  node: Node;
}

/** Methods that Nest calls without a route: cron jobs, queue workers, event and message handlers, resolvers. */
export function nestEntries(vm: Machine): NestEntry[] {
  const entries: NestEntry[] = [];
  for (const cls of vm.classes) {
    const own = decoratorsOf(cls.module, cls.node);
    const worker = own.find((use) => use.name === 'Processor');
    const injectable = own.some((use) =>
      ['Injectable', 'Module', 'Controller', 'Processor', 'WebSocketGateway', 'Resolver'].includes(use.name),
    );
    for (const element of cls.node.body.body) {
      if (
        element.type !== 'MethodDefinition' ||
        element.value.body === null ||
        element.key.type !== 'Identifier'
      )
        continue;
      const { name } = element.key;
      const use = decoratorsOf(cls.module, element).find((item) => ENTRIES.has(item.name));
      const resolver = own.some((item) => item.name === 'Resolver');
      let kind = use === undefined ? undefined : ENTRIES.get(use.name);
      if (kind === 'graphql' && !resolver) kind = undefined;
      if (kind === undefined && worker !== undefined && name === 'process') kind = 'queue';
      if (kind === undefined && injectable && LIFECYCLE.includes(name)) kind = 'lifecycle';
      if (kind === undefined) continue;
      const self = instanceOf(vm, cls);
      const func = methodOf(cls, element.value as Callable, name, members(self)[0]);
      if (use?.name === 'OnEvent') {
        const names = strings(argumentAt(vm, cls, use, 0) ?? UNKNOWN).values;
        for (const event of names.length === 0 ? ['*'] : names)
          sharedEmitter(vm).emitter.add(vm, event, func);
      }
      entries.push({
        kind,
        label: `${use === undefined ? (worker === undefined ? '' : '@Processor ') : `@${use.name} `}${cls.name}.${name}`,
        func,
        cls,
        node: element,
      });
    }
  }
  return entries;
}
