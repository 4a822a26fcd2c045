/** Makes the Prisma client known to the interpreter, under all the names it is imported by. */
import { resolve } from 'node:path';
import type { UnknownCall } from '../../interpret/calls.ts';
import { functionsIn } from '../../interpret/calls.ts';
import { host, native, type Site } from '../../interpret/host.ts';
import type { TransactionScope } from '../../interpret/invocation.ts';
import type { Machine } from '../../interpret/machine.ts';
import type { ExternalType } from '../../interpret/types.ts';
import { type Host, literal, members, UNKNOWN, type Value } from '../../interpret/values.ts';
import { HOLE } from '../../schema/sql.ts';
import { unwrap } from '../../syntax/ast.ts';
import { modelOf, PrismaClientHost } from './client.ts';
import { DISTINCTIVE, OPERATIONS, RAW } from './operations.ts';
import { recordQuery, recordRaw } from './record.ts';

const PACKAGES = [
  '@prisma/client',
  '@prisma/client/edge',
  '@prisma/client/wasm',
  '.prisma/client',
  '@prisma/client/default',
  '@prisma/client/extension',
];

export function installPrisma(vm: Machine): void {
  const namespace = clientPackage(vm);
  for (const name of PACKAGES) vm.externals.set(name, () => namespace);
  vm.externals.set('generated', (key) => (isGenerated(vm, key) ? namespace : UNKNOWN));
  const typed = host(new PrismaClientHost());
  const lookup: ExternalType = (request, name) => {
    if (!PACKAGES.includes(request) && !isGenerated(vm, `\0${request}`)) return undefined;
    return name === 'PrismaClient' || name === 'Prisma.TransactionClient' ? typed : undefined;
  };
  vm.externalTypes.push(lookup);
  vm.extras.set('unknownCall', byName);
  vm.extras.set('batch', batchScope);
}

