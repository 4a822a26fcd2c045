/** `require()` and `import()`, with a literal request, with one that evaluates to a file, or with neither. */
import { dirname, resolve } from 'node:path';
import type { Node } from '../syntax/ast.ts';
import { evaluate } from './expressions.ts';
import type { Frame } from './frame.ts';
import type { Call } from './host.ts';
import { moduleNamespace, requireModule } from './imports.ts';
import type { Machine } from './machine.ts';
import type { ModuleState } from './modules.ts';
import { joinAll, members, type Template, UNKNOWN, type Value } from './values.ts';

/** Modules that a partly known request is taken to mean at most. */
const MAX_GUESSES = 64;

export function dynamicRequire(vm: Machine, call: Call): Value {
  const { site, args } = call;
  return load(vm, site.frame, args[0] ?? UNKNOWN, site.node, 'dynamic-require', (request) =>
    requireModule(vm, site.frame.module, request, site),
  );
}

export function dynamicImport(vm: Machine, frame: Frame, source: Node, node: Node): Value {
  return load(vm, frame, evaluate(vm, frame, source), node, 'dynamic-import', (request) => {
    const found = vm.resolver.resolve(frame.module.source.path, request.replace(/^file:\/\//, ''));
    const module = found.kind === 'file' ? vm.modules.get(found.path) : undefined;
    return module === undefined
      ? requireModule(vm, frame.module, request, { node, frame })
      : moduleNamespace(module);
  });
}

function load(
  vm: Machine,
  frame: Frame,
  request: Value,
  node: Node,
  kind: string,
  one: (request: string) => Value,
): Value {
  const loaded: Value[] = [];
  for (const item of members(request)) {
    if (item.kind === 'literal' && typeof item.value === 'string') loaded.push(one(item.value));
    else if (item.kind === 'literal') continue;
    else {
      const guesses = item.kind === 'template' ? matching(vm, frame.module, item) : [];
      const text = vm.text(frame.module, node);
      vm.unsettled(
        kind,
        { module: frame.module, node },
        guesses.length === 0
          ? `the module is chosen at run time: ${text}`
          : `the module is chosen at run time: ${text}; taken to be any of ${guesses.length} files of that form`,
      );
      for (const guess of guesses) {
        vm.evaluateModule(guess);
        loaded.push(requireModule(vm, frame.module, guess.source.path, { node, frame }));
      }
      loaded.push(UNKNOWN);
    }
  }
  return loaded.length === 0 ? UNKNOWN : joinAll(loaded);
}

/** The project's modules whose path fits a request with unknown parts. */
function matching(vm: Machine, from: ModuleState, request: Template): ModuleState[] {
  const [head] = request.parts;
  if (head === null || head === undefined || !/^(?:\.{1,2}\/|\/|file:)/.test(head)) return [];
  const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const base = head.startsWith('.')
    ? resolve(dirname(from.source.path), head) + (head.endsWith('/') ? '/' : '')
    : head.replace(/^file:\/\//, '');
  const tail = request.parts.slice(1).map((part) => (part === null ? '[^/]+' : quoted(part)));
  const pattern = new RegExp(`^${quoted(base)}${tail.join('')}(?:/index)?(?:\\.[cm]?[jt]sx?)?$`);
  const fitting: ModuleState[] = [];
  for (const module of vm.modules.values()) {
    const { path } = module.source;
    if (module !== from && (pattern.test(path) || pattern.test(path.replace(/\.ts$/, '.js'))))
      fitting.push(module);
    if (fitting.length >= MAX_GUESSES) break;
  }
  return fitting;
}
