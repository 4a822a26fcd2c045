import type { DifferenceCluster } from './evidence.ts';
import { percent } from './wording.ts';

const TYPES: Record<string, string> = {
  number: 'a number',
  string: 'text',
  boolean: 'true/false',
  null: 'null',
  array: 'a list',
  object: 'an object',
};

/** One sentence for people: "`price` became text (was a number) in 3.1 % of `GET /orders/:id`". */
export function describeCluster(cluster: DifferenceCluster, compared: number): string {
  const share =
    cluster.seen === 0
      ? 'in no answer of the service'
      : `in ${percent(cluster.seen / Math.max(1, compared))}`;
  return `${sentence(cluster)} ${share} of \`${cluster.route}\``;
}

function sentence({ kind, path, shape }: DifferenceCluster): string {
  const name = `\`${nameOf(path)}\``;
  const [from = '', to = ''] = shape.split('→');
  switch (kind) {
    case 'failure':
      return `The service did not answer (${to}; the monolith: ${from})`;
    case 'status':
      return `Status is ${to} instead of ${from}`;
    case 'header-missing':
      return `Header ${name} is missing`;
    case 'header-extra':
      return `Header ${name} is sent in addition`;
    case 'header-value':
      return `Header ${name} has another value`;
    case 'media-type':
      return `The body is ${to} instead of ${from}`;
    case 'unparsable':
      return `The body can't be read (${shape})`;
    case 'missing':
      return path.endsWith('[*]') ? `An element of ${name} is missing` : `${name} is missing`;
    case 'extra':
      return path.endsWith('[*]') ? `${name} has an element in addition` : `${name} is there in addition`;
    case 'type':
      return `${name} became ${typeWord(to)} (was ${typeWord(from)})`;
    case 'format':
      return to === 'nonsense'
        ? `${name} says "undefined" or the like instead of a value (${from})`
        : `${name} has another format: ${to} instead of ${from}`;
    case 'value':
      return `${name} has another value${from === 'decimal' && to === 'integer' ? ' (a whole number instead of a decimal)' : ''}`;
    case 'order':
      return `${name} has the same elements in another order`;
    case 'length':
      return lengthSentence(name, shape);
    case 'bytes':
      return `The bytes of ${name} differ`;
    case 'relation':
      return relationSentence(name, shape);
    default:
      return `${name} differs`;
  }
}

function lengthSentence(name: string, shape: string): string {
  if (shape === 'list→empty') return `${name} is empty`;
  if (shape === 'empty→list') return `${name} has elements where the monolith has none`;
  return `${name} has ${shape.startsWith('shorter') ? 'fewer' : 'more'} elements`;
}

function relationSentence(name: string, shape: string): string {
  const clock = /^clock ([+−])(.+)$/.exec(shape);
  if (clock !== null) {
    const amount = clock[2]!.includes(':') ? `${clock[2]} hours` : clock[2]!;
    return `${name} is ${amount} ${clock[1] === '+' ? 'ahead of' : 'behind'} the monolith's clock`;
  }
  if (shape.startsWith('again after'))
    return `${name} is still the same ${shape.slice('again '.length)}, where the monolith's changes`;
  const same = /^same as (.+): broken$/.exec(shape);
  if (same !== null) return `${name} is no longer the same as \`${same[1]}\``;
  const size = /^size far (above|below)$/.exec(shape);
  if (size !== null) return `${name} is far ${size[1]} what the monolith’s vary by`;
  if (shape === 'constant') return `${name} is made up anew by the monolith, but always the same`;
  if (shape.startsWith('id map')) return `${name} breaks the one-to-one map of ids`;
  return `${name}: ${shape}`;
}

function typeWord(type: string): string {
  return TYPES[type.replace(' (nonsense)', '')] ?? type;
}

function nameOf(path: string): string {
  if (path.startsWith('header:')) return path.slice('header:'.length);
  if (path.startsWith('html:')) return path.slice('html:'.length);
  return path.startsWith('$.') ? path.slice(2) : path;
}
