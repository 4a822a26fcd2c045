/**
 * Calls on receivers that could not be seen, where a method of the project that touches data would fit by its name. They
 * are not guessed into the graph, but they are what a reader should look at.
 */
import type { Machine } from '../interpret/machine.ts';
import type { Graph } from '../model.ts';
import type { Node } from '../syntax/ast.ts';

/** Names so common that a match says nothing. */
const COMMON = new Set([
  'get',
  'set',
  'has',
  'add',
  'all',
  'find',
  'create',
  'update',
  'delete',
  'remove',
  'save',
  'list',
  'send',
  'emit',
  'publish',
  'push',
  'run',
  'init',
  'start',
  'stop',
  'close',
  'open',
  'next',
  'then',
  'catch',
  'finally',
  'map',
  'filter',
  'forEach',
  'reduce',
  'log',
  'info',
  'warn',
  'error',
  'debug',
  'toString',
  'json',
  'parse',
  'validate',
  'execute',
  'handle',
  'call',
  'apply',
  'bind',
  'connect',
  'query',
  'process',
  'load',
  'read',
  'write',
  'default',
  'status',
  'on',
  'once',
  'user',
  'test',
]);

export function noteMissedCalls(vm: Machine, graph: Graph): void {
  const missed = (vm.extras.get('missed') ?? new Map()) as Map<
    Node,
    { key: string; module: Parameters<Machine['unsettled']>[1]['module'] }
  >;
  const resolved = new Set<Node>();
  for (const invocation of vm.invocations())
    for (const call of invocation.calls.values()) if (call.kind === 'call') resolved.add(call.place.node);
  const byName = new Map<string, string[]>();
  for (const node of graph.nodes) {
    if (node.kind !== 'function' || node.file === undefined) continue;
    const name = node.label.split('.').at(-1) ?? '';
    byName.set(name, [...(byName.get(name) ?? []), `${node.label} (${node.file}:${node.line})`]);
  }
  for (const [node, { key, module }] of missed) {
    const fitting = byName.get(key);
    if (fitting === undefined || resolved.has(node) || COMMON.has(key) || key.length < 4) continue;
    const shown =
      fitting.length > 2
        ? `${fitting.slice(0, 2).join(', ')} and ${fitting.length - 2} more`
        : fitting.join(', ');
    vm.unsettled(
      'dynamic-call',
      { module, node },
      `what this call reaches can't be seen; by its name it could be ${shown}`,
    );
  }
}
