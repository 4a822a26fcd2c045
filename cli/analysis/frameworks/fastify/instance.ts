/** A Fastify instance: routes, hooks, decorators and encapsulated plugins. */
import { functionsIn, listen } from '../../interpret/calls.ts';
import { type Call, type HostObject, host, native, type Site } from '../../interpret/host.ts';
import type { Place } from '../../interpret/invocation.ts';
import type { Machine } from '../../interpret/machine.ts';
import {
  type Cell,
  cell,
  type Func,
  type Host,
  members,
  strings,
  UNKNOWN,
  type Value,
} from '../../interpret/values.ts';
import {
  Carrier,
  flatten,
  handlersIn,
  isMethod,
  joinPath,
  NEXT,
  nodeOfArgument,
  type PathText,
  pathsOf,
  type RouteRecord,
} from '../routes.ts';
import { registerPlugin } from './plugin.ts';

const NO_PREFIX: PathText = { text: '', certain: true };

export class FastifyInstance implements HostObject {
  readonly type = 'fastify.router';
  readonly parent: FastifyInstance | undefined;
  readonly prefixes: PathText[];
  readonly routes = new Map<string, Omit<RouteRecord, 'inherited'>>();
  readonly hooks: Func[] = [];
  readonly place: Place;
  self: Value = UNKNOWN;
  readonly #decorators = new Map<string, Cell>();
  readonly #methods = new Map<string, Value>();

  constructor(parent: FastifyInstance | undefined, prefixes: PathText[], place: Place) {
    this.parent = parent;
    this.prefixes = prefixes;
    this.place = place;
  }

  get(vm: Machine, key: string, site: Site): Value | undefined {
    for (let at: FastifyInstance | undefined = this; at !== undefined; at = at.parent) {
      const held: Cell = at.#decorator(key);
      vm.read(held, site.frame);
      if (held.value !== undefined) return held.value;
    }
    let method = this.#methods.get(key);
    if (method === undefined) {
      method = this.#method(key);
      if (method !== undefined) this.#methods.set(key, method);
    }
    return method;
  }

  set(vm: Machine, key: string, value: Value): void {
    vm.grow(this.#decorator(key), value);
  }

  #decorator(key: string): Cell {
    let held = this.#decorators.get(key);
    if (held === undefined) {
      held = cell();
      this.#decorators.set(key, held);
    }
    return held;
  }

  #method(key: string): Value | undefined {
    if (isMethod(key) || key === 'all')
      return native(`fastify.${key}`, (vm, call) => this.#short(vm, key, call));
    switch (key) {
      case 'route':
        return native('fastify.route', (vm, call) => this.#full(vm, call));
      case 'register':
        return native('fastify.register', (vm, call) => {
          registerPlugin(vm, this, call.args[0] ?? UNKNOWN, call.args[1], call.site);
          return this.self;
        });
      case 'decorate':
        return native('fastify.decorate', (vm, { args }) => {
          for (const name of strings(args[0] ?? UNKNOWN).values)
            vm.grow(this.#decorator(name), args[1] ?? UNKNOWN);
          return this.self;
        });
      case 'decorateRequest':
      case 'decorateReply':
        return native(`fastify.${key}`, (vm, { args }) => {
          const [request, reply] = fastifyArguments(vm);
          const target = key === 'decorateRequest' ? request : reply;
          for (const name of strings(args[0] ?? UNKNOWN).values) {
            if (target?.kind === 'host' && args[1] !== undefined)
              target.host.set?.(vm, name, args[1], {
                node: this.place.node,
                frame: vm.frame(vm.evaluateModule(this.place.module)),
              });
          }
          return this.self;
        });
      case 'addHook':
        return native('fastify.addHook', (vm, { args, site }) => {
          const [name] = strings(args[0] ?? UNKNOWN).values;
          for (const func of functionsIn(args.slice(1), 0)) {
            if (
              ['onReady', 'onListen', 'onClose', 'preClose', 'onRoute', 'onRegister'].includes(name ?? '')
            ) {
              if (name === 'onReady' || name === 'onListen') vm.invoke(func, this.self, [NEXT], site);
              else listen(vm, func, 'hook', `fastify ${name}`, site);
            } else if (!this.hooks.includes(func)) this.hooks.push(func);
          }
          return this.self;
        });
      case 'after':
      case 'ready':
        return native(`fastify.${key}`, (vm, { args, site }) => {
          for (const func of functionsIn(args, 0)) vm.invoke(func, this.self, [UNKNOWN], site);
          return this.self;
        });
      case 'setErrorHandler':
      case 'setNotFoundHandler':
      case 'setValidatorCompiler':
      case 'setSerializerCompiler':
      case 'setSchemaController':
      case 'addSchema':
      case 'addContentTypeParser':
        return native(`fastify.${key}`, () => this.self);
      case 'withTypeProvider':
        return native('fastify.withTypeProvider', () => this.self);
      case 'listen':
      case 'inject':
      case 'close':
      case 'printRoutes':
        return native(`fastify.${key}`, () => UNKNOWN);
      default:
        return undefined;
    }
  }

  #root(): FastifyInstance {
    let at: FastifyInstance = this;
    while (at.parent !== undefined) at = at.parent;
    return at;
  }

  /** `fastify.get(path, options?, handler)` */
  #short(vm: Machine, key: string, { args, site }: Call): Value {
    const paths = pathsOf(vm, args[0] ?? UNKNOWN, argumentPlace(site, 0));
    const options = args.length > 2 ? args[1] : undefined;
    const second = args.length === 2 ? args[1] : undefined;
    const held = second === undefined ? undefined : property(second, 'handler');
    const handler = args.length > 2 ? args[2] : (held ?? second);
    const chain = options ?? (held === undefined ? undefined : second);
    for (const path of paths)
      this.#add(site, key === 'all' ? 'ALL' : key.toUpperCase(), path, handler ?? UNKNOWN, chain);
    return this.self;
  }

