import { createHash } from 'node:crypto';
import { isBuiltin } from 'node:module';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { didYouMean } from '../../migration-plans/yaml/did-you-mean.ts';
import type { Suggestion } from '../analysis/model.ts';
import type { DeepAnalysis } from '../analysis/pipeline.ts';
import { firstChoices, nextChoices } from './choices.ts';
import { applyDecisions, type Decision, decisionFor } from './decisions.ts';
import { type Fate, type Fated, fatesOf } from './fates.ts';
import type { CarvePlan, CopiedSymbol, SymbolPlan } from './model.ts';
import { type Crossing, crossings } from './ports.ts';
import type { FullRefusal } from './refusals/draft.ts';
import { refusalsOf } from './refusals/refusals.ts';
import { type Slice, sliceOf } from './slice/slice.ts';
import type { ProjectSymbol } from './symbols.ts';
import { planTables } from './tables.ts';

export interface PlannedCarve {
  plan: CarvePlan;
  slice: Slice;
  crossing: Crossing[];
  refusals: FullRefusal[];
}

const ROUNDS = 6;

/**
 * The complete plan of a carve, from an analysis and the decisions made so far. Pure.
 *
 * @throws StranglerError `CARVE_UNKNOWN_CAPABILITY`, `CARVE_UNKNOWN_OPTION`, `CARVE_NO_ROUTES`, `CARVE_NO_APPLICATION`
 */
export function planCarve(
  deep: DeepAnalysis,
  capability: string,
  decisions: ReadonlyMap<string, Decision>,
): CarvePlan {
  return planWithSlice(deep, capability, decisions).plan;
}

/** The same with the slice it was read off, for writing. */
export function planWithSlice(
  deep: DeepAnalysis,
  capability: string,
  decisions: ReadonlyMap<string, Decision>,
): PlannedCarve {
  const suggestion = asGiven(deep, chosen(deep, capability));
  if (suggestion.routes.length === 0) {
    throw new StranglerError('CARVE_NO_ROUTES', `no route belongs to ${capability}`, {
      exitCode: EXIT.usage,
      remedy: `Say which code belongs to it: --capability ${capability}=folder,Model. A service is reached through its routes.`,
    });
  }
  const owned = new Set(suggestion.models);
  const keys = new Set(suggestion.routes.map((route) => `${route.method} ${route.path}`));
  let choices = firstChoices(decisions);
  // What a decision did away with is not refused any more in the round after it, and was decided all the same.
  const before = new Map<string, FullRefusal>();
  for (let round = 0; ; round += 1) {
    const slice = sliceOf(deep, keys, owned, choices);
    const fates = fatesOf(slice);
    const crossing = crossings(slice, fates);
    const refusals = refusalsOf(slice, fates, suggestion, crossing);
    const all = [
      ...refusals,
      ...[...before.values()].filter(
        (item) => !refusals.some(({ key }) => key === item.key) && isDecided(item, decisions),
      ),
    ];
    for (const item of refusals) before.set(item.key, item);
    const next = round < ROUNDS ? nextChoices(choices, refusals, decisions) : undefined;
    if (next === undefined)
      return {
        plan: describePlan(slice, fates, crossing, all, decisions, capability, suggestion),
        slice,
        crossing,
        refusals: all,
      };
    choices = next;
  }
}

function isDecided(refusal: FullRefusal, decisions: ReadonlyMap<string, Decision>): boolean {
  return decisionFor(refusal.key, decisions, refusal.options) !== undefined;
}

