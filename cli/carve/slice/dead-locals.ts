/** Local variables that only code which was left out had mentioned: `const orders = createOrders()` before `app.use(orders)`. */
import { patternNames } from '../../analysis/interpret/functions.ts';
import type { ModuleState } from '../../analysis/interpret/modules.ts';
import { eachChild, isCallable, type Node } from '../../analysis/syntax/ast.ts';
import { type Cut, isCut } from './cuts.ts';

const ROUNDS = 8;

/** Adds cuts until no further variable is left without a mention. Names count wherever they stand, which errs on keeping. */
export function deadLocals(
  module: ModuleState,
  given: readonly Cut[],
  merge: (cuts: readonly Cut[]) => Cut[],
): Cut[] {
  let cuts = [...given];
  if (cuts.length === 0) return cuts;
  for (let round = 0; round < ROUNDS; round += 1) {
    const added: Cut[] = [];
    const visit = (node: Node): void => {
      if (isCallable(node) && node.body !== null && node.body.type === 'BlockStatement') {
        const { start, end } = node.body;
        if (cuts.some((cut) => cut.start >= start && cut.end <= end)) added.push(...inBody(node.body, cuts));
      }
      eachChild(node, visit);
    };
    visit(module.source.program);
    if (added.length === 0) break;
    cuts = merge([...cuts, ...added]);
  }
  return cuts;
}

function inBody(body: Extract<Node, { type: 'BlockStatement' }>, cuts: readonly Cut[]): Cut[] {
  const kept = new Map<string, number>();
  const lost = new Set<string>();
  const count = (node: Node): void => {
    if (node.type === 'Identifier') {
      if (isCut(cuts, node.start)) lost.add(node.name);
      else kept.set(node.name, (kept.get(node.name) ?? 0) + 1);
    }
    eachChild(node, count);
  };
  count(body);
  const found: Cut[] = [];
  for (const statement of body.body) {
    if (statement.type !== 'VariableDeclaration' || isCut(cuts, statement.start)) continue;
    const names: string[] = [];
    for (const item of statement.declarations) patternNames(item.id, (name) => names.push(name));
    const declared = new Map<string, number>();
    const own = (node: Node): void => {
      if (node.type === 'Identifier') declared.set(node.name, (declared.get(node.name) ?? 0) + 1);
      eachChild(node, own);
    };
    own(statement);
    const dead = names.every(
      (name) => lost.has(name) && (kept.get(name) ?? 0) - (declared.get(name) ?? 0) === 0,
    );
    if (names.length > 0 && dead)
      found.push({ start: statement.start, end: statement.end, why: 'only what was left out uses it' });
  }
  return found;
}
