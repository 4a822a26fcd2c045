import { dirname } from 'node:path';
import { dynamicRequire } from './dynamic.ts';
import type { Frame } from './frame.ts';
import { host } from './host.ts';
import type { Machine } from './machine.ts';
import { object } from './patterns.ts';
import { cell, literal, type ObjectValue, UNKNOWN } from './values.ts';

/** The names that Node gives every module: `require`, `module`, `exports`, `__dirname`, `__filename`, `import.meta`. */
export function moduleScope(vm: Machine, frame: Frame): void {
  const { module, env } = frame;
  const node = module.source.program;
  const { path } = module.source;
  const exports = env.site<ObjectValue>(node, () => object(false), 'exports');
  if (module.commonjs === undefined) {
    module.commonjs = env.site<ObjectValue>(node, () => object(true), 'module');
    module.commonjs.props.set('exports', cell(exports));
  }
  vm.assign(env.declare('module'), module.commonjs);
  vm.assign(env.declare('exports'), exports);
  vm.assign(
    env.declare('require'),
    env.site(
      node,
      () =>
        host({
          type: 'require',
          call: (machine, call) => dynamicRequire(machine, call),
          get: (_vm, key) => (key === 'resolve' ? UNKNOWN : undefined),
        }),
      'require',
    ),
  );
  vm.assign(env.declare('__dirname'), literal(dirname(path)));
  vm.assign(env.declare('__filename'), literal(path));
  const meta = env.site<ObjectValue>(node, () => object(true), 'import.meta');
  meta.props.set('url', cell(literal(`file://${path}`)));
  meta.props.set('dirname', cell(literal(dirname(path))));
  meta.props.set('filename', cell(literal(path)));
  vm.assign(env.declare('import.meta'), meta);
}
