/** What a carve must not decide by itself. Each refusal names the place, the reason, and the choices that would resolve it. */
import type { Invocation } from '../analysis/interpret/invocation.ts';
import { members } from '../analysis/interpret/values.ts';
import type { Suggestion } from '../analysis/model.ts';
import type { Scope } from './classify.ts';
import type { Refusal } from './model.ts';
import type { Crossing } from './ports.ts';

interface Draft {
  kind: string;
  file: string;
  line: number;
  reason: string;
  options: string[];
  /** What tells two refusals of a kind apart, stable when lines shift where that is possible. */
  subject: string;
}

export function refusalsOf(scope: Scope, suggestion: Suggestion, crossing: readonly Crossing[]): Refusal[] {
  const drafts = [
    ...transactions(scope),
    ...callsInTransactions(scope, crossing),
    ...signatures(crossing),
    ...accesses(scope),
    ...identity(scope),
    ...fromObstacles(suggestion),
    ...unreadable(scope),
    ...sideEffects(scope),
    ...state(scope),
    ...composition(scope),
  ];
  const found = new Map<string, Refusal>();
  for (const { subject, ...draft } of drafts) {
    const key = `${draft.kind}:${subject}`;
    if (!found.has(key)) found.set(key, { ...draft, key, decision: `${key}: ${draft.options.join(' | ')}` });
  }
  return [...found.values()].sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || (a.key < b.key ? -1 : 1),
  );
}

function transactions(scope: Scope): Draft[] {
  const drafts: Draft[] = [];
  for (const transaction of scope.deep.analysis.transactions) {
    const names = (own: boolean): string[] => [
      ...new Set(
        transaction.models.filter((use) => scope.owned.has(use.name) === own).map((use) => use.name),
      ),
    ];
    const [inside, outside] = [names(true), names(false)];
    if (inside.length === 0 || outside.length === 0) continue;
    drafts.push({
      kind: 'split-transaction',
      subject: `${transaction.file}:${inside.join('+')}:${outside.join('+')}`,
      file: transaction.file,
      line: transaction.line,
      reason: `one transaction works on ${inside.join(', ')}, which would move, and on ${outside.join(', ')}, which would stay`,
      options: ['keep-in-monolith', 'saga'],
    });
  }
  return drafts;
}

function callsInTransactions(scope: Scope, crossing: readonly Crossing[]): Draft[] {
  return crossing.flatMap(({ port, call }): Draft[] => {
    if (call.transaction === undefined) return [];
    const { module, node } = call.place;
    return [
      {
        kind: 'call-in-transaction',
        subject: `${port.file}:${port.name}`,
        file: module.source.name,
        line: scope.deep.run.vm.line(module, node),
        reason: `${port.name} would be called over the network while a transaction is open`,
        options: ['call-before', 'call-after', 'keep-in-monolith'],
      },
    ];
  });
}

const UNSERIALISABLE =
  /\b(?:Request|Response|NextFunction|FastifyRequest|FastifyReply|Readable|Writable|Duplex|Stream|TransactionClient|IncomingMessage|ServerResponse|Socket|AbortSignal)\b/;

function signatures(crossing: readonly Crossing[]): Draft[] {
  return crossing.flatMap(({ port, call }): Draft[] => {
    const problem = unserialisable(call.callee, port.parameters);
    if (problem === undefined) return [];
    return [
      {
        kind: 'signature',
        subject: `${port.file}:${port.name}`,
        file: port.file,
        line: port.line,
        reason: `${port.name} takes ${problem}, which can't be sent over the network`,
        options: ['pass-values', 'move-caller', 'keep-in-monolith'],
      },
    ];
  });
}

function unserialisable(invocation: Invocation, parameters: readonly string[]): string | undefined {
  const typed = parameters.find((parameter) => UNSERIALISABLE.test(parameter));
  if (typed !== undefined) return `\`${typed}\``;
  for (const arg of invocation.args) {
    for (const item of members(arg)) {
      if (item.kind === 'function') return 'a callback';
      if (item.kind !== 'host') continue;
      if (/^(?:express|fastify)\.(?:request|response|reply)$/.test(item.host.type))
        return `the ${item.host.type.split('.')[1]} of a route`;
      if (item.host.type === 'prisma.client') return 'a Prisma client';
    }
  }
  return undefined;
}

