/** The Prisma client, its transactions, extensions and raw queries, as seen by the interpreter. */
import { getProperty } from '../../interpret/access.ts';
import { callValue, functionsIn, listen } from '../../interpret/calls.ts';
import { type Call, type HostObject, host, native, type Site } from '../../interpret/host.ts';
import type { Invocation, TransactionScope } from '../../interpret/invocation.ts';
import type { Machine } from '../../interpret/machine.ts';
import {
  type Host,
  literal,
  members,
  type ObjectValue,
  UNKNOWN,
  type Value,
} from '../../interpret/values.ts';
import { delegateName } from '../../schema/read.ts';
import { OPERATIONS, RAW } from './operations.ts';
import { recordQuery, recordRaw } from './record.ts';

export class PrismaClientHost implements HostObject {
  readonly type = 'prisma.client';
  readonly extensions: readonly ObjectValue[];
  readonly transaction: TransactionScope | undefined;
  readonly #members = new Map<string, Value>();

  constructor(extensions: readonly ObjectValue[] = [], transaction?: TransactionScope) {
    this.extensions = extensions;
    this.transaction = transaction;
  }

  get(vm: Machine, key: string): Value | undefined {
    let member = this.#members.get(key);
    if (member === undefined) {
      member = this.#member(vm, key);
      if (member !== undefined) this.#members.set(key, member);
    }
    return member;
  }

  computed(vm: Machine, site: Site): Value {
    const { module } = site.frame;
    vm.unsettled(
      'computed-model',
      { module, node: site.node },
      `the model is chosen at run time: ${vm.text(module, site.node)}`,
    );
    return UNKNOWN;
  }

  #member(vm: Machine, key: string): Value | undefined {
    if (key === '$transaction')
      return native('prisma.$transaction', (machine, call) => this.#transact(machine, call));
    if (key === '$extends') return native('prisma.$extends', (_vm, call) => this.#extend(call));
    if (RAW.has(key)) {
      return native(`prisma.${key}`, (machine, call) => {
        recordRaw(machine, call.args[0] ?? UNKNOWN, call.site, this.transaction);
        return UNKNOWN;
      });
    }
    if (key === '$use' || key === '$on') {
      return native(`prisma.${key}`, (machine, { args, site }) => {
        for (const func of functionsIn(args, 0))
          listen(machine, func, 'listener', `Prisma client ${key}`, site);
        return UNKNOWN;
      });
    }
    if (key.startsWith('$') && this.extensions.length === 0) return native(`prisma.${key}`, () => UNKNOWN);
    const model = modelOf(vm, key);
    if (model !== undefined) return host(new Delegate(model, this));
    for (const extension of this.extensions) {
      const methods = extension.props.get('client')?.value;
      const method = methods?.kind === 'object' ? methods.props.get(key)?.value : undefined;
      if (method !== undefined) return method;
    }
    return undefined;
  }

  #transact(vm: Machine, call: Call): Value {
    const { site, args } = call;
    const place = { module: site.frame.module, node: site.node };
    const [first] = args;
    let result: Value = UNKNOWN;
    for (const func of functionsIn(first === undefined ? [] : [first], 0)) {
      const inner = site.frame.env.site(
        site.node,
        () => {
          const scope: TransactionScope = this.transaction ?? { place, kind: 'interactive' };
          return host(new PrismaClientHost(this.extensions, scope));
        },
        'transaction',
      );
      const scope = inner.host instanceof PrismaClientHost ? inner.host.transaction : undefined;
      result = vm.invoke(func, UNKNOWN, [inner], site, 'call', scope);
    }
    if (first !== undefined && members(first).some((item) => item.kind !== 'function')) {
      collectBatch(site.frame.invocation, { place, kind: 'batch' });
    }
    return result;
  }

