/** Calls that cross the border, as ports: from the service into the monolith, and from the monolith into the service. */
import type { CallRecord, Invocation } from '../analysis/interpret/invocation.ts';
import type { Spot } from '../analysis/model.ts';
import type { Scope } from './classify.ts';
import type { RemotePort } from './model.ts';
import type { ProjectSymbol } from './symbols.ts';

export interface Crossing {
  port: RemotePort;
  call: CallRecord;
  caller: Invocation;
}

/** Every call over the border. A port is one function; its callers are collected. */
export function crossings(scope: Scope): Crossing[] {
  const ports = new Map<string, RemotePort>();
  const found: Crossing[] = [];
  const moves = (symbol: ProjectSymbol | undefined): boolean =>
    symbol !== undefined && scope.fates.get(symbol)?.fate === 'moved';
  const taken = (symbol: ProjectSymbol | undefined): boolean => {
    const fate = symbol === undefined ? undefined : scope.fates.get(symbol)?.fate;
    return fate === 'moved' || fate === 'copied' || fate === 'middleware';
  };
  for (const caller of [...scope.inside.invocations, ...scope.outside.invocations]) {
    const from = scope.graph.of(caller);
    for (const call of caller.calls.values()) {
      const to = scope.graph.of(call.callee);
      if (to === undefined || to === from) continue;
      const touched = scope.behaviour.deep(call.callee);
      const owns = touched.some((touch) => scope.owned.has(touch.model));
      const outward =
        scope.inside.invocations.has(caller) &&
        !scope.exits.has(caller) &&
        taken(from) &&
        scope.exits.has(call.callee) &&
        !moves(to);
      const inward = scope.outside.invocations.has(caller) && !taken(from) && owns && moves(to);
      if (!outward && !inward) continue;
      const direction = outward ? 'service-to-monolith' : 'monolith-to-service';
      const port = portOf(scope, ports, call.callee, direction);
      if (port === undefined) continue;
      port.batch ||= call.inLoop;
      const spot: Spot = {
        file: call.place.module.source.name,
        line: scope.deep.run.vm.line(call.place.module, call.place.node),
      };
      if (!port.callers.some((item) => item.file === spot.file && item.line === spot.line))
        port.callers.push(spot);
      found.push({ port, call, caller });
    }
  }
  return found;
}

function portOf(
  scope: Scope,
  ports: Map<string, RemotePort>,
  callee: Invocation,
  direction: RemotePort['direction'],
): RemotePort | undefined {
  const { func } = callee;
  if (func === undefined) return undefined;
  const { vm } = scope.deep.run;
  const file = func.module.source.name;
  const line = vm.line(func.module, func.node);
  const key = `${direction}:${file}:${func.node.start}`;
  let port = ports.get(key);
  if (port === undefined) {
    const why =
      direction === 'service-to-monolith'
        ? 'works on models that stay in the monolith'
        : 'works on models that move; the monolith keeps calling it';
    port = {
      name: func.name === '' ? `line ${line}` : func.name,
      file,
      line,
      direction,
      parameters: func.node.params.map((parameter) => vm.text(func.module, parameter, 80)),
      models: [],
      batch: false,
      callers: [],
      why,
    };
    ports.set(key, port);
  }
  for (const touch of scope.behaviour.deep(callee)) {
    if (!port.models.some((model) => model.name === touch.model && model.access === touch.access))
      port.models.push({ name: touch.model, access: touch.access });
  }
  return port;
}
