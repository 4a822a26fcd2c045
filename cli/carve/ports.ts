/** Calls that cross the border, as ports: from the service into the monolith, and from the monolith into the service. */
import type { CallRecord, Invocation } from '../analysis/interpret/invocation.ts';
import type { Spot } from '../analysis/model.ts';
import { type Fated, runsOf } from './fates.ts';
import type { RemotePort } from './model.ts';
import { portForm } from './slice/port-form.ts';
import type { Slice } from './slice/slice.ts';
import type { ProjectSymbol } from './symbols.ts';

export interface Crossing {
  port: RemotePort;
  call: CallRecord;
  from: ProjectSymbol | undefined;
  to: ProjectSymbol;
}

/**
 * Every call over the border. A port is one function; its callers are collected. What the monolith calls of code that
 * moves is listed too: it goes on calling its own copy while the data are shared.
 */
export function crossings(slice: Slice, fates: ReadonlyMap<ProjectSymbol, Fated>): Crossing[] {
  const ports = new Map<string, RemotePort>();
  const found: Crossing[] = [];
  const visit = (from: ProjectSymbol, run: Invocation, direction: RemotePort['direction']): void => {
    for (const call of run.calls.values()) {
      const to = slice.graph.of(call.callee);
      if (to === undefined || to === from) continue;
      const outward = slice.ports.has(to);
      const inward =
        fates.get(to)?.fate === 'moved' &&
        slice.behaviour.deep(call.callee).some((touch) => slice.owned.has(touch.model));
      if (direction === 'service-to-monolith' ? !outward : !inward || call.callee.boot) continue;
      const port = portOf(slice, ports, to, call.callee, direction);
      if (port === undefined) continue;
      port.batch ||= call.inLoop;
      const spot: Spot = {
        file: call.place.module.source.name,
        line: slice.deep.run.vm.line(call.place.module, call.place.node),
      };
      if (!port.callers.some((item) => item.file === spot.file && item.line === spot.line))
        port.callers.push(spot);
      found.push({ port, call, from, to });
    }
  };
  for (const symbol of slice.taken)
    for (const run of runsOf(slice, symbol)) visit(symbol, run, 'service-to-monolith');
  for (const symbol of slice.graph.all) {
    if (slice.taken.has(symbol) || slice.ports.has(symbol)) continue;
    for (const run of slice.invocations.get(symbol) ?? []) visit(symbol, run, 'monolith-to-service');
  }
  // A port without a call that was seen, such as one handed on as a value.
  for (const symbol of slice.ports) {
    const run = slice.invocations.get(symbol)?.[0];
    if (run !== undefined) portOf(slice, ports, symbol, run, 'service-to-monolith');
  }
  return [...found, ...uncalled(found, ports, slice)];
}

/** The ports that no call leads to, so that they are listed as well. */
function uncalled(
  found: readonly Crossing[],
  ports: ReadonlyMap<string, RemotePort>,
  slice: Slice,
): Crossing[] {
  const seen = new Set(found.map((item) => item.port));
  return [...slice.ports].flatMap((to): Crossing[] => {
    const port = ports.get(`service-to-monolith:${to.id}:${to.symbol.start}`);
    const run = slice.invocations.get(to)?.[0];
    if (port === undefined || run === undefined || seen.has(port)) return [];
    const place = { module: to.module, node: to.symbol.node };
    return [
      {
        port,
        from: undefined,
        to,
        call: { callee: run, kind: 'call', place, inLoop: false, transaction: undefined },
      },
    ];
  });
}

function portOf(
  slice: Slice,
  ports: Map<string, RemotePort>,
  symbol: ProjectSymbol,
  callee: Invocation,
  direction: RemotePort['direction'],
): RemotePort | undefined {
  const { func } = callee;
  if (func === undefined) return undefined;
  const { vm } = slice.deep.run;
  const form = portForm(symbol);
  const key = `${direction}:${symbol.id}:${direction === 'service-to-monolith' ? symbol.symbol.start : func.node.start}`;
  let port = ports.get(key);
  if (port === undefined) {
    const node = direction === 'service-to-monolith' && form !== undefined ? form.func : func.node;
    const line = vm.line(func.module, node);
    const name = form?.name ?? func.name;
    port = {
      name: name === '' ? `line ${line}` : name,
      file: func.module.source.name,
      line,
      direction,
      parameters: node.params.map((parameter) => vm.text(func.module, parameter, 80)),
      models: [],
      batch: false,
      callers: [],
      why:
        direction === 'service-to-monolith'
          ? 'works on models that stay in the monolith'
          : 'works on models that move; the monolith keeps calling its own copy while the data are shared',
    };
    ports.set(key, port);
  }
  for (const touch of slice.behaviour.deep(callee)) {
    if (!port.models.some((model) => model.name === touch.model && model.access === touch.access))
      port.models.push({ name: touch.model, access: touch.access });
  }
  return port;
}
