/** Express applications and routers, and packages whose routers have the same interface. */
import { type Call, type HostObject, host, native, type Site } from '../interpret/host.ts';
import type { Invocation, Place } from '../interpret/invocation.ts';
import type { Machine } from '../interpret/machine.ts';
import {
  type Cell,
  cell,
  type Func,
  type Host,
  join,
  joinAll,
  members,
  strings,
  UNKNOWN,
  type Value,
} from '../interpret/values.ts';
import { authenticationIn } from './passport.ts';
import {
  flatten,
  handlersIn,
  isMethod,
  joinPath,
  nodeOfArgument,
  type PathText,
  pathsOf,
  type RouteRecord,
  type Step,
} from './routes.ts';

interface Entry {
  kind: 'route' | 'use' | 'param';
  method: string;
  paths: PathText[];
  handlers: Value[];
  place: Place;
}

type Added = Entry & { invocation: Invocation };

const ROOT: PathText[] = [{ text: '', certain: true }];

export class ExpressRouter implements HostObject {
  readonly type: string;
  readonly entries = new Map<string, Added>();
  readonly place: Place;
  readonly prefix: PathText[];
  mounted = false;
  self: Value = UNKNOWN;
  readonly #settings = new Map<string, Cell>();
  readonly #methods = new Map<string, Value>();

  constructor(type: string, place: Place, prefix: PathText[] = ROOT) {
    this.type = type;
    this.place = place;
    this.prefix = prefix;
  }

  get(vm: Machine, key: string, site: Site): Value | undefined {
    let method = this.#methods.get(key);
    if (method === undefined) {
      method = this.#method(key);
      if (method !== undefined) this.#methods.set(key, method);
    }
    if (method !== undefined) return method;
    const held = this.#setting(key);
    vm.read(held, site.frame);
    return held.value ?? (key === 'locals' ? this.#locals() : undefined);
  }

  set(vm: Machine, key: string, value: Value): void {
    vm.grow(this.#setting(key), value);
  }

  #setting(key: string): Cell {
    let held = this.#settings.get(key);
    if (held === undefined) {
      held = cell();
      this.#settings.set(key, held);
    }
    return held;
  }

  #locals(): Value {
    const locals = host({
      type: 'express.locals',
      get: (vm, key, site) => {
        const held = this.#setting(`locals.${key}`);
        vm.read(held, site.frame);
        return held.value ?? UNKNOWN;
      },
      set: (vm, key, value) => vm.grow(this.#setting(`locals.${key}`), value),
    });
    this.#settings.set('locals', cell(locals));
    return locals;
  }

  #method(key: string): Value | undefined {
    if (isMethod(key) || key === 'all' || key === 'del') {
      return native(`express.${key}`, (vm, call) => this.#verb(vm, key, call));
    }
    switch (key) {
      case 'use':
        return native('express.use', (vm, call) => this.#use(vm, call));
      case 'route':
        return native('express.route', (vm, call) => {
          const place = placeOf(call.site, 0);
          const paths = pathsOf(vm, call.args[0] ?? UNKNOWN, place);
          return call.site.frame.env.site(
            call.site.node,
            () => host(new RouteBuilder(this, paths)),
            `route ${paths.map((path) => path.text).join()}`,
          );
        });
      case 'param':
        return native('express.param', (_vm, call) => {
          this.#add(call.site, {
            kind: 'param',
            method: '',
            paths: ROOT,
            handlers: call.args.slice(1),
            place: placeOf(call.site),
          });
          return this.self;
        });
      case 'set':
        return native('express.set', (vm, { args }) => {
          const [name, value] = args;
          for (const setting of strings(name ?? UNKNOWN).values)
            if (value !== undefined) vm.grow(this.#setting(`setting.${setting}`), value);
          return this.self;
        });
      case 'routes':
      case 'middleware':
      case 'callback':
        // koa-router's `routes()` is handed to `use` in the router's place.
        return native(`express.${key}`, () => this.self);
      case 'allowedMethods':
      case 'engine':
      case 'enable':
      case 'disable':
        return native(`express.${key}`, () => UNKNOWN);
      case 'prefix':
        return native('express.prefix', (vm, call) => {
          this.prefix.splice(
            0,
            this.prefix.length,
            ...pathsOf(vm, call.args[0] ?? UNKNOWN, placeOf(call.site, 0)),
          );
          return this.self;
        });
      default:
        return undefined;
    }
  }

  #verb(vm: Machine, key: string, call: Call): Value {
    const { args, site } = call;
    if (args.length === 1 && key === 'get') {
      // `app.get('setting')` reads a setting.
      const held = strings(args[0] ?? UNKNOWN).values.map((name) => {
        const setting = this.#setting(`setting.${name}`);
        vm.read(setting, site.frame);
        return setting.value;
      });
      return held.reduce<Value>((all, value) => (value === undefined ? all : join(all, value)), UNKNOWN);
    }
    const [path, ...rest] = args;
    // koa-router takes an optional name first.
    const named = rest.length > 1 && strings(rest[0] ?? UNKNOWN).values.some((text) => text.startsWith('/'));
    const place = placeOf(site, named ? 1 : 0);
    const paths = pathsOf(vm, (named ? rest[0] : path) ?? UNKNOWN, place);
    this.addRoute(site, key, paths, named ? rest.slice(1) : rest);
    return this.self;
  }

