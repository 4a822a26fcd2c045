import type { FilterCondition } from '@aws-sdk/client-servicediscovery';
import { invalidInput } from './errors.ts';

export interface Filter {
  Name: string;
  Values: string[];
  Condition?: FilterCondition | undefined;
}

/** What a filter may ask about one property. */
export interface Filterable<Item> {
  of(item: Item): string;
  conditions: readonly FilterCondition[];
  /** What may be asked for; undefined: anything. */
  values?: readonly string[];
  /** The value is a time: `of` gives milliseconds, filters give seconds since the epoch. */
  time?: true;
  /** What a filter value stands for, such as the id in an ARN. */
  normalise?(value: string): string;
}

/**
 * A test that an item passes when it passes all filters.
 *
 * @throws CloudMapError InvalidInput for a condition, a number of values or a value that the property doesn't allow
 */
export function filterBy<Item>(
  filters: readonly Filter[],
  filterables: Readonly<Record<string, Filterable<Item>>>,
): (item: Item) => boolean {
  const tests = filters.map((filter) => testOf(filter, filterables[filter.Name]));
  return (item) => tests.every((test) => test(item));
}

function testOf<Item>(filter: Filter, filterable: Filterable<Item> | undefined): (item: Item) => boolean {
  if (!filterable) throw invalidInput(`Filter name ${filter.Name} is not supported.`);
  const condition = filter.Condition ?? 'EQ';
  if (!filterable.conditions.includes(condition)) {
    throw invalidInput(`Condition ${condition} is not supported for filter ${filter.Name}.`);
  }
  const values = filter.Values.map((value) => filterable.normalise?.(value) ?? value);
  checkCount(filter.Name, condition, values.length);
  const unknown =
    condition === 'BEGINS_WITH' ? undefined : values.find((v) => filterable.values?.includes(v) === false);
  if (unknown !== undefined) throw invalidInput(`Value ${unknown} is not valid for filter ${filter.Name}.`);
  const [first = '', second = ''] = values;
  switch (condition) {
    case 'EQ':
      return (item) => filterable.of(item) === first;
    case 'BEGINS_WITH':
      return (item) => filterable.of(item).startsWith(first);
    case 'IN':
      return (item) => values.includes(filterable.of(item));
    case 'BETWEEN': {
      const [from, to] = [timeOf(first), timeOf(second)];
      if (from > to) throw invalidInput(`The start date of filter ${filter.Name} is after its end date.`);
      return (item) => Number(filterable.of(item)) >= from && Number(filterable.of(item)) <= to;
    }
  }
}

function checkCount(name: string, condition: FilterCondition, count: number): void {
  const wanted = condition === 'BETWEEN' ? 2 : condition === 'IN' ? undefined : 1;
  if (count === 0 || (wanted !== undefined && count !== wanted)) {
    throw invalidInput(`Condition ${condition} of filter ${name} takes ${wanted ?? 'one or more'} value(s).`);
  }
}

/** Milliseconds from seconds since the epoch, as AWS takes dates in filters. */
function timeOf(value: string): number {
  const seconds = Number(value);
  if (value.trim() === '' || !Number.isFinite(seconds)) {
    throw invalidInput(`Value ${value} is not a date in seconds since the epoch.`);
  }
  return seconds * 1000;
}
