/** Registration of Fastify plugins: functions, wrapped functions, modules, and folders by @fastify/autoload. */
import { getProperty } from '../../interpret/access.ts';
import { callValue } from '../../interpret/calls.ts';
import { type HostObject, host, type Site } from '../../interpret/host.ts';
import type { Machine } from '../../interpret/machine.ts';
import { type Host, members, UNKNOWN, type Value } from '../../interpret/values.ts';
import { NEXT, type PathText, pathsOf } from '../routes.ts';
import { autoload } from './autoload.ts';
import { type FastifyInstance, fastifyInstance, property } from './instance.ts';

/** A plugin wrapped by fastify-plugin: it works on the instance it is registered on, not on one of its own. */
class SharedPlugin implements HostObject {
  readonly type = 'fastify.plugin';
  readonly inner: Value;
  constructor(inner: Value) {
    this.inner = inner;
  }
  call(vm: Machine, call: import('../../interpret/host.ts').Call): Value {
    return callValue(vm, this.inner, call.self, call.args, call.site);
  }
}

export function installFastify(vm: Machine): void {
  const make = (machine: Machine, call: import('../../interpret/host.ts').Call): Value =>
    fastifyInstance(machine, undefined, [], call.site, 'root').self;
  const fastify: Host = host({
    type: 'fastify',
    get: (_vm, key) => (key === 'default' || key === 'fastify' ? fastify : undefined),
    call: make,
    construct: make,
  });
  vm.externals.set('fastify', () => fastify);
  const wrapper: Host = host({
    type: 'fastify-plugin',
    get: (_vm, key) => (key === 'default' || key === 'fastifyPlugin' ? wrapper : undefined),
    call: (_vm, call) => {
      const inner = call.args[0] ?? UNKNOWN;
      return call.site.frame.env.site<Host>(
        call.site.node,
        () => host(new SharedPlugin(inner)),
        `plugin ${inner.id}`,
      );
    },
  });
  vm.externals.set('fastify-plugin', () => wrapper);
  const loader: Host = host({
    type: 'fastify.autoload',
    get: (_vm, key) => (key === 'default' || key === 'fastifyAutoload' ? loader : undefined),
  });
  for (const name of ['@fastify/autoload', 'fastify-autoload']) vm.externals.set(name, () => loader);
}

export function registerPlugin(
  vm: Machine,
  on: FastifyInstance,
  plugin: Value,
  options: Value | undefined,
  site: Site,
  given?: PathText[],
): void {
  const settled = options?.kind === 'function' ? callValue(vm, options, undefined, [on.self], site) : options;
  const declared = settled === undefined ? undefined : property(settled, 'prefix');
  const prefixes =
    given ??
    (declared === undefined ? [] : pathsOf(vm, declared, { module: site.frame.module, node: site.node }));
  for (const item of members(plugin)) {
    switch (item.kind) {
      case 'function': {
        const child = fastifyInstance(
          vm,
          on,
          prefixes,
          site,
          `${item.id} ${on.self.id} ${prefixes.map((prefix) => prefix.text).join()}`,
        );
        vm.invoke(item, child.self, [child.self, settled ?? UNKNOWN, NEXT], site);
        break;
      }
      case 'object': {
        const inner = item.props.get('default')?.value;
        if (inner !== undefined) registerPlugin(vm, on, inner, settled, site, prefixes);
        break;
      }
      case 'host':
        if (item.host instanceof SharedPlugin) {
          callValue(vm, item.host.inner, on.self, [on.self, settled ?? UNKNOWN, NEXT], site);
        } else if (item.host.type === 'fastify.autoload') autoload(vm, on, settled, site);
        else if (item.host.type === 'namespace') {
          registerPlugin(vm, on, getProperty(vm, item, 'default', site), settled, site, prefixes);
        }
        break;
      case 'unknown':
        vm.unsettled(
          'unknown-plugin',
          { module: site.frame.module, node: site.node },
          `the plugin that is registered can't be seen: ${vm.text(site.frame.module, site.node, 80)}`,
        );
        break;
    }
  }
}