  addRoute(site: Site, method: string, paths: PathText[], handlers: Value[]): void {
    this.#add(site, {
      kind: 'route',
      method: method === 'all' ? 'ALL' : method === 'del' ? 'DELETE' : method.toUpperCase(),
      paths,
      handlers: flatten(handlers),
      place: placeOf(site),
    });
  }

  #use(vm: Machine, call: Call): Value {
    const { site } = call;
    let args = call.args;
    let paths = ROOT;
    const [first] = args;
    const isPath =
      first !== undefined &&
      members(first).some(
        (item) =>
          item.kind === 'literal' ||
          item.kind === 'template' ||
          (item.kind === 'array' && item.items.every((inner) => inner.kind === 'literal')),
      );
    const unknownFirst = first?.kind === 'unknown' && args.length > 1;
    if (isPath || unknownFirst) {
      paths = pathsOf(vm, first ?? UNKNOWN, placeOf(site, 0));
      args = args.slice(1);
    }
    this.#add(site, { kind: 'use', method: '', paths, handlers: flatten(args), place: placeOf(site) });
    return this.self;
  }

  #add(site: Site, entry: Entry): void {
    const { frame, node } = site;
    this.entries.set(
      `${frame.module.source.name}:${node.start}:${node.end}:${frame.env.id}:${frame.invocation.id}:${entry.method}:${entry.paths.map((path) => path.text).join()}`,
      { ...entry, invocation: frame.invocation },
    );
    for (const handler of entry.handlers) {
      for (const item of members(handler)) {
        if (item.kind === 'host' && item.host instanceof ExpressRouter) item.host.mounted = true;
      }
    }
  }
}

/** What `router.route('/x')` gives. */
class RouteBuilder implements HostObject {
  readonly type = 'express.route';
  readonly #router: ExpressRouter;
  readonly #paths: PathText[];
  constructor(router: ExpressRouter, paths: PathText[]) {
    this.#router = router;
    this.#paths = paths;
  }

  get(_vm: Machine, key: string): Value | undefined {
    if (!isMethod(key) && key !== 'all') return undefined;
    return native(`route.${key}`, (_machine, call) => {
      this.#router.addRoute(call.site, key, this.#paths, call.args);
      return call.self ?? UNKNOWN;
    });
  }
}

function placeOf({ node, frame }: Site, argument?: number): Place {
  return { module: frame.module, node: argument === undefined ? node : nodeOfArgument(node, argument) };
}

export function installExpress(vm: Machine): void {
  const routers: ExpressRouter[] = [];
  vm.extras.set('express.routers', routers);
  const maker =
    (type: string) =>
    (machine: Machine, call: Call): Value =>
      call.site.frame.env.site<Host>(
        call.site.node,
        () => {
          const options = call.args[0];
          const prefix = options?.kind === 'object' ? options.props.get('prefix')?.value : undefined;
          const place = placeOf(call.site);
          const router = new ExpressRouter(
            type,
            place,
            prefix === undefined ? [...ROOT] : pathsOf(machine, prefix, place),
          );
          const value = host(router);
          router.self = value;
          routers.push(router);
          return value;
        },
        `${type} ${call.self?.id ?? ''}`,
      );
  const routerClass = host({
    type: 'class Router',
    get: (_vm, key) => (key === 'default' || key === 'Router' ? routerClass : undefined),
    call: maker('express.router'),
    construct: maker('express.router'),
  });
  const middleware = native('express.middleware', () => UNKNOWN);
  const express: Host = host({
    type: 'express',
    get: (_vm, key) =>
      key === 'Router'
        ? routerClass
        : key === 'default'
          ? express
          : key === 'application' || key === 'request' || key === 'response'
            ? UNKNOWN
            : middleware,
    call: maker('express.app'),
    construct: maker('express.app'),
  });
  for (const name of ['express', 'ultimate-express', 'hyper-express', 'polka', 'restana'])
    vm.externals.set(name, () => express);
  const koa: Host = host({
    type: 'koa',
    get: (_vm, key) => (key === 'default' ? koa : undefined),
    construct: maker('express.app'),
    call: maker('express.app'),
  });
  vm.externals.set('koa', () => koa);
  for (const name of [
    'express-promise-router',
    'router',
    '@koa/router',
    'koa-router',
    'express-router-wrapper',
    'express-async-router',
  ])
    vm.externals.set(name, () => routerClass);
}

