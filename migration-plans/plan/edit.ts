import { isMap, isSeq, type Node, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { StranglerError } from '../errors.ts';
import { parsePlan } from './load.ts';
import type { CompareRule } from './plan.ts';

/** Without an id the rule gets one made from what it does and where. */
export type NewRule = Omit<CompareRule, 'id'> & { id?: string };

/**
 * Adds a rule to a plan file's text and leaves everything else byte for byte as it is: comments, layout, quoting. The new text is read
 * back before it is returned; throws `PLAN_EDIT` if the file does not hold a valid plan or the rule does not fit into it.
 */
export function addCompareRule(yamlText: string, rule: NewRule): string {
  const before = parsePlan(yamlText, 'plan').loaded?.plan;
  if (before === undefined)
    throw new StranglerError('PLAN_EDIT', 'the plan file has mistakes, so no rule was added', {
      remedy: 'Run `strangler plan validate` and correct them first.',
    });
  const edited = insertRule(yamlText, rule);
  const { loaded, findings } = parsePlan(edited, 'plan');
  const added = loaded?.plan.compare.rules.length === before.compare.rules.length + 1;
  if (loaded === undefined || !added) {
    const why = findings.find(({ severity }) => severity === 'error')?.message ?? 'it could not be placed';
    throw new StranglerError('PLAN_EDIT', `the rule was not added: ${why}`, {
      remedy: 'Write it into the plan by hand.',
      findings,
    });
  }
  return edited;
}

function insertRule(text: string, rule: NewRule): string {
  const root = parseDocument(text).contents as YAMLMap;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const compare = pairOf(root, 'compare');
  const rules = isMap(compare?.value) ? pairOf(compare.value, 'rules') : undefined;
  const unit = indentUnit(root, text);
  if (isSeq(rules?.value) && rules.value.items.length > 0) return appendItem(text, rules.value, rule, eol);
  if (rules !== undefined) {
    // An empty list.
    const key = rules.key as Node;
    if (isMap(compare?.value) && compare.value.flow === true)
      return splice(text, key.range![0], endOf(rules), `rules: [ ${flowRule(rule)} ]`);
    const indent = columnOf(text, key.range![0]);
    return splice(text, key.range![0], endOf(rules), `rules:${eol}${blockItem(rule, indent + unit, eol)}`);
  }
  if (isMap(compare?.value) && compare.value.items.length > 0)
    return appendRules(text, compare.value, rule, unit, eol);
  const block = `compare:${eol}${' '.repeat(unit)}rules:${eol}${blockItem(rule, unit * 2, eol)}`;
  if (compare !== undefined) return splice(text, (compare.key as Node).range![0], endOf(compare), block);
  return `${text}${text.endsWith('\n') ? '' : eol}${block}${eol}`;
}

function appendItem(text: string, rules: YAMLSeq, rule: NewRule, eol: string): string {
  const last = rules.items.at(-1) as Node;
  const end = last.range![1];
  if (rules.flow === true) return splice(text, end, end, `, ${flowRule(rule)}`);
  const first = rules.items[0] as Node;
  const dash = text.lastIndexOf('-', first.range![0]);
  return afterLine(text, end, blockItem(rule, columnOf(text, dash), eol), eol);
}

function appendRules(text: string, compare: YAMLMap, rule: NewRule, unit: number, eol: string): string {
  const end = endOf(compare.items.at(-1)!);
  if (compare.flow === true) return splice(text, end, end, `, rules: [ ${flowRule(rule)} ]`);
  const indent = columnOf(text, (compare.items[0]!.key as Node).range![0]);
  return afterLine(text, end, `${' '.repeat(indent)}rules:${eol}${blockItem(rule, indent + unit, eol)}`, eol);
}

/** Puts lines below the line in which `end` stands, after a comment that may follow there. */
function afterLine(text: string, end: number, lines: string, eol: string): string {
  // The end of a block value may lie at the beginning of the next line already.
  const inside = text[end - 1] === '\n' ? end - 1 : end;
  const lineEnd = text.indexOf('\n', inside);
  if (lineEnd === -1) return `${text}${eol}${lines}${eol}`;
  return splice(text, lineEnd + 1, lineEnd + 1, lines + eol);
}

function splice(text: string, from: number, to: number, replacement: string): string {
  return text.slice(0, from) + replacement + text.slice(to);
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => (pair.key as { value?: unknown }).value === key);
}

function endOf(pair: Pair): number {
  const value = pair.value as Node | null;
  const key = pair.key as Node;
  // A value that is missing altogether has an empty range behind the colon.
  return value?.range?.[1] ?? key.range![1] + 1;
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

/** How far the file indents: by its first nested block map, else two spaces. */
function indentUnit(root: YAMLMap, text: string): number {
  for (const { value } of root.items) {
    if (!isMap(value) || value.flow === true || value.items.length === 0) continue;
    const column = columnOf(text, (value.items[0]!.key as Node).range![0]);
    if (column > 0) return column;
  }
  return 2;
}

/** Key and value as YAML; JSON is YAML, and quotes everything that could be read as something else. */
function fields(rule: NewRule): [string, string][] {
  const flow = (value: Record<string, unknown>): string =>
    `{ ${Object.entries(value)
      .map(([key, item]) => `${key}: ${JSON.stringify(item)}`)
      .join(', ')} }`;
  return [
    ...(rule.id === undefined ? [] : [['id', JSON.stringify(rule.id)] as [string, string]]),
    ...(rule.routes.length === 0
      ? []
      : [
          ['routes', `[ ${rule.routes.map((route) => JSON.stringify(route)).join(', ')} ]`] as [
            string,
            string,
          ],
        ]),
    ['at', flow(rule.at)],
    ['do', flow(rule.do)],
    ['reason', JSON.stringify(rule.reason)],
    ['owner', JSON.stringify(rule.owner)],
    ...(rule.expires === undefined ? [] : [['expires', rule.expires] as [string, string]]),
  ];
}

function flowRule(rule: NewRule): string {
  return `{ ${fields(rule)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')} }`;
}

function blockItem(rule: NewRule, indent: number, eol: string): string {
  const lines = fields(rule).map(([key, value], index) => `${index === 0 ? '- ' : '  '}${key}: ${value}`);
  return lines.map((line) => ' '.repeat(indent) + line).join(eol);
}