function describePlan(
  slice: Slice,
  fates: ReadonlyMap<ProjectSymbol, Fated>,
  crossing: readonly Crossing[],
  refusals: readonly FullRefusal[],
  decisions: ReadonlyMap<string, Decision>,
  capability: string,
  suggestion: Suggestion,
): CarvePlan {
  const { deep, owned } = slice;
  const { open, resolved, stale } = applyDecisions(
    refusals.map(({ keeps: _keeps, takes: _takes, drops: _drops, asks: _asks, ...refusal }) => refusal),
    decisions,
    slice.graph.all.map((symbol) => `port:${symbol.id}`),
  );
  const remote = [...new Set(crossing.map((item) => item.port))].sort(
    (a, b) => compare(a.direction, b.direction) || compare(a.file, b.file) || a.line - b.line,
  );
  return {
    version: 1,
    capability,
    routes: deep.analysis.routes
      .filter((route) =>
        suggestion.routes.some((item) => item.method === route.method && item.path === route.path),
      )
      .map(({ method, path, file, line }) => ({ method, path, file, line })),
    moved: symbols(slice, fates, ['moved']),
    copied: copies(slice, fates),
    remote,
    stays: symbols(slice, fates, ['stays', 'remote']),
    tables: planTables(deep.analysis.models, owned),
    refusals: open,
    resolved,
    staleDecisions: stale,
    dependencies: [...new Set([...slice.live.packages].map(packageName))]
      .filter((name) => name !== '')
      .sort(),
  };
}

function packageName(request: string): string {
  const parts = request.split('/');
  return isBuiltin(parts[0] ?? '') ? '' : parts.slice(0, request.startsWith('@') ? 2 : 1).join('/');
}

/** A grouping that names folders or files means the routes that these serve or register, and no others. */
function asGiven(deep: DeepAnalysis, suggestion: Suggestion): Suggestion {
  if (suggestion.source !== 'given') return suggestion;
  const models = new Set(deep.analysis.models.map((model) => model.name));
  const paths = (deep.given.find((item) => item.name === suggestion.capability)?.members ?? [])
    .filter((member) => !models.has(member))
    .map((member) => member.replace(/^\.\//, '').replace(/\/$/, ''));
  if (paths.length === 0) return suggestion;
  const within = (file: string): boolean =>
    paths.some((path) => file === path || file.startsWith(`${path}/`));
  const routes = deep.analysis.routes
    .filter((route) => within(route.file) || within(route.registered.file))
    .map(({ method, path }) => ({ method, path }));
  return routes.length === 0 ? suggestion : { ...suggestion, routes };
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

function symbols(
  slice: Slice,
  fates: ReadonlyMap<ProjectSymbol, Fated>,
  wanted: readonly Fate[],
): SymbolPlan[] {
  return slice.graph.all
    .filter((entry) => wanted.includes(fates.get(entry)?.fate ?? 'stays'))
    .map((entry) => describe(slice, fates, entry))
    .sort(byPlace);
}

function copies(slice: Slice, fates: ReadonlyMap<ProjectSymbol, Fated>): CopiedSymbol[] {
  return slice.graph.all
    .flatMap((entry): CopiedSymbol[] => {
      const fate = fates.get(entry)?.fate;
      if (fate !== 'copied' && fate !== 'client' && fate !== 'middleware') return [];
      const text = entry.module.source.text.slice(entry.symbol.start, entry.symbol.end);
      return [
        {
          ...describe(slice, fates, entry),
          as: fate === 'copied' ? 'shared-code' : fate,
          digest: createHash('sha256').update(text).digest('hex'),
        },
      ];
    })
    .sort(byPlace);
}

function describe(slice: Slice, fates: ReadonlyMap<ProjectSymbol, Fated>, entry: ProjectSymbol): SymbolPlan {
  const { names, kind, line, endLine } = entry.symbol;
  return {
    name: names.length === 0 ? slice.deep.run.vm.text(entry.module, entry.symbol.node, 48) : names.join(', '),
    kind,
    file: entry.module.source.name,
    line,
    endLine,
    why: fates.get(entry)?.why ?? '',
  };
}

function byPlace(a: SymbolPlan, b: SymbolPlan): number {
  return compare(a.file, b.file) || a.line - b.line;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
