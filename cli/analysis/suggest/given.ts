import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import type { Findings, Units } from './units.ts';

/** An architect's own grouping: `reviews=src/reviews,Review,Vote`. */
export interface GivenCapability {
  name: string;
  /** Folders, files or models. */
  members: string[];
}

/** @throws StranglerError `ANALYZE_BAD_CAPABILITY` */
export function parseCapability(text: string): GivenCapability {
  const at = text.indexOf('=');
  const name = text.slice(0, at).trim();
  const members = text
    .slice(at + 1)
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  if (at < 1 || members.length === 0 || !/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new StranglerError('ANALYZE_BAD_CAPABILITY', `cannot read the capability ${JSON.stringify(text)}`, {
      exitCode: EXIT.usage,
      remedy: 'Write it as name=member,member: --capability reviews=src/reviews,Review,Vote',
    });
  }
  return { name, members };
}

/**
 * The units that a grouping means. Where it names only models, the code that mostly works on them belongs to it as well.
 *
 * @throws StranglerError `ANALYZE_UNKNOWN_MEMBER`
 */
export function unitsOfGiven(given: GivenCapability, findings: Findings, units: Units): Set<string> {
  const inside = new Set<string>();
  const models = new Set(findings.models.map((model) => model.name));
  let files = false;
  for (const member of given.members) {
    if (models.has(member)) {
      inside.add(`model:${member}`);
      continue;
    }
    const path = member.replace(/^\.\//, '').replace(/\/$/, '');
    const matching = [...units.units.values()].filter(
      (unit) => unit.file !== undefined && (unit.file === path || unit.file.startsWith(`${path}/`)),
    );
    const exists =
      matching.length > 0 ||
      findings.graph.nodes.some(
        (node) => node.file !== undefined && (node.file === path || node.file.startsWith(`${path}/`)),
      );
    if (!exists) {
      throw new StranglerError(
        'ANALYZE_UNKNOWN_MEMBER',
        `${member}, given for ${given.name}, is neither a model nor a folder or file of the project`,
        {
          exitCode: EXIT.usage,
          remedy: `Models are: ${[...models].slice(0, 30).join(', ')}.`,
        },
      );
    }
    files = true;
    for (const unit of matching) inside.add(unit.id);
  }
  if (!files) addByUse(inside, units);
  return inside;
}

function addByUse(inside: Set<string>, units: Units): void {
  const uses = new Map<string, { own: number; all: number }>();
  for (const { from, to, kind, weight } of units.edges) {
    if (kind !== 'reads' && kind !== 'writes') continue;
    const count = uses.get(from) ?? { own: 0, all: 0 };
    const heavy = kind === 'writes' ? 2 * weight : weight;
    count.all += heavy;
    if (inside.has(to)) count.own += heavy;
    uses.set(from, count);
  }
  for (const [unit, { own, all }] of uses) if (own * 2 >= all && own > 0) inside.add(unit);
}