/** Queries of moved code on foreign models, and of code that stays on models that move. */
function accesses(scope: Scope): Draft[] {
  const drafts: Draft[] = [];
  const { vm } = scope.deep.run;
  for (const invocation of vm.invocations()) {
    const symbol = scope.graph.of(invocation);
    const fate = symbol === undefined ? undefined : scope.fates.get(symbol)?.fate;
    if (symbol === undefined || fate === undefined) continue;
    for (const access of invocation.accesses.values()) {
      const own = scope.owned.has(access.model);
      const moves = fate === 'moved';
      if (moves === own || fate === 'middleware') continue;
      const joined = / of (\w+)$/.exec(access.operation)?.[1];
      const spansBorder = joined !== undefined && scope.owned.has(joined) !== own;
      const file = access.place.module.source.name;
      const line = vm.line(access.place.module, access.place.node);
      const place = { file, line };
      if (spansBorder) {
        drafts.push({
          kind: 'joined-query',
          subject: `${file}:${joined}:${access.model}`,
          ...place,
          reason: `a query on ${joined} also ${access.access === 'read' ? 'reads' : 'writes'} ${access.model}, which would lie in another database`,
          options:
            access.access === 'read'
              ? ['fetch-by-port', 'keep-copy', 'leave-out']
              : ['call-port', 'keep-in-monolith'],
        });
      } else if (moves) {
        drafts.push({
          kind: 'foreign-access',
          subject: `${symbol.id}:${access.model}:${access.access}`,
          ...place,
          reason: `${symbol.id} would move but ${access.access === 'read' ? 'reads' : 'writes'} ${access.model}, which stays`,
          options: ['call-port', 'keep-in-monolith'],
        });
      } else {
        drafts.push({
          kind: 'owned-access',
          subject: `${symbol.id}:${access.model}:${access.access}`,
          ...place,
          reason: `${symbol.id} stays but ${access.access === 'read' ? 'reads' : 'writes'} ${access.model}, which moves`,
          options: ['call-service', 'move-with-service', ...(access.access === 'read' ? ['keep-copy'] : [])],
        });
      }
    }
  }
  return drafts;
}

/** Middleware that looks things up, as authentication does. */
function identity(scope: Scope): Draft[] {
  const drafts: Draft[] = [];
  const { vm } = scope.deep.run;
  for (const route of scope.routes) {
    for (const invocation of [...route.ownInvocations, ...route.inheritedInvocations]) {
      const touched = scope.behaviour.deep(invocation).filter((touch) => !scope.owned.has(touch.model));
      const { func } = invocation;
      if (touched.length === 0 || func === undefined) continue;
      drafts.push({
        kind: 'identity',
        subject: `${func.module.source.name}:${func.name}`,
        file: func.module.source.name,
        line: vm.line(func.module, func.node),
        reason: `the middleware ${func.name || 'here'} looks up ${[...new Set(touched.map((touch) => touch.model))].join(', ')}, which stays in the monolith`,
        options: ['ask-monolith', 'trust-edge-header', 'read-monolith-database'],
      });
    }
  }
  return drafts;
}

const OBSTACLE_OPTIONS: Record<string, string[]> = {
  cascade: ['delete-by-event', 'delete-by-call', 'keep-orphans'],
  'join-table': ['own-in-service', 'own-in-monolith'],
  'foreign-raw-sql': ['call-port', 'keep-in-monolith'],
  'database-object': ['move', 'stay', 'drop'],
};

function fromObstacles(suggestion: Suggestion): Draft[] {
  return suggestion.obstacles.flatMap(({ kind, message, evidence }): Draft[] => {
    const options = OBSTACLE_OPTIONS[kind];
    const [place] = evidence;
    if (options === undefined || place === undefined) return [];
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
        options,
      },
    ];
  });
}

