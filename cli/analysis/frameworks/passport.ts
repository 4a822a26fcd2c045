/**
 * Passport: which strategies a middleware or guard runs. What they read is about who asks, not about what a route does,
 * so it is kept apart from the handler's own doing.
 */
import { functionsIn } from '../interpret/calls.ts';
import { unknownPackage } from '../interpret/externals.ts';
import { type Call, type HostObject, host, native } from '../interpret/host.ts';
import type { Machine } from '../interpret/machine.ts';
import { type Func, members, strings, UNKNOWN, type Value } from '../interpret/values.ts';
import { flatten } from './routes.ts';

/** Name under which sessions look up who has logged in. */
const SESSION = 'session';

/** What `new Strategy(options, verify)` makes. */
class Strategy implements HostObject {
  readonly type = 'passport.strategy';
  readonly name: string;
  readonly verify: Func[];
  constructor(name: string, verify: Func[]) {
    this.name = name;
    this.verify = verify;
  }
}

/** What `passport.authenticate(...)` gives: strategies by name, looked up once all are registered. */
export class PassportMiddleware implements HostObject {
  readonly type = 'passport.middleware';
  readonly #names: readonly string[];
  readonly #done: Func[];
  constructor(names: readonly string[], done: Func[]) {
    this.#names = names;
    this.#done = done;
  }

  functions(vm: Machine): Func[] {
    const known = registered(vm);
    return this.#names.flatMap((name) => [...(known.get(name) ?? [])]);
  }

  call(vm: Machine, { site }: Call): Value {
    for (const func of this.functions(vm))
      vm.invoke(
        func,
        UNKNOWN,
        func.node.params.map(() => UNKNOWN),
        site,
        'authentication',
      );
    for (const func of this.#done)
      vm.invoke(
        func,
        UNKNOWN,
        func.node.params.map(() => UNKNOWN),
        site,
        'callback',
      );
    return UNKNOWN;
  }
}

/** A base class made for Nest: `PassportStrategy(Strategy, 'jwt')` or `AuthGuard('jwt')`. */
export class PassportBase implements HostObject {
  readonly type: 'passport.base' | 'passport.guard';
  readonly names: readonly string[];
  constructor(type: PassportBase['type'], names: readonly string[]) {
    this.type = type;
    this.names = names;
  }

