/** What a carve must not decide by itself. Each refusal names the place, the reason, and the choices that would resolve it. */
import { members, type Value } from '../../analysis/interpret/values.ts';
import type { Suggestion } from '../../analysis/model.ts';
import type { Fated } from '../fates.ts';
import type { Crossing } from '../ports.ts';
import { commonExport } from '../slice/common-js.ts';
import { isCatchAll } from '../slice/contributions.ts';
import { isCut } from '../slice/cuts.ts';
import { unserialisable } from '../slice/port-form.ts';
import type { Slice } from '../slice/slice.ts';
import type { ProjectSymbol } from '../symbols.ts';
import { canStay, type Draft, type FullRefusal, KEEP, SHARED, symbolAt } from './draft.ts';
import { identity } from './identity.ts';
import { foreignQueries, ownedQueries } from './queries.ts';

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
    ...ownedQueries(slice, fates),
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
