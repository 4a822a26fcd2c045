import type { CompareRule } from '../../plan/plan.ts';
import { matches, type Selector } from './selector.ts';
import { HtmlElement } from './tree.ts';

/** What rules select in the two pages. */
export interface HtmlMarks {
  elements: ReadonlyMap<HtmlElement, readonly CompareRule[]>;
  attributes: ReadonlyMap<HtmlElement, ReadonlyMap<string, readonly CompareRule[]>>;
}

export function markHtml(
  roots: readonly HtmlElement[],
  rules: readonly { rule: CompareRule; selector: Selector }[],
): HtmlMarks {
  const elements = new Map<HtmlElement, CompareRule[]>();
  const attributes = new Map<HtmlElement, Map<string, CompareRule[]>>();
  const stack = [...roots];
  for (let element = stack.pop(); element !== undefined; element = stack.pop()) {
    for (const { rule, selector } of rules) {
      if (!matches(selector, element)) continue;
      if (selector.attribute === undefined) elements.set(element, [...(elements.get(element) ?? []), rule]);
      else {
        const own = attributes.get(element) ?? new Map<string, CompareRule[]>();
        attributes.set(element, own);
        own.set(selector.attribute, [...(own.get(selector.attribute) ?? []), rule]);
      }
    }
    for (const child of element.children) if (child instanceof HtmlElement) stack.push(child);
  }
  return { elements, attributes };
}