/** Whether a request means a generated client: by the generator's output folder, or by the customary names. */
function isGenerated(vm: Machine, key: string): boolean {
  const [from = '', request = ''] = key.split('\0');
  const found = from === '' ? undefined : vm.resolver.resolve(from, request);
  const target = request.startsWith('.') && from !== '' ? resolve(from, '..', request) : undefined;
  for (const { dir, output } of vm.data.outputs) {
    const folder = resolve(dir, output);
    if (target?.startsWith(folder) === true || (found?.kind === 'file' && found.path.startsWith(folder)))
      return true;
    const tail = output.replace(/^(?:\.{1,2}\/)+/, '').replace(/^node_modules\//, '');
    if (found?.kind !== 'file' && tail.length > 3 && request.includes(tail)) return true;
  }
  if (found?.kind === 'file') {
    const source = vm.modules.get(found.path)?.source;
    return source?.generated !== undefined && /\bprisma\b/i.test(source.text.slice(0, 1500));
  }
  return /(?:generated\/(?:prisma|client)|prisma\/(?:generated|client)|\.prisma\/client|@prisma\/client|prisma-client)/.test(
    request,
  );
}

function clientPackage(vm: Machine): Value {
  const clientClass = host({
    type: 'class PrismaClient',
    construct: (_vm, call) =>
      call.site.frame.env.site<Host>(
        call.site.node,
        () => host(new PrismaClientHost()),
        `client ${call.self?.id ?? ''}`,
      ),
  });
  const prisma = host({
    type: 'prisma.namespace',
    get: (_vm, key) => {
      switch (key) {
        case 'sql':
        case 'raw':
        case 'join':
          return sqlPart(key);
        case 'empty':
          return literal('');
        case 'defineExtension':
          return native('Prisma.defineExtension', (_machine, { args }) => args[0] ?? UNKNOWN);
        case 'validator':
          return native(
            'Prisma.validator',
            (_machine, { args }) => args[0] ?? native('validator', (_inner, call) => call.args[0] ?? UNKNOWN),
          );
        case 'ModelName':
          return host({
            type: 'prisma.models',
            get: (_machine, name) => (vm.data.models.has(name) ? literal(name) : undefined),
          });
        default:
          return undefined;
      }
    },
  });
  const namespace: Host = host({
    type: 'prisma.package',
    get: (_vm, key) => {
      if (key === 'PrismaClient') return clientClass;
      if (key === 'Prisma') return prisma;
      if (key === 'default') return namespace;
      const values = vm.data.enums.get(key);
      if (values === undefined) return undefined;
      return host({
        type: 'prisma.enum',
        get: (_machine, name) => (values.includes(name) ? literal(name) : undefined),
      });
    },
  });
  return namespace;
}

/** `Prisma.sql`, `Prisma.raw`, `Prisma.join`: parts of a statement, kept as text with holes. */
function sqlPart(key: string): Value {
  return native(`Prisma.${key}`, (_vm, { args, site }) => {
    const [first] = args;
    let text = HOLE;
    if (first?.kind === 'literal' && typeof first.value === 'string') text = first.value;
    else if (first?.kind === 'template') text = first.parts.map((part) => part ?? HOLE).join('');
    else if (key === 'join') text = `${HOLE}, ${HOLE}`;
    const part = { type: 'prisma.sql', text };
    return site.frame.env.site<Host>(site.node, () => host(part), text);
  });
}

const CLIENT_NAMES =
  /(?:^|\b|_)(?:prisma\w*|db|dbClient|database|tx|trx|transaction|client|orm|repo\w*|\w*Prisma\w*|\w*Repository)$/i;

/**
 * A call on a receiver that is not known, but reads like one on a Prisma client: `x.review.findMany()`. Counted as an
 * access that was recognised by name only.
 */
const byName: UnknownCall = (vm, key, args, site) => {
  const callee = calleeOf(site);
  if (callee === undefined) return undefined;
  const receiver = unwrap(callee.object);
  if (key === '$transaction') {
    const scope: TransactionScope = {
      place: { module: site.frame.module, node: site.node },
      kind: 'interactive',
    };
    let result: Value | undefined;
    for (const func of functionsIn(args.slice(0, 1), 0)) {
      const inner = site.frame.env.site(
        site.node,
        () => host(new PrismaClientHost([], scope)),
        'transaction',
      );
      const own = inner.host instanceof PrismaClientHost ? inner.host.transaction : scope;
      result = vm.invoke(func, UNKNOWN, [inner], site, 'call', own);
    }
    return result ?? UNKNOWN;
  }
  if (RAW.has(key)) {
    recordRaw(vm, args[0] ?? UNKNOWN, site, undefined);
    return UNKNOWN;
  }
  const access = Object.hasOwn(OPERATIONS, key) ? OPERATIONS[key] : undefined;
  if (access === undefined || receiver.type !== 'MemberExpression' || receiver.computed) return undefined;
  const { property } = receiver;
  if (property.type !== 'Identifier' || vm.data.models.size === 0) return undefined;
  const model = modelOf(vm, property.name);
  if (model === undefined) return undefined;
  const owner = vm.text(site.frame.module, unwrap(receiver.object), 120);
  if (!DISTINCTIVE.has(key) && !CLIENT_NAMES.test(owner)) return undefined;
  recordQuery(vm, model, key, access, args[0], site, undefined, false);
  return UNKNOWN;
};

function calleeOf(site: Site): import('../../syntax/ast.ts').MemberExpression | undefined {
  const { node } = site;
  const callee =
    node.type === 'CallExpression'
      ? unwrap(node.callee)
      : node.type === 'TaggedTemplateExpression'
        ? unwrap(node.tag)
        : undefined;
  return callee?.type === 'MemberExpression' ? callee : undefined;
}

/** Queries written inside the list that is handed to `$transaction([...])` belong to that transaction. */
function batchScope(_vm: Machine, object: Value, keys: string[], site: Site): TransactionScope | undefined {
  if (!keys.includes('$transaction') || site.node.type !== 'CallExpression') return undefined;
  const isClient = members(object).some(
    (item) =>
      item.kind === 'unknown' ||
      item.kind === 'instance' ||
      (item.kind === 'host' && item.host.type === 'prisma.client'),
  );
  const [first] = site.node.arguments;
  if (
    !isClient ||
    first === undefined ||
    unwrap(first).type === 'ArrowFunctionExpression' ||
    unwrap(first).type === 'FunctionExpression'
  ) {
    return undefined;
  }
  return { place: { module: site.frame.module, node: site.node }, kind: 'batch' };
}
