import { evaluate } from '../../interpret/expressions.ts';
import { type HostObject, host, native } from '../../interpret/host.ts';
import type { Machine } from '../../interpret/machine.ts';
import type { ModuleState } from '../../interpret/modules.ts';
import { type ClassValue, members, type Value } from '../../interpret/values.ts';
import { type Node, unwrap } from '../../syntax/ast.ts';

export interface DecoratorUse {
  /** Name under which the decorator is exported where it comes from. */
  name: string;
  /** Package or path it is imported from; empty for one of the same file. */
  from: string;
  args: readonly Node[];
  /** Arguments that are known as values only: those of a decorator inside a composed one. */
  values?: readonly Value[];
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

/** Value of a decorator's argument by position, however the decorator was written. */
export function argumentAt(vm: Machine, cls: ClassValue, use: DecoratorUse, at: number): Value | undefined {
  if (use.values !== undefined) return use.values[at];
  const node = use.args[at];
  return node === undefined ? undefined : argumentValue(vm, cls, node);
}

export function argumentsOf(vm: Machine, cls: ClassValue, use: DecoratorUse): Value[] {
  return use.values !== undefined ? [...use.values] : use.args.map((arg) => argumentValue(vm, cls, arg));
}

/** A decorator as a value: its name and arguments, or those it is composed of. */
class DecoratorHost implements HostObject {
  readonly type = 'nest.decorator';
  readonly parts: readonly { name: string; values: readonly Value[] }[];
  constructor(parts: DecoratorHost['parts']) {
    this.parts = parts;
  }
}

/** Decorators of Nest that a project puts together to its own, which `decoratorsOf` alone would not see through. */
const COMPOSABLE =
  /^(?:Use[A-Z]\w*|Get|Post|Put|Patch|Delete|Head|Options|All|Sse|Controller|Version|Cron|OnEvent|MessagePattern|EventPattern)$/;

/** The value of a decorator that Nest exports, for when it is called as a plain function. */
export function decoratorValue(name: string): Value | undefined {
  if (name === 'applyDecorators') {
    return native(name, (_vm, { args, site }) => {
      const parts = args.flatMap((arg) =>
        members(arg).flatMap((item) =>
          item.kind === 'host' && item.host instanceof DecoratorHost ? item.host.parts : [],
        ),
      );
      return site.frame.env.site(site.node, () => host(new DecoratorHost(parts)), keyOfParts(parts));
    });
  }
  if (!COMPOSABLE.test(name)) return undefined;
  return native(name, (_vm, { args, site }) => {
    const parts = [{ name, values: args }];
    return site.frame.env.site(site.node, () => host(new DecoratorHost(parts)), keyOfParts(parts));
  });
}

function keyOfParts(parts: DecoratorHost['parts']): string {
  return `decorator ${parts.map((part) => `${part.name} ${part.values.map((value) => value.id).join()}`).join(';')}`;
}

/** Decorators of a class or a member with those that the project's own are made of in their place. */
export function allDecorators(vm: Machine, cls: ClassValue, node: Node): DecoratorUse[] {
  return decoratorsOf(cls.module, node).flatMap((use): DecoratorUse[] => {
    const own = use.from === '' || vm.resolver.resolve(cls.module.source.path, use.from).kind === 'file';
    if (!own || COMPOSABLE.test(use.name)) return [use];
    const { expression } = use.node as { expression?: Node };
    const parts =
      expression === undefined
        ? []
        : members(argumentValue(vm, cls, expression)).flatMap((item) =>
            item.kind === 'host' && item.host instanceof DecoratorHost ? item.host.parts : [],
          );
    if (parts.length === 0) return [use];
    return [
      use,
      ...parts.map((part) => ({
        name: part.name,
        from: '@nestjs/common',
        args: [],
        values: part.values,
        node: use.node,
      })),
    ];
  });
}
