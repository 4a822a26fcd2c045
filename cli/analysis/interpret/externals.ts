/** Packages from outside the project: modelled ones by their model, others by name only. */
import { callBack, FOLLOWING, functionsIn, listen, listOf, MAPPING, REPEATING } from './calls.ts';
import { inLoop } from './frame.ts';
import { host } from './host.ts';
import type { Machine } from './machine.ts';
import { instanceOf } from './types.ts';
import { type Func, joinAll, members, UNKNOWN, type Value } from './values.ts';

const MAX_PATH = 6;

/** What a package's name stands for, once required or imported as a whole. */
export function externalModule(vm: Machine, name: string): Value {
  const key = `external:${name}`;
  let value = vm.extras.get(key) as Value | undefined;
  if (value === undefined) {
    const make =
      vm.externals.get(name) ?? vm.externalPatterns.find(({ pattern }) => pattern.test(name))?.make;
    value = make?.(name) ?? unknownPackage(vm, [name], false);
    vm.extras.set(key, value);
  }
  return value;
}

/** Names the jobs and listeners that packages run, by package and what is called. */
const KINDS: [pattern: RegExp, kind: string][] = [
  [/^(?:node-cron|cron|croner|node-schedule|toad-scheduler|agenda|bree)\b/, 'job'],
  [/^(?:bull|bullmq|bee-queue|pg-boss|kue|@nestjs\/bull|@nestjs\/bullmq|graphile-worker)\b/, 'queue'],
  [
    /^(?:amqplib|kafkajs|nats|mqtt|@aws-sdk\/client-sqs|sqs-consumer|@google-cloud\/pubsub|redis|ioredis)\b/,
    'queue',
  ],
  [/^(?:socket\.io|ws|@fastify\/websocket|express-ws)\b/, 'socket'],
];

export function listenerKind(path: string): string {
  return KINDS.find(([pattern]) => pattern.test(path))?.[1] ?? 'listener';
}

/** Something of a package that is not modelled: keeps the name under which it was reached. */
export function unknownPackage(vm: Machine, path: readonly string[], result: boolean): Value {
  const label = path.join('.').replaceAll('.()', '()');
  const key = `part:${label}`;
  const known = vm.extras.get(key) as Value | undefined;
  if (known !== undefined) return known;
  const deeper = (next: string): Value =>
    path.length >= MAX_PATH ? UNKNOWN : unknownPackage(vm, [...path, next], result || next === '()');
  const called = (machine: Machine, call: import('./host.ts').Call, made: boolean): Value => {
    const { args, site } = call;
    const functions = functionsIn(args, 2);
    const [first] = args;
    if (
      !made &&
      !result &&
      functions.length === 1 &&
      path.length <= 2 &&
      first !== undefined &&
      members(first).includes(functions[0] as Func)
    ) {
      // A wrapper from a package, such as `asyncHandler(fn)` or `promisify(fn)`, gives back what behaves like `fn`.
      return functions[0] as Func;
    }
    // A container that is asked for a class gives an object of it.
    const last = path.at(-1) ?? '';
    if (['get', 'resolve', 'getInstance', 'getAsync'].includes(last)) {
      const wanted = first === undefined ? [] : members(first).filter((item) => item.kind === 'class');
      const [cls] = wanted;
      if (cls?.kind === 'class') return instanceOf(machine, cls);
    }
    let mapped: Value = UNKNOWN;
    if (REPEATING.has(last)) {
      const item = inLoop(site.frame, () => callBack(machine, args, site, 'call'));
      // `list.map(fn)` of a package's list, or `map(list, fn)`; not an operator to be applied later, such as `map(fn)`.
      const applied = result || functionsIn(args.slice(0, 1), 1).length === 0;
      if (applied && MAPPING.has(last)) mapped = listOf(machine, item, site);
    } else if (FOLLOWING.has(last)) callBack(machine, args, site, 'call');
    else {
      if (site.frame.invocation.boot) {
        for (const func of functions) listen(machine, func, listenerKind(label), label, site);
      }
      callBack(machine, functions, site, 'callback');
    }
    for (const arg of args) {
      const routed = members(arg).find((item) => item.kind === 'host' && item.host.type.endsWith('.router'));
      if (routed !== undefined && !/^(?:http|https|http2|spdy|@sentry|serverless|supertest)/.test(label)) {
        machine.extras.set(`handed:${routed.id}`, label);
      }
    }
    return mapped === UNKNOWN ? deeper('()') : joinAll([mapped, deeper('()')]);
  };
  const value = host({
    type: result ? 'external.result' : 'external',
    get: (_vm, next) => (next === 'default' && path.length === 1 ? value : deeper(next)),
    call: (machine, call) => called(machine, call, false),
    construct: (machine, call) => called(machine, call, true),
  });
  vm.extras.set(key, value);
  return value;
}