  construct(): Value {
    return UNKNOWN;
  }
}

function registered(vm: Machine): Map<string, Set<Func>> {
  let known = vm.extras.get('passport.strategies') as Map<string, Set<Func>> | undefined;
  if (known === undefined) {
    known = new Map();
    vm.extras.set('passport.strategies', known);
  }
  return known;
}

function register(vm: Machine, name: string, funcs: readonly Func[]): void {
  const known = registered(vm);
  const set = known.get(name) ?? new Set();
  for (const func of funcs) set.add(func);
  known.set(name, set);
}

/** Functions that middleware made by Passport runs, among handlers of a route or router. */
export function authenticationIn(vm: Machine, values: readonly Value[]): Func[] {
  return flatten(values).flatMap((value) =>
    members(value).flatMap((item) =>
      item.kind === 'host' && item.host instanceof PassportMiddleware ? item.host.functions(vm) : [],
    ),
  );
}

export function installPassport(vm: Machine): void {
  const passport: Value = host({
    type: 'passport',
    get: (_vm, key) => passportMember(key, passport),
    construct: () => passport,
  });
  for (const name of ['passport', 'koa-passport', '@fastify/passport', 'fastify-passport'])
    vm.externals.set(name, () => passport);
  vm.externalPatterns.push({ pattern: /^(?:@[\w-]+\/)?passport-[\w-]+$/, make: strategyPackage });
  const nest = host({
    type: 'nest.passport',
    get: (_vm, key) => {
      if (key === 'PassportStrategy')
        return native('PassportStrategy', (_machine, { args }) => {
          const own = strings(args[1] ?? UNKNOWN).values;
          const base = args[0] === undefined ? [] : members(args[0]);
          const usual = base.flatMap((item) =>
            item.kind === 'host' && item.host instanceof StrategyClass ? [item.host.name] : [],
          );
          return host(new PassportBase('passport.base', own.length > 0 ? own : usual));
        });
      if (key === 'AuthGuard')
        return native('AuthGuard', (_machine, { args }) =>
          host(new PassportBase('passport.guard', namesOf(args[0]))),
        );
      return undefined;
    },
  });
  vm.externals.set('@nestjs/passport', () => nest);
}

function namesOf(value: Value | undefined): string[] {
  return value === undefined ? [] : flatten([value]).flatMap((item) => strings(item).values);
}

function passportMember(key: string, passport: Value): Value | undefined {
  switch (key) {
    case 'default':
    case 'Passport':
    case 'Authenticator':
      return passport;
    case 'use':
      return native('passport.use', (vm, { args }) => {
        const given = strings(args[0] ?? UNKNOWN).values;
        for (const arg of args) {
          for (const item of members(arg)) {
            const strategy =
              item.kind === 'host'
                ? item.host
                : item.kind === 'instance' && item.base?.kind === 'host'
                  ? item.base.host
                  : undefined;
            if (!(strategy instanceof Strategy)) continue;
            for (const name of given.length > 0 ? given : [strategy.name])
              register(vm, name, strategy.verify);
          }
        }
        return passport;
      });
    case 'deserializeUser':
    case 'registerUserDeserializer':
      return native(`passport.${key}`, (vm, { args }) => {
        register(vm, SESSION, functionsIn(args, 0));
        return UNKNOWN;
      });
    case 'authenticate':
    case 'authorize':
      return native(`passport.${key}`, (_vm, { args, site }) => {
        const names = namesOf(args[0]);
        return site.frame.env.site(
          site.node,
          () => host(new PassportMiddleware(names, functionsIn(args.slice(1), 0))),
          `authenticate ${names.join()}`,
        );
      });
    case 'session':
    case 'secureSession':
      return native(`passport.${key}`, (_vm, { site }) =>
        site.frame.env.site(site.node, () => host(new PassportMiddleware([SESSION], [])), key),
      );
    default:
      return undefined;
  }
}

/** A strategy's class, from whichever package. */
class StrategyClass implements HostObject {
  readonly type = 'class passport.strategy';
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }

  get(_vm: Machine, key: string): Value | undefined {
    return key === 'default' || key === 'Strategy' ? host(this) : undefined;
  }

  construct(_vm: Machine, { args, site }: Call): Value {
    return site.frame.env.site(
      site.node,
      () => host(new Strategy(this.name, functionsIn(args, 0))),
      `strategy ${this.name}`,
    );
  }
}

/** Names under which strategies register themselves where the package's name does not tell. */
const USUAL: Record<string, string> = {
  BasicStrategy: 'basic',
  DigestStrategy: 'digest',
  BearerStrategy: 'bearer',
};

function strategyPackage(request: string): Value {
  const usual = request
    .replace(/^@[\w-]+\//, '')
    .replace(/^passport-/, '')
    .replace(/^http-bearer$/, 'bearer')
    .replace(/^http$/, 'basic')
    .replace(/(?:-oauth(?:20?)?|-openidconnect|2)$/, '');
  const made = new Map<string, Value>();
  const classFor = (key: string): Value => {
    let known = made.get(key);
    if (known === undefined) {
      known = host(new StrategyClass(USUAL[key] ?? usual));
      made.set(key, known);
    }
    return known;
  };
  const pack: Value = host({
    type: 'external',
    get: (vm, key) =>
      key === 'default'
        ? pack
        : /Strategy$/.test(key)
          ? classFor(key)
          : unknownPackage(vm, [request, key], false),
    construct: (vm, call) => {
      const cls = classFor('Strategy');
      return cls.kind === 'host' && cls.host instanceof StrategyClass
        ? cls.host.construct(vm, call)
        : UNKNOWN;
    },
  });
  return pack;
}
