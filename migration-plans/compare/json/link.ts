import type { Where } from '../recorder.ts';

/** A place in a JSON document as a chain to its root; texts are built only where something differs. */
export class JsonLink implements Where {
  readonly parent: JsonLink | undefined;
  readonly step: string | number;
  private known: string | undefined;

  constructor(parent: JsonLink | undefined, step: string | number) {
    this.parent = parent;
    this.step = step;
  }

  path(): string {
    this.known ??= this.text(true);
    return this.known;
  }

  at(): string {
    return this.text(false);
  }

  private text(indexFree: boolean): string {
    const steps: string[] = [];
    let first: JsonLink = this;
    for (let link: JsonLink = this; link.parent !== undefined; link = link.parent) {
      steps.push(indexFree ? indexFreeStep(link.step) : exactStep(link.step));
      first = link.parent;
    }
    const text = String(first.step) + steps.reverse().join('');
    return text.length <= MAX_PATH ? text : `${text.slice(0, MAX_PATH)}…`;
  }
}

const MAX_PATH = 300;
const PLAIN_NAME = /^[A-Za-z_$][\w$-]{0,99}$/;
/** Member names that are data, such as ids, addresses and dates: a map written as an object. They would make a cluster of every entry. */
const ID_LIKE = /^(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|\d{4}-\d\d(?:-\d\d)?.*|.*[@\s].*|.{65,})$/i;

function exactStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  const duplicate = step.indexOf('\u0000');
  const name = duplicate < 0 ? step : step.slice(0, duplicate);
  const text = PLAIN_NAME.test(name)
    ? `.${name}`
    : `['${name.slice(0, 100).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`;
  return duplicate < 0 ? text : `${text}(duplicate)`;
}

function indexFreeStep(step: string | number): string {
  if (typeof step === 'number') return '[*]';
  return ID_LIKE.test(step) ? '.*' : exactStep(step);
}

/** Path of a list's elements. */
export function elementsOf(where: Where): Where {
  return { path: () => `${where.path()}[*]`, at: () => `${where.at()}[*]` };
}