  /** `fastify.route({ method, url, handler })` */
  #full(vm: Machine, { args, site }: Call): Value {
    const place = { module: site.frame.module, node: site.node };
    for (const options of members(args[0] ?? UNKNOWN)) {
      const url = property(options, 'url') ?? property(options, 'path');
      if (url === undefined) {
        vm.unsettled(
          'computed-route',
          place,
          `a route's options can't be seen: ${vm.text(place.module, place.node)}`,
        );
        continue;
      }
      const verbs = flatten([property(options, 'method') ?? UNKNOWN]).flatMap((item) => strings(item).values);
      if (verbs.length === 0) {
        vm.unsettled(
          'computed-method',
          place,
          `a route's method is known only at run time: ${vm.text(place.module, place.node)}`,
        );
      }
      for (const verb of verbs) {
        for (const path of pathsOf(vm, url, place)) {
          this.#add(site, verb.toUpperCase(), path, property(options, 'handler') ?? UNKNOWN, options);
        }
      }
    }
    return this.self;
  }

  #add(site: Site, method: string, path: PathText, handler: Value, options: Value | undefined): void {
    const { frame, node } = site;
    const own: Func[] = [];
    for (const name of [
      'onRequest',
      'preParsing',
      'preValidation',
      'preHandler',
      'preSerialization',
      'onSend',
      'onResponse',
    ]) {
      const hook = options === undefined ? undefined : property(options, name);
      if (hook !== undefined) own.push(...handlersIn([hook]));
    }
    const key = `${frame.module.source.name}:${node.start}:${frame.env.id}:${frame.invocation.id}:${method}:${path.text}`;
    this.routes.set(key, {
      method,
      path,
      handler,
      own,
      place: { module: frame.module, node },
      app: this.#root().self,
      steps: [{ place: { module: frame.module, node }, invocation: frame.invocation }],
      framework: 'fastify',
    });
  }
}

export function property(value: Value, key: string): Value | undefined {
  for (const member of members(value)) {
    const held = member.kind === 'object' ? member.props.get(key)?.value : undefined;
    if (held !== undefined) return held;
  }
  return undefined;
}

function argumentPlace(site: Site, at: number): Place {
  return { module: site.frame.module, node: nodeOfArgument(site.node, at) };
}

/** Makes an instance, once per place. */
export function fastifyInstance(
  vm: Machine,
  parent: FastifyInstance | undefined,
  prefixes: PathText[],
  site: Site,
  tag: string,
): FastifyInstance {
  const value = site.frame.env.site<Host>(
    site.node,
    () => {
      const instance = new FastifyInstance(parent, prefixes, { module: site.frame.module, node: site.node });
      const made = host(instance);
      instance.self = made;
      instances(vm).push(instance);
      return made;
    },
    `fastify ${tag}`,
  );
  return value.host as FastifyInstance;
}

export function instances(vm: Machine): FastifyInstance[] {
  let all = vm.extras.get('fastify.instances') as FastifyInstance[] | undefined;
  if (all === undefined) {
    all = [];
    vm.extras.set('fastify.instances', all);
  }
  return all;
}

export function fastifyArguments(vm: Machine): Value[] {
  let args = vm.extras.get('fastify.arguments') as Value[] | undefined;
  if (args === undefined) {
    const server = host({
      type: 'fastify.server',
      get: (machine, key, site) => {
        // A decorator is found whichever instance declared it: a request knows its server only at run time.
        for (const instance of instances(machine)) {
          const found = instance.parent === undefined ? undefined : instance.get(machine, key, site);
          if (found !== undefined && found !== UNKNOWN) return found;
        }
        return instances(machine)[0]?.get(machine, key, site);
      },
    });
    args = [
      host(new Carrier('fastify.request', [['server', server]])),
      host(new Carrier('fastify.reply', [['server', server]])),
      NEXT,
    ];
    vm.extras.set('fastify.arguments', args);
  }
  return args;
}

export function fastifyRoutes(vm: Machine): (RouteRecord & { self: Value })[] {
  const routes: (RouteRecord & { self: Value })[] = [];
  for (const instance of instances(vm)) {
    const inherited: Func[] = [];
    for (let at: FastifyInstance | undefined = instance; at !== undefined; at = at.parent)
      inherited.unshift(...at.hooks);
    for (const route of instance.routes.values()) {
      for (const prefix of fullPrefixes(instance)) {
        routes.push({ ...route, path: joinPath(prefix, route.path), inherited, self: instance.self });
      }
    }
  }
  return routes;
}

function fullPrefixes(instance: FastifyInstance): PathText[] {
  const own = instance.prefixes.length === 0 ? [NO_PREFIX] : instance.prefixes;
  if (instance.parent === undefined) return own;
  return fullPrefixes(instance.parent).flatMap((base) =>
    own.map((prefix) =>
      prefix.text === '' ? { ...base, certain: base.certain && prefix.certain } : joinPath(base, prefix),
    ),
  );
}
