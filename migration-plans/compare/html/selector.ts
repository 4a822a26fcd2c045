/**
 * Simple selectors: `tag`, `#id`, `.class`, `[name]`, `[name=value]`, `[name^=value]`, `[name$=value]`, `[name*=value]`, `*`, combined by
 * descendant (space) and child (`>`); `@name` at the end selects an attribute instead of the element: `input[name=_csrf]@value`.
 */
export interface Selector {
  /** From the element itself outwards. */
  steps: readonly Step[];
  attribute: string | undefined;
}

interface Step {
  tag: string | undefined;
  tests: readonly AttributeTest[];
  /** How the next outer step relates to this one. */
  outer: 'child' | 'descendant';
}

interface AttributeTest {
  name: string;
  operator: '' | '=' | '^=' | '$=' | '*=' | '~=';
  value: string;
}

/** What a selector can be matched against. */
export interface Selectable {
  readonly tag: string;
  readonly parent: Selectable | undefined;
  attribute(name: string): string | undefined;
}

const COMPOUND =
  /([a-zA-Z][\w-]*|\*)|#([\w-]+)|\.([\w-]+)|\[\s*([\w:-]+)\s*(?:([~^$*]?=)\s*(?:"([^"]*)"|'([^']*)'|([^\]\s]*))\s*)?\]/y;

/** @throws SyntaxError when it is not a simple selector. */
export function parseSelector(source: string): Selector {
  const withAttribute = /^(.*[^\s>])@([\w:-]+)$/s.exec(source.trim());
  const text = (withAttribute?.[1] ?? source).trim();
  if (text === '' || text.length > 1000) throw new SyntaxError(`not a selector: "${source.slice(0, 80)}"`);
  const steps: Step[] = [];
  let at = 0;
  let outer: Step['outer'] = 'descendant';
  while (at < text.length) {
    const { step, end } = parseCompound(text, at, outer);
    steps.unshift(step);
    at = end;
    const combinator = /^\s*(>?)\s*/.exec(text.slice(at))!;
    if (at < text.length && combinator[0] === '')
      throw new SyntaxError(`unexpected "${text[at]}" in selector "${source}"`);
    at += combinator[0].length;
    if (combinator[1] === '>' && at >= text.length)
      throw new SyntaxError(`selector ends with ">": "${source}"`);
    outer = combinator[1] === '>' ? 'child' : 'descendant';
  }
  return { steps, attribute: withAttribute?.[2]?.toLowerCase() };
}

function parseCompound(text: string, from: number, outer: Step['outer']): { step: Step; end: number } {
  let tag: string | undefined;
  const tests: AttributeTest[] = [];
  let at = from;
  for (;;) {
    COMPOUND.lastIndex = at;
    const match = COMPOUND.exec(text);
    if (match === null || (match[1] !== undefined && at !== from)) break;
    if (match[1] !== undefined) tag = match[1] === '*' ? undefined : match[1].toLowerCase();
    else if (match[2] !== undefined) tests.push({ name: 'id', operator: '=', value: match[2] });
    else if (match[3] !== undefined) tests.push({ name: 'class', operator: '~=', value: match[3] });
    else {
      tests.push({
        name: match[4]!.toLowerCase(),
        operator: (match[5] ?? '') as AttributeTest['operator'],
        value: match[6] ?? match[7] ?? match[8] ?? '',
      });
    }
    at = COMPOUND.lastIndex;
  }
  if (at === from) throw new SyntaxError(`unexpected "${text[from]}" in selector "${text}"`);
  return { step: { tag, tests, outer }, end: at };
}

/** Whether the element is selected (its attribute part aside). Backtracks over ancestors: depth × steps at most, as steps are few. */
export function matches(selector: Selector, element: Selectable): boolean {
  return matchFrom(selector.steps, 0, element);
}

function matchFrom(steps: readonly Step[], index: number, element: Selectable): boolean {
  const step = steps[index]!;
  if (step.tag !== undefined && step.tag !== element.tag) return false;
  for (const test of step.tests) if (!matchTest(test, element.attribute(test.name))) return false;
  if (index === steps.length - 1) return true;
  for (let outer = element.parent; outer !== undefined; outer = outer.parent) {
    if (matchFrom(steps, index + 1, outer)) return true;
    if (step.outer === 'child') return false;
  }
  return false;
}

function matchTest(test: AttributeTest, value: string | undefined): boolean {
  if (value === undefined) return false;
  switch (test.operator) {
    case '=':
      return value === test.value;
    case '^=':
      return test.value !== '' && value.startsWith(test.value);
    case '$=':
      return test.value !== '' && value.endsWith(test.value);
    case '*=':
      return test.value !== '' && value.includes(test.value);
    case '~=':
      return value.split(/\s+/).includes(test.value);
    default:
      return true;
  }
}
