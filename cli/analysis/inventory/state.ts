import { members, type Value } from '../interpret/values.ts';
import type { Spot, StateUse } from '../model.ts';
import type { SymbolTable } from '../symbols/table.ts';

/**
 * Variables of modules that functions change while the application runs: what two halves of a divided monolith would no
 * longer share.
 */
export function sharedState(tables: Iterable<SymbolTable>): StateUse[] {
  const found: StateUse[] = [];
  for (const { module, symbols } of tables) {
    const file = module.source.name;
    for (const symbol of symbols) {
      if (symbol.kind !== 'variable') continue;
      for (const name of symbol.names) {
        const held = module.invocation?.env.own(name)?.value;
        if (held !== undefined && isInfrastructure(held)) continue;
        const writers: Spot[] = [];
        const readers: Spot[] = [];
        for (const other of symbols) {
          for (const mention of other.mentions) {
            if (mention.name !== name || !mention.deferred || mention.typeOnly) continue;
            if (mention.method !== undefined && !hasNativeMethods(held)) continue;
            (mention.how === 'read' ? readers : writers).push({ file, line: mention.line });
          }
        }
        if (writers.length > 0)
          found.push({
            name,
            file,
            line: symbol.line,
            readers: distinct(readers),
            writers: distinct(writers),
          });
      }
    }
  }
  return found;
}

function distinct(spots: Spot[]): Spot[] {
  return [...new Map(spots.map((item) => [`${item.file}:${item.line}`, item])).values()];
}

/** Routers, applications and clients are changed while they are set up; that is not state of the program. */
function isInfrastructure(value: Value): boolean {
  const known = members(value).filter(
    (item) =>
      item.kind !== 'unknown' &&
      !(item.kind === 'literal' && (item.value === null || item.value === undefined)),
  );
  return (
    known.length > 0 &&
    known.every(
      (item) =>
        (item.kind === 'host' && /^(?:prisma|express|fastify|nest)\b/.test(item.host.type)) ||
        (item.kind === 'instance' && item.base !== undefined && isInfrastructure(item.base)),
    )
  );
}

/** Whether `push`, `set` and the like on a value are those of lists and maps, not methods that the project wrote. */
function hasNativeMethods(value: Value | undefined): boolean {
  return (
    value === undefined || !members(value).some((item) => item.kind === 'object' || item.kind === 'instance')
  );
}
