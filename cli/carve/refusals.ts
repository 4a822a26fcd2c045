/** What a carve must not decide by itself. Each refusal names the place, the reason, and the choices that would resolve it. */
import type { AccessRecord, Invocation } from '../analysis/interpret/invocation.ts';
import { members, type Value } from '../analysis/interpret/values.ts';
import type { Access, Suggestion } from '../analysis/model.ts';
import { type Callable, eachChild, isCallable, type Node } from '../analysis/syntax/ast.ts';
import { type Fated, isClient, runsOf } from './fates.ts';
import type { Refusal } from './model.ts';
import type { Crossing } from './ports.ts';
import { commonExport } from './slice/common-js.ts';
import { isCatchAll } from './slice/contributions.ts';
import { isCut } from './slice/cuts.ts';
import { calledParameter, portForm, unserialisable } from './slice/port-form.ts';
import type { Slice } from './slice/slice.ts';
import type { ProjectSymbol } from './symbols.ts';

/** A refusal with what its choices would change in the slice. */
export interface Draft extends Omit<Refusal, 'key' | 'decision'> {
  /** What tells two refusals of a kind apart, stable when lines shift. */
  subject: string;
  /** The function that `keep-in-monolith` keeps there. */
  keeps?: string;
  /** The function that `shared-database` takes along. */
  takes?: string;
  /** The statement, as `file:line`, that `only-monolith` leaves out. */
  drops?: string;
  /** The middleware that `ask-monolith` replaces. */
  asks?: Invocation;
}

export type FullRefusal = Refusal & Omit<Draft, 'subject'>;

export function refusalsOf(
  slice: Slice,
  fates: ReadonlyMap<ProjectSymbol, Fated>,
  suggestion: Suggestion,
  crossing: readonly Crossing[],
): FullRefusal[] {
  const drafts = [
    ...transactions(slice),
    ...callsInTransactions(slice, crossing),
    ...signatures(crossing),
    ...identity(slice),
    ...foreignQueries(slice, fates),
    ...ownedQueries(slice),
    ...fromObstacles(suggestion),
    ...unreadable(slice),
    ...foreignRoutes(slice),
    ...sideEffects(slice, fates),
    ...state(slice),
  ];
  const found = new Map<string, FullRefusal>();
  for (const { subject, ...draft } of drafts) {
    const key = `${draft.kind}:${subject}`;
    if (!found.has(key)) found.set(key, { ...draft, key, decision: `${key}: ${draft.options.join(' | ')}` });
  }
  return [...found.values()].sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || (a.key < b.key ? -1 : 1),
  );
}

const SHARED = 'shared-database';
const KEEP = 'keep-in-monolith';

/** Whether a function can stay in the monolith and be called: not what answers requests, puts the application together, or is handed a callback. */
function canStay(slice: Slice, symbol: ProjectSymbol): boolean {
  const handlers = slice.routes.flatMap((route) =>
    [...route.handled, ...route.ownInvocations, ...route.inheritedInvocations].map((item) =>
      slice.graph.of(item),
    ),
  );
  const form = portForm(symbol);
  return (
    form !== undefined &&
    calledParameter(form.func) === undefined &&
    !handlers.includes(symbol) &&
    !(slice.invocations.get(symbol) ?? []).some((run) => run.boot) &&
    !isClient(symbol)
  );
}

function symbolAt(slice: Slice, file: string, line: number): ProjectSymbol | undefined {
  return slice.graph.all.find(
    (item) => item.module.source.name === file && item.symbol.line <= line && line <= item.symbol.endLine,
  );
}

function transactions(slice: Slice): Draft[] {
  return slice.deep.analysis.transactions.flatMap((transaction): Draft[] => {
    const names = (own: boolean): string[] => [
      ...new Set(
        transaction.models.filter((use) => slice.owned.has(use.name) === own).map((use) => use.name),
      ),
    ];
    const [inside, outside] = [names(true), names(false)];
    if (inside.length === 0 || outside.length === 0) return [];
    const symbol = symbolAt(slice, transaction.file, transaction.line);
    const moves = symbol !== undefined && slice.taken.has(symbol);
    const stays = symbol === undefined || !moves || canStay(slice, symbol);
    return [
      {
        kind: 'split-transaction',
        subject: `${symbol?.id ?? transaction.file}:${inside.join('+')}:${outside.join('+')}`,
        file: transaction.file,
        line: transaction.line,
        reason: `one transaction works on ${inside.join(', ')}, which would move, and on ${outside.join(', ')}, which would stay`,
        options: stays ? [KEEP, SHARED] : [SHARED],
        ...(moves && symbol !== undefined && { keeps: symbol.id }),
      },
    ];
  });
}

function callsInTransactions(slice: Slice, crossing: readonly Crossing[]): Draft[] {
  return crossing.flatMap(({ port, call, to, from }): Draft[] => {
    if (call.transaction === undefined || port.direction !== 'service-to-monolith') return [];
    const { module, node } = call.place;
    const stays = from !== undefined && canStay(slice, from);
    return [
      {
        kind: 'call-in-transaction',
        subject: to.id,
        file: module.source.name,
        line: slice.deep.run.vm.line(module, node),
        reason: `${port.name} would be called over the network while a transaction is open`,
        options: stays ? [SHARED, KEEP] : [SHARED],
        takes: to.id,
        ...(stays && from !== undefined && { keeps: from.id }),
      },
    ];
  });
}

