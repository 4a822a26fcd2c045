/**
 * Whether a version is one that package.json asks for. Knows what real package.json files hold: exact versions, `^`, `~`, comparisons,
 * `x`, ranges with a dash, alternatives. Undefined: can't tell (tags, addresses).
 */
export function satisfies(version: string, range: string): boolean | undefined {
  const wanted = range.trim();
  if (wanted === '' || wanted === '*' || wanted === 'latest') return true;
  const actual = parse(version);
  if (actual === undefined) return undefined;
  const alternatives = wanted.split('||').map((part) => matchesAll(actual, part.trim()));
  if (alternatives.includes(true)) return true;
  return alternatives.includes(undefined) ? undefined : false;
}

interface Version {
  numbers: [number, number, number];
  pre: string;
}

function parse(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+[\w.-]+)?$/.exec(text.trim());
  if (match === null) return undefined;
  return { numbers: [Number(match[1]), Number(match[2]), Number(match[3])], pre: match[4] ?? '' };
}

function matchesAll(actual: Version, range: string): boolean | undefined {
  const parts = range
    .replace(/^(\S+)\s+-\s+(\S+)$/, '>=$1 <=$2')
    .replace(/([<>]=?|[=^~])\s+/g, '$1')
    .split(/\s+/);
  const results = parts.map((part) => matchesOne(actual, part));
  if (results.includes(false)) return false;
  return results.includes(undefined) ? undefined : true;
}

function matchesOne(actual: Version, part: string): boolean | undefined {
  const match = /^([<>]=?|[=^~])?v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([\w.-]+))?$/.exec(
    part,
  );
  if (match === null) return undefined;
  const [, operator = '', ...texts] = match;
  const given = texts.slice(0, 3).filter((text) => text !== undefined && /^\d+$/.test(text));
  if (given.length === 0) return true;
  const low: Version = {
    numbers: [Number(given[0]), Number(given[1] ?? 0), Number(given[2] ?? 0)],
    pre: texts[3] ?? '',
  };
  const order = compare(actual, low);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '>':
      return given.length === 3 ? order > 0 : compare(actual, above(low, given.length - 1)) >= 0;
    case '<=':
      return given.length === 3 ? order <= 0 : compare(actual, above(low, given.length - 1)) < 0;
    case '^': {
      const [major, minor] = low.numbers;
      const index = major > 0 || given.length === 1 ? 0 : minor > 0 || given.length === 2 ? 1 : 2;
      return order >= 0 && compare(actual, above(low, index)) < 0;
    }
    case '~':
      return order >= 0 && compare(actual, above(low, given.length === 1 ? 0 : 1)) < 0;
    default:
      return given.length === 3
        ? order === 0
        : order >= 0 && compare(actual, above(low, given.length - 1)) < 0;
  }
}

/** The first version whose part `index` is one higher; its pre-releases are not below it. */
function above({ numbers }: Version, index: number): Version {
  const next = numbers.map((value, at) => (at < index ? value : at === index ? value + 1 : 0));
  return { numbers: next as Version['numbers'], pre: '0' };
}

function compare(a: Version, b: Version): number {
  for (const index of [0, 1, 2] as const) {
    const difference = a.numbers[index] - b.numbers[index];
    if (difference !== 0) return difference;
  }
  if (a.pre === b.pre) return 0;
  if (a.pre === '') return 1;
  if (b.pre === '') return -1;
  return a.pre < b.pre ? -1 : 1;
}
