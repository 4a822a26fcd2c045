import { evaluate } from '../../interpret/expressions.ts';
import type { Machine } from '../../interpret/machine.ts';
import type { ModuleState } from '../../interpret/modules.ts';
import type { ClassValue, Value } from '../../interpret/values.ts';
import { type Node, unwrap } from '../../syntax/ast.ts';

export interface DecoratorUse {
  /** Name under which the decorator is exported where it comes from. */
  name: string;
  /** Package or path it is imported from; empty for one of the same file. */
  from: string;
  args: readonly Node[];
  node: Node;
}

/** Decorators written on a class, a member or a parameter. */
export function decoratorsOf(module: ModuleState, node: Node): DecoratorUse[] {
  const list = 'decorators' in node && Array.isArray(node.decorators) ? node.decorators : [];
  return list.flatMap((decorator): DecoratorUse[] => {
    const expression = unwrap(decorator.expression);
    const call = expression.type === 'CallExpression' ? expression : undefined;
    const callee = unwrap(call === undefined ? expression : call.callee);
    const args = call?.arguments ?? [];
    if (callee.type === 'Identifier') {
      const binding = module.imports.get(callee.name);
      const name = binding === undefined || binding.imported === 'default' ? callee.name : binding.imported;
      return [{ name, from: binding?.request ?? '', args, node: decorator }];
    }
    if (callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier') {
      return [{ name: callee.property.name, from: '', args, node: decorator }];
    }
    return [];
  });
}

/** Value of a decorator's argument, evaluated where the class is declared. */
export function argumentValue(vm: Machine, cls: ClassValue, node: Node): Value {
  const frame = vm.frame(vm.evaluateModule(cls.module));
  frame.env = cls.env;
  return evaluate(vm, frame, node);
}