function signatures(crossing: readonly Crossing[]): Draft[] {
  return crossing.flatMap(({ port, call, to }): Draft[] => {
    if (port.direction !== 'service-to-monolith') return [];
    const problem = unserialisable(call.callee);
    if (problem === undefined) return [];
    return [
      {
        kind: 'signature',
        subject: to.id,
        file: port.file,
        line: port.line,
        reason: `${port.name} takes ${problem}, which can't be sent over the network`,
        options: [SHARED],
        takes: to.id,
      },
    ];
  });
}

/** Middleware that looks things up, as authentication does. */
function identity(slice: Slice): Draft[] {
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

interface Query {
  model: string;
  access: Access;
  operation: string;
  file: string;
  line: number;
  inTransaction: boolean;
}

/** Queries in a symbol's own text, those in raw SQL included. */
function queriesOf(slice: Slice, symbol: ProjectSymbol): Query[] {
  const { vm } = slice.deep.run;
  return runsOf(slice, symbol).flatMap((run) => {
    const place = (item: { place: AccessRecord['place'] }): { file: string; line: number } => ({
      file: item.place.module.source.name,
      line: vm.line(item.place.module, item.place.node),
    });
    return [
      ...[...run.accesses.values()].map((item) => ({
        model: item.model,
        access: item.access,
        operation: item.operation,
        inTransaction: item.transaction !== undefined,
        ...place(item),
      })),
      ...run.raw.flatMap((item) =>
        slice.behaviour.raw(item).map((touch) => ({
          ...touch,
          operation: 'raw SQL',
          inTransaction: item.transaction !== undefined,
          ...place(item),
        })),
      ),
    ];
  });
}

function verb(access: Access): string {
  return access === 'read' ? 'reads' : 'writes';
}

/** Queries of taken code on models that stay. */
function foreignQueries(slice: Slice, fates: ReadonlyMap<ProjectSymbol, Fated>): Draft[] {
  const asked = new Set(
    slice.routes.flatMap((route) =>
      [...route.ownInvocations, ...route.inheritedInvocations].flatMap((item) => slice.graph.of(item) ?? []),
    ),
  );
  return [...slice.taken].flatMap((symbol): Draft[] => {
    if (fates.get(symbol)?.fate === 'middleware' || asked.has(symbol)) return [];
    const options = canStay(slice, symbol) ? [SHARED, KEEP] : [SHARED];
    return queriesOf(slice, symbol)
      .filter((query) => !slice.owned.has(query.model))
      .map(({ model, access, operation, file, line }) => {
        const joined = / of (\w+)$/.exec(operation)?.[1];
        const spans = joined !== undefined && slice.owned.has(joined);
        return {
          kind: spans ? 'joined-query' : 'foreign-access',
          subject: `${symbol.id}:${model}:${access}`,
          file,
          line,
          reason: spans
            ? `a query on ${joined} also ${verb(access)} ${model}, which stays in the monolith`
            : `${symbol.id} would move but ${verb(access)} ${model}, which stays`,
          options,
          keeps: symbol.id,
        };
      });
  });
}

/** Queries of code that stays on models that move. */
function ownedQueries(slice: Slice): Draft[] {
  return slice.graph.all.flatMap((symbol): Draft[] => {
    if (slice.taken.has(symbol)) return [];
    return queriesOf(slice, symbol)
      .filter((query) => slice.owned.has(query.model))
      .map(({ model, access, operation, file, line }) => {
        const joined = / of (\w+)$/.exec(operation)?.[1];
        const spans = joined !== undefined && !slice.owned.has(joined);
        return {
          kind: spans ? 'joined-query' : 'owned-access',
          subject: `${symbol.id}:${model}:${access}`,
          file,
          line,
          reason: spans
            ? `a query on ${joined}, which stays in the monolith, also ${verb(access)} ${model}, which moves`
            : `${symbol.id} stays but ${verb(access)} ${model}, which moves`,
          options: [SHARED],
        };
      });
  });
}

const OBSTACLES = new Set(['cascade', 'join-table', 'database-object']);

function fromObstacles(suggestion: Suggestion): Draft[] {
  return suggestion.obstacles.flatMap(({ kind, message, evidence }): Draft[] => {
    const [place] = evidence;
    if (!OBSTACLES.has(kind) || place === undefined) return [];
    return [
      {
        kind,
        subject: message
          .replace(/[^\w]+/g, '-')
          .toLowerCase()
          .slice(0, 80),
        file: place.file,
        line: place.line,
        reason: message,
        options: [SHARED],
      },
    ];
  });
}

/** Routes of others whose registration could not be told apart from what is taken: the service would serve them too. */
function foreignRoutes(slice: Slice): Draft[] {
  return slice.otherRoutes.flatMap((route): Draft[] => {
    if (isCatchAll(route)) return [];
    const kept = route.steps.every(({ place }) => {
      const symbol = slice.graph.at(place.module, place.node.start);
      return (
        symbol !== undefined &&
        slice.taken.has(symbol) &&
        !isCut(slice.cutsOf(place.module), place.node.start)
      );
    });
    if (!kept || route.steps.length === 0) return [];
    const last = route.steps.at(-1)?.place.node;
    const shared = last !== undefined && (slice.contributions.byCall.get(last)?.own.size ?? 0) > 0;
    // One call registers for both sides where a table or a folder tells them apart: what was left out there is not served.
    if (shared && leavesOutOthers(slice)) return [];
    return [
      {
        kind: 'foreign-route',
        subject: `${route.method} ${route.path.text}`,
        file: route.place.module.source.name,
        line: slice.deep.run.vm.line(route.place.module, route.place.node),
        reason: `${route.method} ${route.path.text} is registered together with routes of the capability: the service would serve it too`,
        options: ['serve-too'],
      },
    ];
  });
}

function leavesOutOthers(slice: Slice): boolean {
  return [...slice.live.taken.keys()].some((module) =>
    slice.cutsOf(module).some((cut) => cut.why.startsWith('a row of') || cut.why.endsWith('of others only')),
  );
}

/** Code that is taken but could not be read to the end. */
function unreadable(slice: Slice): Draft[] {
  const ofPackages = new Set(
    slice.deep.run.routes
      .filter((route) => isCatchAll(route) && isOfPackage(route.handler))
      .map(({ place }) => `${place.module.source.name}:${slice.deep.run.vm.line(place.module, place.node)}`),
  );
  return slice.deep.analysis.unresolved
    .filter((item) => item.kind !== 'unknown-handler' || !ofPackages.has(`${item.file}:${item.line}`))
    .filter((item) => /^(?:dynamic-|computed-method|raw-sql|unknown-handler)/.test(item.kind))
    .filter((item) => {
      const symbol = symbolAt(slice, item.file, item.line);
      if (symbol === undefined || !slice.taken.has(symbol)) return false;
      const { lines } = symbol.module.source;
      const start = lines[item.line - 1] ?? 0;
      const end = lines[item.line] ?? symbol.module.source.text.length;
      return !slice.cutsOf(symbol.module).some((cut) => cut.start <= start + 1 && end - 1 <= cut.end);
    })
    .map((item) => ({
      kind: item.kind,
      subject: `${item.file}:${item.reason.slice(0, 60)}`,
      file: item.file,
      line: item.line,
      reason: item.reason,
      options: ['moves-safely'],
    }));
}

/** What a package made, such as `cors()`. */
function isOfPackage(handler: Value): boolean {
  return members(handler).every((item) => item.kind === 'host' && item.host.type.startsWith('external'));
}

/** Statements that do something when a file is loaded, in a file of which only a part is taken. */
function sideEffects(slice: Slice, fates: ReadonlyMap<ProjectSymbol, Fated>): Draft[] {
  return [...slice.taken].flatMap((entry): Draft[] => {
    const { node, kind, line } = entry.symbol;
    const { invocation, source } = entry.module;
    if (kind !== 'statement' || node.type !== 'ExpressionStatement' || commonExport(node) !== undefined)
      return [];
    const { expression } = node;
    const calls =
      expression.type === 'CallExpression' ||
      (expression.type === 'AwaitExpression' && expression.argument.type === 'CallExpression');
    if (!calls || entry.module === slice.app.module) return [];
    if (invocation !== undefined && slice.contributions.byInvocation.has(invocation)) return [];
    const rest = slice.graph.all.some(
      (item) => item.module === entry.module && fates.get(item)?.fate === 'stays',
    );
    if (!rest) return [];
    const text = slice.deep.run.vm.text(entry.module, node, 60);
    return [
      {
        kind: 'side-effect',
        subject: `${source.name}:${text}`,
        file: source.name,
        line,
        reason: `loading ${source.name} runs \`${text}\`; only a part of the file is taken`,
        options: ['in-both', 'only-monolith'],
        drops: `${source.name}:${line}`,
      },
    ];
  });
}

function state(slice: Slice): Draft[] {
  const taken = new Set(
    [...slice.taken].flatMap((entry) =>
      entry.symbol.names.map((name) => `${entry.module.source.name}#${name}`),
    ),
  );
  const outside = slice.behaviour.reach(
    slice.otherRoutes.flatMap((route) => [...route.handled, ...route.ownInvocations]),
  ).symbols;
  return slice.deep.analysis.state
    .filter((use) => taken.has(`${use.file}#${use.name}`))
    .filter((use) =>
      [...outside].some(
        (entry) =>
          entry.module.source.name === use.file &&
          entry.symbol.mentions.some((mention) => mention.name === use.name),
      ),
    )
    .map((use) => ({
      kind: 'shared-state',
      subject: `${use.file}:${use.name}`,
      file: use.file,
      line: use.line,
      reason: `the variable ${use.name} is kept in memory and used by both sides`,
      options: ['separate-copies'],
    }));
}
