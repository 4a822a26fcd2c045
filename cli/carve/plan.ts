import { createHash } from 'node:crypto';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { didYouMean } from '../../migration-plans/yaml/did-you-mean.ts';
import type { Suggestion } from '../analysis/model.ts';
import type { DeepAnalysis } from '../analysis/pipeline.ts';
import { classify, type Fate, type Scope } from './classify.ts';
import { applyDecisions, type Decision } from './decisions.ts';
import type { CarvePlan, CopiedSymbol, SymbolPlan } from './model.ts';
import { crossings } from './ports.ts';
import { refusalsOf } from './refusals.ts';
import type { ProjectSymbol } from './symbols.ts';
import { planTables } from './tables.ts';

/**
 * The complete plan of a carve, from an analysis and the decisions made so far. Pure.
 *
 * @throws StranglerError `CARVE_UNKNOWN_CAPABILITY`, `CARVE_UNKNOWN_OPTION`
 */
export function planCarve(
  deep: DeepAnalysis,
  capability: string,
  decisions: ReadonlyMap<string, Decision>,
): CarvePlan {
  const suggestion = chosen(deep, capability);
  const owned = new Set(suggestion.models);
  const scope = classify(
    deep,
    new Set(suggestion.routes.map((route) => `${route.method} ${route.path}`)),
    owned,
  );
  const crossing = crossings(scope);
  const refusals = refusalsOf(scope, suggestion, crossing);
  const { open, resolved, stale } = applyDecisions(refusals, decisions);
  const remote = [...new Set(crossing.map((item) => item.port))].sort(
    (a, b) => compare(a.direction, b.direction) || compare(a.file, b.file) || a.line - b.line,
  );
  const taken = scope.graph.all.filter((entry) =>
    ['moved', 'copied', 'middleware', 'client'].includes(scope.fates.get(entry)?.fate ?? ''),
  );
  return {
    version: 1,
    capability,
    routes: deep.analysis.routes
      .filter((route) =>
        suggestion.routes.some((item) => item.method === route.method && item.path === route.path),
      )
      .map(({ method, path, file, line }) => ({ method, path, file, line })),
    moved: symbols(scope, ['moved']),
    copied: copies(scope),
    remote,
    stays: symbols(scope, ['stays', 'remote']),
    tables: planTables(deep.analysis.models, owned),
    refusals: open,
    resolved,
    staleDecisions: stale,
    dependencies: [...new Set(taken.flatMap((entry) => [...scope.graph.packagesOf(entry)]))]
      .filter((name) => name !== '')
      .sort(),
  };
}

function chosen(deep: DeepAnalysis, capability: string): Suggestion {
  const { suggestions } = deep.analysis;
  const found =
    suggestions.find((item) => item.capability === capability && item.source === 'given') ??
    suggestions.find((item) => item.capability === capability);
  if (found !== undefined) return found;
  const names = suggestions.map((item) => item.capability);
  const meant = didYouMean(capability, names);
  throw new StranglerError('CARVE_UNKNOWN_CAPABILITY', `nothing here is called ${capability}`, {
    exitCode: EXIT.usage,
    remedy:
      names.length === 0
        ? `Say what belongs to it: --capability ${capability}=folder,Model.`
        : `${meant === undefined ? '' : `Did you mean ${meant}? `}Candidates are ${names.join(', ')}; or say what belongs to it: --capability ${capability}=folder,Model.`,
  });
}

function symbols(scope: Scope, fates: readonly Fate[]): SymbolPlan[] {
  return scope.graph.all
    .filter((entry) => fates.includes(scope.fates.get(entry)?.fate ?? 'stays'))
    .map((entry) => describe(scope, entry))
    .sort(byPlace);
}

function copies(scope: Scope): CopiedSymbol[] {
  return scope.graph.all
    .flatMap((entry): CopiedSymbol[] => {
      const fate = scope.fates.get(entry)?.fate;
      if (fate !== 'copied' && fate !== 'client' && fate !== 'middleware') return [];
      const text = entry.module.source.text.slice(entry.symbol.start, entry.symbol.end);
      return [
        {
          ...describe(scope, entry),
          as: fate === 'copied' ? 'shared-code' : fate,
          digest: createHash('sha256').update(text).digest('hex'),
        },
      ];
    })
    .sort(byPlace);
}

function describe(scope: Scope, entry: ProjectSymbol): SymbolPlan {
  const { names, kind, line, endLine } = entry.symbol;
  return {
    name: names.length === 0 ? scope.deep.run.vm.text(entry.module, entry.symbol.node, 48) : names.join(', '),
    kind,
    file: entry.module.source.name,
    line,
    endLine,
    why: scope.fates.get(entry)?.why ?? '',
  };
}

function byPlace(a: SymbolPlan, b: SymbolPlan): number {
  return compare(a.file, b.file) || a.line - b.line;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
