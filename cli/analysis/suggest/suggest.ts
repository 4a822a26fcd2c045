/** Candidate capabilities: found by communities or given by an architect, scored the same way, in an order to go. */
import type { Model, Suggestion } from '../model.ts';
import { communitiesOf } from './communities.ts';
import { type GivenCapability, unitsOfGiven } from './given.ts';
import { isInfrastructure } from './infrastructure.ts';
import { nameOf } from './names.ts';
import { obstaclesOf } from './obstacles.ts';
import { score } from './scores.ts';
import { termsOf } from './terms.ts';
import { type Findings, type Units, unitsOf } from './units.ts';
import { wordsOf } from './words.ts';

export function suggest(all: Findings, given: readonly GivenCapability[]): Suggestion[] {
  const findings = { ...all, routes: all.routes.filter((route) => !isInfrastructure(route)) };
  const units = unitsOf(findings);
  const communities = communitiesOf(
    units,
    termsOf(findings, units),
    new Set([...units.routeUnits.values()].flat()),
  );
  const sizes = communities.map((community) => community.members.length);
  const taken = new Set(given.map((item) => item.name));
  const suggestions: Suggestion[] = [];
  for (const item of given) {
    const inside = unitsOfGiven(item, findings, units);
    withCallers(inside, units);
    suggestions.push(
      describe(item.name, 'given', inside, 1, [inside.size, units.units.size - inside.size], findings, units),
    );
  }
  const found = communities
    .map(({ members, stability }) => ({ inside: new Set(members), stability }))
    .filter(({ inside }) => [...inside].some((id) => id.startsWith('model:')))
    .filter(({ inside }) => findings.routes.some((route) => servedInside(route, inside, units)));
  for (const { inside, stability } of mergeSameWord(found, findings, units)) {
    const name = nameOf(inside, findings, units, taken);
    taken.add(name);
    suggestions.push(describe(name, 'found', inside, stability, sizes, findings, units));
  }
  return ordered(suggestions);
}

type Part = { inside: Set<string>; stability: number };

/** Two parts that would be called by the same word, `patient` and `patients`, are one. */
function mergeSameWord(parts: readonly Part[], findings: Findings, units: Units): Part[] {
  const merged = new Map<string, Part>();
  for (const part of parts) {
    const word = wordsOf(nameOf(part.inside, findings, units, new Set())).join(' ');
    const known = merged.get(word);
    if (known === undefined) merged.set(word, part);
    else {
      const size = known.inside.size + part.inside.size;
      known.stability = (known.stability * known.inside.size + part.stability * part.inside.size) / size;
      for (const id of part.inside) known.inside.add(id);
    }
  }
  return [...merged.values()];
}

function routeId(route: { method: string; path: string }): string {
  return `route:${route.method} ${route.path}`;
}

function servedInside(
  route: { method: string; path: string },
  inside: ReadonlySet<string>,
  units: Units,
): boolean {
  return (units.routeUnits.get(routeId(route)) ?? []).some((unit) => inside.has(unit));
}

/** Handlers that only pass on to units inside belong there too. */
function withCallers(inside: Set<string>, units: Units): void {
  const handlers = new Set([...units.routeUnits.values()].flat());
  for (const handler of handlers) {
    if (inside.has(handler)) continue;
    const used = units.edges.filter((edge) => edge.from === handler);
    const own = used.filter((edge) => inside.has(edge.to)).reduce((sum, edge) => sum + edge.weight, 0);
    const all = used.reduce((sum, edge) => sum + edge.weight, 0);
    if (all > 0 && own > all * 0.6) inside.add(handler);
  }
}

function describe(
  capability: string,
  source: Suggestion['source'],
  inside: ReadonlySet<string>,
  stability: number,
  sizes: readonly number[],
  findings: Findings,
  units: Units,
): Suggestion {
  const models = new Set([...inside].filter((id) => id.startsWith('model:')).map((id) => id.slice(6)));
  const files = new Set([...inside].flatMap((id) => units.units.get(id)?.file ?? []));
  const remoteCalls = units.edges
    .filter((edge) => edge.kind !== 'relation' && inside.has(edge.from) !== inside.has(edge.to))
    .map((edge) => ({
      from: `${edge.fromLabel}`,
      to: edge.kind === 'reads' || edge.kind === 'writes' ? `${edge.toLabel} (${edge.kind})` : edge.toLabel,
      inLoop: edge.inLoop,
      evidence: edge.evidence,
    }))
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.to < b.to ? -1 : 1));
  const cut = cutKeys(findings.models, models);
  return {
    capability,
    source,
    routes: findings.routes
      .filter((route) => servedInside(route, inside, units))
      .map(({ method, path }) => ({ method, path })),
    models: [...models].sort(),
    files: [...files].sort(),
    scores: score(findings, units, { inside, stability }, sizes),
    obstacles: obstaclesOf(findings, models, files),
    cost: costInWords(remoteCalls, cut.length),
    remoteCalls,
    cutForeignKeys: cut,
    order: 0,
  };
}

function cutKeys(models: readonly Model[], inside: ReadonlySet<string>): Suggestion['cutForeignKeys'] {
  return models.flatMap((model) =>
    model.relations
      .filter((relation) => relation.owning && inside.has(model.name) !== inside.has(relation.target))
      .map((relation) => ({ from: model.name, to: relation.target, field: relation.fields.join(', ') })),
  );
}

/** The price of a division as one would say it. */
export function costInWords(calls: readonly { inLoop: boolean }[], keys: number): string {
  const looped = calls.filter((call) => call.inLoop).length;
  const remote =
    calls.length === 0
      ? 'no call becomes remote'
      : `${calls.length} ${calls.length === 1 ? 'call becomes' : 'calls become'} remote${looped === 0 ? '' : `, ${looped} in a loop`}`;
  const cut =
    keys === 0 ? 'no foreign key is cut' : `${keys} foreign ${keys === 1 ? 'key is' : 'keys are'} cut`;
  return `${remote}; ${cut}`;
}

/** Begin with what is least entangled: few hard obstacles, then a good score. */
function ordered(suggestions: Suggestion[]): Suggestion[] {
  // The tenth obstacle of a large part deters less than the first one of a small part.
  const effort = (item: Suggestion): number =>
    Math.log2(1 + item.obstacles.reduce((sum, { weight }) => sum + (weight === 'hard' ? 1 : 0.3), 0));
  const ease = (item: Suggestion): number => item.scores.overall - 0.1 * effort(item);
  const sorted = [...suggestions].sort((a, b) => ease(b) - ease(a) || (a.capability < b.capability ? -1 : 1));
  sorted.forEach((item, at) => {
    item.order = at + 1;
  });
  return sorted;
}
