/** Environment variables that taken code reads. */
import type { Machine } from '../../analysis/interpret/machine.ts';
import type { Spot } from '../../analysis/model.ts';
import { eachChild, type Node } from '../../analysis/syntax/ast.ts';
import { type Cut, isCut } from './cuts.ts';
import type { TakenModule } from './liveness.ts';

/** `process.env.NAME`, `process.env['NAME']` and `const { NAME } = process.env`, each with its first place. */
export function environmentOf(
  vm: Machine,
  modules: Iterable<TakenModule>,
  cutsOf: (module: TakenModule['module']) => readonly Cut[],
): { name: string; place: Spot }[] {
  const found = new Map<string, Spot>();
  for (const taken of modules) {
    const { module } = taken;
    const cuts = cutsOf(module);
    const note = (name: string, node: Node): void => {
      if (!found.has(name)) found.set(name, { file: module.source.name, line: vm.line(module, node) });
    };
    const walk = (node: Node): void => {
      if (isCut(cuts, node.start)) return;
      if (node.type === 'MemberExpression' && isEnvironment(node.object)) {
        if (!node.computed && node.property.type === 'Identifier') note(node.property.name, node);
        else if (node.property.type === 'Literal' && typeof node.property.value === 'string')
          note(node.property.value, node);
      }
      if (node.type === 'VariableDeclarator' && node.init !== null && isEnvironment(node.init)) {
        if (node.id.type === 'ObjectPattern')
          for (const item of node.id.properties)
            if (item.type === 'Property' && item.key.type === 'Identifier') note(item.key.name, item);
      }
      eachChild(node, walk);
    };
    for (const symbol of [...taken.symbols].sort((a, b) => a.start - b.start)) walk(symbol.node);
  }
  return [...found].map(([name, place]) => ({ name, place })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isEnvironment(node: Node): boolean {
  return (
    node.type === 'MemberExpression' &&
    !node.computed &&
    node.object.type === 'Identifier' &&
    node.object.name === 'process' &&
    node.property.type === 'Identifier' &&
    node.property.name === 'env'
  );
}