/** Routers of all applications, walked from the outside in. */
export function expressRoutes(vm: Machine): RouteRecord[] {
  const routers = (vm.extras.get('express.routers') ?? []) as ExpressRouter[];
  const routes: RouteRecord[] = [];
  const apps = routers.filter((router) => router.type === 'express.app' && !router.mounted);
  for (const app of apps) walk(vm, app, ROOT, [], routes, [], []);
  const orphans = routers.filter(
    (router) => !router.mounted && !apps.includes(router) && routesOf(router) > 0,
  );
  const mountedSomewhere = apps.some(
    (app) =>
      routesOf(app) > 0 ||
      [...app.entries.values()].some((entry) =>
        entry.handlers.some((value) =>
          members(value).some((item) => item.kind === 'host' && item.host instanceof ExpressRouter),
        ),
      ),
  );
  for (const router of orphans) {
    vm.unsettled(
      'unmounted-router',
      router.place,
      `a router with ${routesOf(router)} registrations is mounted nowhere that can be seen; its paths lack a prefix they may have`,
    );
    const handed = vm.extras.has(`handed:${router.self.id}`);
    if (handed || !mountedSomewhere) walk(vm, router, [{ text: '', certain: false }], [], routes, [], []);
  }
  return routes;
}

function routesOf(router: ExpressRouter): number {
  return [...router.entries.values()].filter((entry) => entry.kind !== 'param').length;
}

function walk(
  vm: Machine,
  router: ExpressRouter,
  bases: PathText[],
  inherited: Func[],
  routes: RouteRecord[],
  stack: ExpressRouter[],
  steps: readonly Step[],
): void {
  if (stack.includes(router) || stack.length > 16) return;
  const own = bases.flatMap((base) =>
    router.prefix.map((prefix) => (prefix.text === '' && prefix.certain ? base : joinPath(base, prefix))),
  );
  const before = [...inherited];
  for (const entry of router.entries.values()) {
    const paths = own.flatMap((base) => entry.paths.map((path) => joinPath(base, path)));
    if (entry.kind === 'param') {
      before.push(...handlersIn(entry.handlers));
      continue;
    }
    if (entry.kind === 'route') {
      const last = entry.handlers.at(-1) ?? UNKNOWN;
      // A login that is nothing but a strategy, such as `passport.authenticate('local', { successRedirect })`.
      const strategies = authenticationIn(vm, [last]);
      const handler = strategies.length > 0 ? joinAll(strategies) : last;
      const asking = authenticationIn(vm, entry.handlers.slice(0, -1));
      for (const path of paths) {
        routes.push({
          method: entry.method,
          path,
          handler,
          own: handlersIn(entry.handlers.slice(0, -1)),
          inherited: [...before, ...asking],
          place: entry.place,
          steps: [...steps, entry],
          app: (stack[0] ?? router).self,
          framework: 'express',
        });
      }
      continue;
    }
    const passing: Func[] = [];
    for (const value of entry.handlers) {
      for (const item of members(value)) {
        if (item.kind === 'host' && item.host instanceof ExpressRouter) {
          walk(vm, item.host, paths, [...before, ...passing], routes, [...stack, router], [...steps, entry]);
        } else if (item.kind === 'function') passing.push(item);
        else if (item.kind === 'unknown') noteUnknownMount(vm, entry, paths);
      }
    }
    before.push(...authenticationIn(vm, entry.handlers));
    const last = passing.at(-1);
    const mounts = entry.handlers.some((value) =>
      members(value).some((item) => item.kind === 'host' && item.host instanceof ExpressRouter),
    );
    // A function under a path that takes no `next` ends the request: a route for all methods.
    const ends =
      last !== undefined &&
      !mounts &&
      entry.paths !== ROOT &&
      last.node.params.length < 3 &&
      last.node.params.length > 0;
    if (ends) {
      for (const path of paths) {
        routes.push({
          method: 'ALL',
          path,
          handler: last,
          own: passing.slice(0, -1),
          inherited: [...before],
          place: entry.place,
          steps: [...steps, entry],
          app: (stack[0] ?? router).self,
          framework: 'express',
        });
      }
    } else if (last === undefined || last.node.params.length < 4) before.push(...passing);
  }
}

/** Something mounted under a path whose content can't be seen, such as a router from a package. */
function noteUnknownMount(vm: Machine, entry: Entry, paths: PathText[]): void {
  if (entry.paths === ROOT) return;
  const text = vm.text(entry.place.module, entry.place.node, 80);
  if (/\.static\(|helmet|cors\(|rateLimit|bodyParser|\.json\(|morgan/.test(text)) return;
  vm.unsettled(
    'unknown-mount',
    entry.place,
    `what is mounted at ${paths.map((path) => path.text).join(', ')} can't be seen: ${text}`,
  );
}