/** Code that would move but could not be read to the end. */
function unreadable(scope: Scope): Draft[] {
  const files = filesOf(scope, ['moved', 'copied']);
  return scope.deep.analysis.unresolved
    .filter(
      (item) => files.has(item.file) && /^(?:dynamic-|computed-|raw-sql|unknown-handler)/.test(item.kind),
    )
    .map((item) => ({
      kind: item.kind,
      subject: `${item.file}:${item.reason.slice(0, 60)}`,
      file: item.file,
      line: item.line,
      reason: item.reason,
      options: ['moves-safely', 'keep-in-monolith'],
    }));
}

/** Statements that do something when a file is loaded, in a file of which only a part would move. */
function sideEffects(scope: Scope): Draft[] {
  const moved = filesOf(scope, ['moved']);
  const staying = filesOf(scope, ['stays', 'remote']);
  return scope.graph.all.flatMap((entry): Draft[] => {
    const file = entry.module.source.name;
    const { node, kind, line } = entry.symbol;
    if (kind !== 'statement' || node.type !== 'ExpressionStatement' || !moved.has(file) || !staying.has(file))
      return [];
    const { expression } = node;
    const calls =
      expression.type === 'CallExpression' ||
      (expression.type === 'AwaitExpression' && expression.argument.type === 'CallExpression');
    if (!calls || scope.fates.get(entry)?.fate !== 'stays') return [];
    const text = scope.deep.run.vm.text(entry.module, node, 60);
    return [
      {
        kind: 'side-effect',
        subject: `${file}:${text}`,
        file,
        line,
        reason: `loading ${file} runs \`${text}\`; a part of the file would move`,
        options: ['in-both', 'only-service', 'only-monolith'],
      },
    ];
  });
}

function state(scope: Scope): Draft[] {
  const moved = new Set(
    scope.graph.all
      .filter((entry) => ['moved', 'copied'].includes(scope.fates.get(entry)?.fate ?? ''))
      .flatMap((entry) => entry.symbol.names.map((name) => `${entry.module.source.name}#${name}`)),
  );
  return scope.deep.analysis.state
    .filter((use) => moved.has(`${use.file}#${use.name}`))
    .filter((use) =>
      scope.graph.all.some(
        (entry) => entry.module.source.name === use.file && scope.outside.symbols.has(entry),
      ),
    )
    .map((use) => ({
      kind: 'shared-state',
      subject: `${use.file}:${use.name}`,
      file: use.file,
      line: use.line,
      reason: `the variable ${use.name} is kept in memory and used by both sides`,
      options: ['separate-copies', 'call-port'],
    }));
}

/** Classes that move but are put together by code that stays: the service needs that part of the construction. */
function composition(scope: Scope): Draft[] {
  return scope.graph.all.flatMap((entry): Draft[] => {
    if (entry.symbol.kind !== 'class' || scope.fates.get(entry)?.fate !== 'moved') return [];
    return [...scope.graph.users(entry)].flatMap((user): Draft[] => {
      if (scope.fates.get(user)?.fate !== 'stays' || user.symbol.kind === 'export') return [];
      const mention = scope.graph
        .references(user)
        .find((item) => item.to === entry && !item.mention.typeOnly)?.mention;
      if (mention === undefined) return [];
      const name = entry.symbol.names[0] ?? '';
      return [
        {
          kind: 'composition',
          subject: `${user.id}:${name}`,
          file: user.module.source.name,
          line: mention.line,
          reason: `${name} would move but is put together in ${user.id}, which stays`,
          options: ['copy-construction', 'write-by-hand'],
        },
      ];
    });
  });
}

function filesOf(scope: Scope, fates: readonly string[]): Set<string> {
  return new Set(
    scope.graph.all
      .filter((entry) => fates.includes(scope.fates.get(entry)?.fate ?? ''))
      .map((entry) => entry.module.source.name),
  );
}
