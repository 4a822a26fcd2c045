/** Refusals for middleware that finds out who is calling. */
import type { Invocation } from '../../analysis/interpret/invocation.ts';
import { type Callable, eachChild, isCallable, type Node } from '../../analysis/syntax/ast.ts';
import { portForm } from '../slice/port-form.ts';
import type { Slice } from '../slice/slice.ts';
import { type Draft, SHARED } from './draft.ts';

/** Middleware that looks things up, as authentication does. */
export function identity(slice: Slice): Draft[] {
  const { vm } = slice.deep.run;
  return slice.routes.flatMap((route) =>
    [...route.ownInvocations, ...route.inheritedInvocations].flatMap((invocation): Draft[] => {
      const touched = slice.behaviour.deep(invocation).filter((touch) => !slice.owned.has(touch.model));
      const { func } = invocation;
      if (touched.length === 0 || func === undefined) return [];
      return [
        {
          kind: 'identity',
          subject: `${func.module.source.name}:${func.name || (slice.graph.of(invocation)?.symbol.names[0] ?? '')}`,
          file: func.module.source.name,
          line: vm.line(func.module, func.node),
          reason: `the middleware ${func.name || 'here'} looks up ${[...new Set(touched.map((touch) => touch.model))].join(', ')}, which stays in the monolith`,
          options: canAsk(slice, invocation) ? [SHARED, 'ask-monolith'] : [SHARED],
          asks: invocation,
        },
      ];
    }),
  );
}

/**
 * Whether the monolith can be asked in a middleware's place. Not for one that a factory makes, such as `requireRight('admin')`: what it
 * was made with would be lost, and the right of one route could open another.
 */
function canAsk(slice: Slice, { func }: Invocation): boolean {
  if (func === undefined) return false;
  const symbol = slice.graph.at(func.module, func.node.start);
  if (symbol === undefined) return false;
  if (portForm(symbol)?.func === func.node) return true;
  const around = enclosing(symbol.symbol.node, func.node);
  // A plugin's own function, which the framework calls once: only its options could be lost.
  const [outer, ...more] = around;
  if (outer === undefined || more.length > 0) return around.length === 0;
  const [first, ...options] = outer.params;
  return (
    first !== undefined &&
    options.length === 0 &&
    slice.routes.some(({ framework }) => framework === 'fastify')
  );
}

/** Functions around a node, from the outside in. */
function enclosing(root: Node, target: Node): Callable[] {
  const found: Callable[] = [];
  const walk = (node: Node): void => {
    if (node === target || node.start > target.start || node.end < target.end) return;
    if (isCallable(node)) found.push(node);
    eachChild(node, walk);
  };
  walk(root);
  return found;
}
