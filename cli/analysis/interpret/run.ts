/** Runs the interpreter over a project: start-up first, then every handler and listener, then what nobody called. */

import { expressRoutes, installExpress } from '../frameworks/express.ts';
import { fastifyArguments, fastifyRoutes } from '../frameworks/fastify/instance.ts';
import { installFastify } from '../frameworks/fastify/plugin.ts';
import { installNest, type NestEntry, nestEntries, nestRoutes } from '../frameworks/nest/app.ts';
import { installPassport } from '../frameworks/passport.ts';
import { installPrisma } from '../frameworks/prisma/install.ts';
import { expressArguments, handlersIn, type RouteRecord } from '../frameworks/routes.ts';
import type { Limits } from '../project/limits.ts';
import type { ModuleResolver } from '../project/resolve.ts';
import type { DataModel } from '../schema/read.ts';
import { type Callable, eachChild, type Node } from '../syntax/ast.ts';
import type { SourceFile } from '../syntax/parse.ts';
import { methodOf } from './access.ts';
import { installGlobals } from './builtins/globals.ts';
import type { Invocation } from './invocation.ts';
import { Machine } from './machine.ts';
import { instanceOf } from './types.ts';
import { type Func, members, resetInterning, UNKNOWN, type Value } from './values.ts';

export interface ServedRoute extends RouteRecord {
  /** Evaluations of the handler. */
  handled: Invocation[];
  ownInvocations: Invocation[];
  inheritedInvocations: Invocation[];
}

export interface RunEntry {
  kind: string;
  label: string;
  func: Func;
  invocation: Invocation;
  place: { module: import('./modules.ts').ModuleState; node: Node };
}

export interface RunResult {
  vm: Machine;
  routes: ServedRoute[];
  entries: RunEntry[];
  /** Stages whose work was stopped before everything came to rest. */
  stopped: string[];
}

export function interpret(
  root: string,
  sources: SourceFile[],
  resolver: ModuleResolver,
  data: DataModel,
  limits: Limits,
  onStep: (step: string) => void,
): RunResult {
  resetInterning();
  const vm = new Machine(resolver, data, limits.evaluations);
  for (const source of sources) vm.add(source);
  installGlobals(vm, root);
  installPrisma(vm);
  installExpress(vm);
  installFastify(vm);
  installNest(vm);
  installPassport(vm);

  const stopped: string[] = [];
  const stage = (name: string, roots: () => void): void => {
    onStep(name);
    if (!vm.fixpoint(roots)) stopped.push(name);
  };
  const modules = [...vm.modules.values()];
  stage('start-up', () => {
    for (const module of modules) vm.evaluateModule(module);
  });

  let routes: ServedRoute[] = [];
  let entries: RunEntry[] = [];
  const serve = (): void => {
    for (const module of modules) vm.evaluateModule(module);
    vm.phase = 'serve';
    routes = [...withExpress(vm, expressRoutes(vm)), ...withFastify(vm), ...withNest(vm, nestRoutes(vm))];
    entries = entriesOf(vm);
  };
  stage('handlers', serve);
  stage('the rest', () => {
    evaluateUncalled(vm);
    serve();
  });
  return { vm, routes, entries, stopped };
}

/** Arguments of a call from outside the project: those that are known, and for the other parameters anything at all. */
function fromOutside(func: Func, known: readonly Value[] = []): Value[] {
  return [...known, ...func.node.params.slice(known.length).map(() => UNKNOWN)];
}

function serveAll(vm: Machine, funcs: readonly Func[], self: Value | undefined, args: Value[]): Invocation[] {
  return funcs.map((func) => {
    // Error handlers of Express take the error first.
    const given = func.node.params.length >= 4 ? [UNKNOWN, ...args] : args;
    const invocation = vm.prepare(func, self, fromOutside(func, given));
    vm.run(invocation);
    return invocation;
  });
}

function withExpress(vm: Machine, routes: RouteRecord[]): ServedRoute[] {
  const apps = (vm.extras.get('express.routers') ?? []) as { type: string; self: Value }[];
  const args = expressArguments(vm, apps.find((router) => router.type === 'express.app')?.self ?? UNKNOWN);
  return routes.map((route) => serve(vm, route, undefined, args));
}

function withFastify(vm: Machine): ServedRoute[] {
  const args = fastifyArguments(vm);
  return fastifyRoutes(vm).map((route) => serve(vm, route, route.self, args));
}

function withNest(vm: Machine, routes: RouteRecord[]): ServedRoute[] {
  return routes.map((route) => serve(vm, route, undefined, []));
}

function serve(vm: Machine, route: RouteRecord, self: Value | undefined, args: Value[]): ServedRoute {
  return {
    ...route,
    handled: serveAll(vm, handlersIn([route.handler]), self, args),
    ownInvocations: serveAll(vm, route.own, self, args),
    inheritedInvocations: serveAll(vm, route.inherited, self, args),
  };
}

function entriesOf(vm: Machine): RunEntry[] {
  const entries: RunEntry[] = [];
  for (const { func, kind, label, site } of vm.listeners.values()) {
    const invocation = vm.prepare(func, func.self, fromOutside(func));
    vm.run(invocation);
    entries.push({ func, kind, label, invocation, place: site });
  }
  for (const { func, kind, label, cls, node } of nestEntries(vm) as NestEntry[]) {
    const invocation = vm.prepare(func, func.self, fromOutside(func));
    vm.run(invocation);
    entries.push({ func, kind, label, invocation, place: { module: cls.module, node } });
  }
  return entries;
}

/**
 * Evaluates functions that nothing was seen to call, so that what they touch is known as well: methods on an object of
 * their class, others with nothing known about their arguments beyond declared types.
 */
function evaluateUncalled(vm: Machine): void {
  for (const cls of [...vm.classes]) {
    for (const [name, found] of cls.methods) {
      if (name === 'constructor' || vm.wasCalled(found.node)) continue;
      if (!mayTouch(found.node)) continue;
      const self = found.isStatic ? cls : members(instanceOf(vm, cls))[0];
      const func = methodOf(cls, found.node, name, self);
      vm.run(vm.prepare(func, self, fromOutside(func)));
    }
  }
  for (const module of vm.modules.values()) {
    const env = module.invocation?.env;
    if (env === undefined) continue;
    for (const name of env.names()) {
      for (const member of members(env.own(name)?.value ?? UNKNOWN)) {
        if (member.kind === 'function') runIfUncalled(vm, member);
        else if (member.kind === 'object') {
          for (const held of member.props.values()) {
            for (const inner of held.value === undefined ? [] : members(held.value))
              if (inner.kind === 'function') runIfUncalled(vm, inner);
          }
        }
      }
    }
  }
}

function runIfUncalled(vm: Machine, func: Func): void {
  if (vm.wasCalled(func.node) || !mayTouch(func.node)) return;
  vm.run(vm.prepare(func, func.self, fromOutside(func)));
}

const touches = new WeakMap<Node, boolean>();

/** Whether a function calls anything at all; others can touch nothing. */
function mayTouch(node: Callable): boolean {
  let known = touches.get(node);
  if (known === undefined) {
    known = false;
    const walk = (at: Node): void => {
      if (known === true) return;
      if (
        at.type === 'CallExpression' ||
        at.type === 'NewExpression' ||
        at.type === 'TaggedTemplateExpression'
      )
        known = true;
      else eachChild(at, walk);
    };
    if (node.body !== null) walk(node.body);
    touches.set(node, known);
  }
  return known;
}
