/** One graph of everything that was found; every edge keeps its evidence. */
import { innermost } from '../frameworks/routes.ts';
import { resolveImport } from '../interpret/imports.ts';
import type { Invocation, Place, TransactionScope } from '../interpret/invocation.ts';
import type { Machine } from '../interpret/machine.ts';
import type { RunEntry, ServedRoute } from '../interpret/run.ts';
import type { Func } from '../interpret/values.ts';
import { type RawReader, spot } from '../inventory/uses.ts';
import type { Entry, Graph, GraphEdge, GraphNode, Route, StateUse } from '../model.ts';

/** Evidence kept for one edge; the weight counts all. */
const MAX_EVIDENCE = 12;

export interface GraphInput {
  vm: Machine;
  raw: RawReader;
  routes: { route: Route; served: ServedRoute }[];
  entries: { entry: Entry; run: RunEntry }[];
  state: StateUse[];
}

export function buildGraph({ vm, raw, routes, entries, state }: GraphInput): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge & { places: Set<string> }>();
  const addNode = (node: GraphNode): string => {
    if (!nodes.has(node.id)) nodes.set(node.id, node);
    return node.id;
  };
  const addEdge = (
    from: string,
    to: string,
    kind: GraphEdge['kind'],
    place: Place | undefined,
    inLoop = false,
    scope?: TransactionScope,
  ): void => {
    const transaction = scope === undefined ? undefined : spot(vm, scope.place);
    const label = transaction === undefined ? '' : `${transaction.file}:${transaction.line}`;
    const key = `${from}\0${to}\0${kind}\0${label}`;
    let edge = edges.get(key);
    if (edge === undefined) {
      edge = { from, to, kind, weight: 0, inLoop: false, evidence: [], places: new Set() };
      if (label !== '') edge.transaction = label;
      edges.set(key, edge);
    }
    edge.inLoop ||= inLoop;
    const where = place === undefined ? undefined : spot(vm, place);
    const mark = where === undefined ? '' : `${where.file}:${where.line}`;
    if (edge.places.has(mark)) return;
    edge.places.add(mark);
    edge.weight += 1;
    if (where !== undefined && edge.evidence.length < MAX_EVIDENCE) edge.evidence.push(where);
  };

  const functionNode = (func: Func): string => {
    const place = spot(vm, { module: func.module, node: func.node });
    const id = `function:${place.file}:${func.node.start}`;
    if (!nodes.has(id)) {
      addNode({
        id,
        kind: 'function',
        label: func.name === '' ? `(anonymous, line ${place.line})` : func.name,
        ...place,
      });
      addEdge(moduleNode(place.file), id, 'contains', undefined);
    }
    return id;
  };
  const moduleNode = (file: string): string =>
    addNode({ id: `module:${file}`, kind: 'module', label: file, file, line: 1 });
  const modelNode = (name: string): string => {
    const model = vm.data.models.get(name);
    return addNode({
      id: `model:${name}`,
      kind: 'model',
      label: name,
      ...(model === undefined ? {} : { file: model.file, line: model.line }),
    });
  };
  const idOf = (invocation: Invocation): string =>
    invocation.func === undefined ? moduleNode(invocation.module.source.name) : functionNode(invocation.func);

  for (const model of vm.data.models.values()) {
    modelNode(model.name);
    for (const relation of model.relations) {
      if (!relation.owning && relation.kind !== 'many-to-many') continue;
      const from = modelNode(model.name);
      const to = modelNode(relation.target);
      addEdge(from, to, 'relation', undefined);
      edges.get(`${from}\0${to}\0relation\0`)?.evidence.push({ file: model.file, line: model.line });
    }
  }

  // Only what leads to data is worth a node: functions that merely compute would bury the rest.
  const invocations = vm.invocations();
  const matters = new Set<Invocation>();
  const stack = invocations.filter((item) => item.accesses.size > 0 || item.raw.length > 0);
  while (stack.length > 0) {
    const item = stack.pop();
    if (item === undefined || matters.has(item)) continue;
    matters.add(item);
    stack.push(...item.callers);
  }
  for (const invocation of invocations) {
    if (!matters.has(invocation)) continue;
    const from = idOf(invocation);
    for (const access of invocation.accesses.values()) {
      addEdge(
        from,
        modelNode(access.model),
        access.access === 'read' ? 'reads' : 'writes',
        access.place,
        access.inLoop,
        access.transaction,
      );
    }
    for (const record of invocation.raw) {
      for (const { model, access } of raw.read(record))
        addEdge(
          from,
          modelNode(model),
          access === 'read' ? 'reads' : 'writes',
          record.place,
          false,
          record.transaction,
        );
    }
    for (const call of invocation.calls.values()) {
      if (!matters.has(call.callee)) continue;
      const to = idOf(call.callee);
      const kind = call.kind === 'call' ? 'calls' : call.kind === 'authentication' ? 'callback' : call.kind;
      if (from !== to && invocation.func !== undefined)
        addEdge(from, to, kind, call.place, call.inLoop, call.transaction);
    }
  }
  for (const { route, served } of routes) {
    const id = addNode({
      id: `route:${route.method} ${route.path}`,
      kind: 'route',
      label: `${route.method} ${route.path}`,
      ...route.registered,
    });
    for (const invocation of served.handled)
      if (invocation.func !== undefined)
        addEdge(id, functionNode(innermost(invocation.func)), 'handles', served.place);
    // A wrapper stays in the graph between a route and its handler only where it touches data itself.
    for (const invocation of [...served.handled, ...served.ownInvocations]) {
      if (invocation.func !== undefined && matters.has(invocation))
        addEdge(id, functionNode(invocation.func), 'handles', served.place);
    }
  }
  for (const { entry, run } of entries) {
    const id = addNode({
      id: `entry:${entry.kind}:${entry.label}:${entry.file}:${entry.line}`,
      kind: 'entry',
      label: `${entry.kind} ${entry.label}`,
      file: entry.file,
      line: entry.line,
    });
    addEdge(id, functionNode(run.func), 'handles', run.place);
  }
  for (const use of state) {
    const id = addNode({
      id: `state:${use.file}:${use.name}`,
      kind: 'state',
      label: use.name,
      file: use.file,
      line: use.line,
    });
    addEdge(moduleNode(use.file), id, 'state', undefined);
    edges.get(`module:${use.file}\0${id}\0state\0`)?.evidence.push(...use.writers.slice(0, MAX_EVIDENCE));
  }
  for (const module of vm.modules.values()) {
    for (const { request, node, typeOnly } of module.requests) {
      const target = typeOnly ? undefined : resolveImport(vm, module, request);
      if (target !== undefined && target !== module)
        addEdge(moduleNode(module.source.name), moduleNode(target.source.name), 'imports', { module, node });
    }
  }
  const list = [...edges.values()].map(({ places: _places, ...edge }) => edge);
  return {
    nodes: [...nodes.values()].sort((a, b) => compare(a.id, b.id)),
    edges: list.sort(
      (a, b) =>
        compare(a.from, b.from) ||
        compare(a.to, b.to) ||
        compare(a.kind, b.kind) ||
        compare(a.transaction ?? '', b.transaction ?? ''),
    ),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