  #extend({ args, site }: Call): Value {
    const added = args.flatMap((arg) => members(arg).filter((item) => item.kind === 'object'));
    return site.frame.env.site<Host>(
      site.node,
      () => host(new PrismaClientHost([...this.extensions, ...added], this.transaction)),
      `extends ${added.map((item) => item.id).join()}`,
    );
  }
}

/**
 * Queries that were collected in a list before `$transaction(list)` run in it: those that nobody awaited, in the function
 * itself and in callbacks written inside it.
 */
function collectBatch(invocation: Invocation, scope: TransactionScope): void {
  const outer = invocation.func?.node;
  const inside = [...invocation.calls.values()]
    .map((call) => call.callee)
    .filter((callee) => {
      const node = callee.func?.node;
      return (
        node !== undefined &&
        callee.module === invocation.module &&
        (outer === undefined || (node.start > outer.start && node.end <= outer.end))
      );
    });
  for (const { accesses } of [invocation, ...inside]) {
    for (const record of accesses.values()) {
      const { module, node } = record.place;
      const before = module.source.text.slice(Math.max(0, node.start - 16), node.start);
      if (record.transaction === undefined && !/\bawait\s+$/.test(before)) record.transaction = scope;
    }
  }
}

/** `prisma.review` */
class Delegate implements HostObject {
  readonly type = 'prisma.delegate';
  readonly #model: string;
  readonly #client: PrismaClientHost;
  readonly #methods = new Map<string, Value>();
  constructor(model: string, client: PrismaClientHost) {
    this.#model = model;
    this.#client = client;
  }

  get(vm: Machine, key: string, site: Site): Value | undefined {
    let method = this.#methods.get(key);
    if (method === undefined) {
      method = this.#method(vm, key, site);
      if (method !== undefined) this.#methods.set(key, method);
    }
    return method;
  }

  #method(vm: Machine, key: string, site: Site): Value | undefined {
    const own = this.#extension(vm, 'model', key, site);
    if (own !== undefined) return own;
    const access = Object.hasOwn(OPERATIONS, key) ? OPERATIONS[key] : undefined;
    if (access === undefined) return key === 'name' || key === '$name' ? literal(this.#model) : undefined;
    return native(`prisma.${this.#model}.${key}`, (machine, call) => {
      recordQuery(machine, this.#model, key, access, call.args[0], call.site, this.#client.transaction, true);
      const hook =
        this.#extension(machine, 'query', key, call.site) ??
        this.#extension(machine, 'query', '$allOperations', call.site);
      if (hook !== undefined) callValue(machine, hook, undefined, [UNKNOWN], call.site);
      return UNKNOWN;
    });
  }

  /** A method or hook that `$extends` adds for this model or for all. */
  #extension(vm: Machine, part: 'model' | 'query', key: string, site: Site): Value | undefined {
    for (const extension of this.#client.extensions) {
      const component = extension.props.get(part)?.value;
      if (component?.kind !== 'object') continue;
      for (const name of [delegateName(this.#model), '$allModels']) {
        const methods = component.props.get(name)?.value;
        if (methods?.kind !== 'object' || methods.props.get(key)?.value === undefined) continue;
        return getProperty(vm, methods, key, site);
      }
    }
    return undefined;
  }
}

/** The model that a client's property stands for. Without a schema the property's name is all there is. */
export function modelOf(vm: Machine, property: string): string | undefined {
  let names = vm.extras.get('delegates') as Map<string, string> | undefined;
  if (names === undefined) {
    names = new Map([...vm.data.models.keys()].map((name) => [delegateName(name), name]));
    vm.extras.set('delegates', names);
  }
  const known = names.get(property);
  if (known !== undefined || vm.data.models.size > 0) return known;
  const plain =
    /^[a-z][A-Za-z0-9]*$/.test(property) &&
    !['then', 'default', 'constructor', 'toString'].includes(property);
  return plain ? property.charAt(0).toUpperCase() + property.slice(1) : undefined;
}
