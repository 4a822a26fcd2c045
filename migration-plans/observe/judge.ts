import { type InferNode, PARAMETER, TAIL } from './infer-tree.ts';
import type { ValueReason } from './inventory.ts';
import { isWord } from './path-tree.ts';
import type { SegmentKind } from './segment.ts';
import { isAssetFile, isContainer, isLanguage, isName, isTitle, namesCollection } from './vocabulary.ts';

/** How many words it takes before they are values, by what else speaks for it. */
const ENOUGH = {
  locales: 2,
  localesAlone: 3,
  files: 3,
  filesOfArea: 10,
  below: 3,
  belowArea: 8,
  titles: 8,
  titlesOfCollection: 4,
  titlesOfArea: 20,
  collection: 5,
  alike: 24,
  alikeArea: 60,
} as const;
/**
 * A word called so many times more often than values beside it usually come again is a name all the same: where values come once and never
 * again, as in a flood, few calls are enough.
 */
const STANDS_OUT = 30;
const STANDS_OUT_AT_LEAST = 8;

/** A name of which the vocabulary says that things stand below it. */
const COLLECTION = 'collection';

interface Verdict {
  words: InferNode[];
  kind: SegmentKind;
  reason: ValueReason;
}

/** Decides for every place whether the words below it are names or values, from the top down, because that changes what is below. */
export function judgeTree(root: InferNode): void {
  judge(root, '');
}

function judge(node: InferNode, collection: string): void {
  const area = isContainer(collection);
  for (const decide of [locales, files, values]) {
    const verdict = decide(node, collection, area);
    if (verdict === undefined) continue;
    const parameter = node.child(PARAMETER);
    for (const word of verdict.words) {
      node.children.delete(word.token);
      parameter.takeValue(word, verdict.kind, verdict.reason);
    }
  }
  for (const child of node.children.values())
    if (child.token !== TAIL) judge(child, nameBelow(child, collection));
}

/** A language in front changes nothing of what is below: `/de/products` is as `/products`. */
function nameBelow(child: InferNode, collection: string): string {
  if (child.token !== PARAMETER) return child.token;
  // Values behind values, as in `/blog/2026/05/…`, lead to things.
  if (collection === PARAMETER) return COLLECTION;
  return child.values?.kinds.has('locale') === true ? collection : PARAMETER;
}

function locales(node: InferNode): Verdict | undefined {
  const words = node.words().filter(({ token }) => isLanguage(token));
  const below = words.filter((word) => words.some((other) => other !== word && sharesChild(word, other)));
  const found =
    below.length >= ENOUGH.locales
      ? words.filter((word) => below.includes(word) || word.children.size === 0)
      : words.length >= ENOUGH.localesAlone && words.every(({ children }) => children.size === 0)
        ? words
        : [];
  return found.length === 0 ? undefined : { words: found, kind: 'locale', reason: 'locale' };
}

function files(node: InferNode, _collection: string, area: boolean): Verdict | undefined {
  const words = node.words().filter((word) => isAssetFile(word.token) && isLeaf(word) && onlyReads(word));
  const known = node.children.get(PARAMETER)?.values?.kinds.has('file') === true;
  const enough = known ? 1 : area ? ENOUGH.filesOfArea : ENOUGH.files;
  return words.length < enough ? undefined : { words, kind: 'file', reason: 'files' };
}

function values(node: InferNode, collection: string, area: boolean): Verdict | undefined {
  const words = node.words().filter(({ token }) => !isAssetFile(token));
  if (words.length === 0) return undefined;
  const parameter = node.children.get(PARAMETER);
  const unnamed = words.filter(({ token }) => !isName(token));
  return (
    amongMany(unnamed, parameter, area || collection === PARAMETER) ??
    sharingBelow(unnamed, parameter, area) ??
    titles(unnamed, words, collection, area) ??
    ofCollection(unnamed, collection, area) ??
    alike(unnamed, area)
  );
}

/** Some edge has seen more words here than it remembers: what behaves like these is one of them. */
function amongMany(words: InferNode[], parameter: InferNode | undefined, area: boolean): Verdict | undefined {
  const values = parameter?.values;
  const calls = values?.kinds.get('any');
  if (parameter === undefined || values === undefined || calls === undefined) return undefined;
  const again = calls / Math.max(1, values.distinct.estimate()) - 1;
  const standsOut = Math.max(STANDS_OUT_AT_LEAST, again * STANDS_OUT);
  const forms = signature(parameter);
  const found = words.filter((word) => {
    // Of what an application has many of, some are far more popular than others; its parts have names.
    if (area && word.calls() >= standsOut) return false;
    const own = signature(word);
    return [...own].every((form) => forms.has(form));
  });
  return found.length === 0 ? undefined : { words: found, kind: 'any', reason: 'many' };
}

/** `/products/a/reviews`, `/products/b/reviews` …: what stands below the same names is a value. */
function sharingBelow(
  words: InferNode[],
  parameter: InferNode | undefined,
  area: boolean,
): Verdict | undefined {
  const counts = new Map<string, number>();
  for (const word of words)
    for (const name of namesBelow(word)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const enough = area ? ENOUGH.belowArea : ENOUGH.below;
  const withParameter = new Set(parameter === undefined ? [] : namesBelow(parameter));
  const shared = new Set(
    [...counts]
      .filter(([name, count]) => count >= enough || (!area && withParameter.has(name)))
      .map(([name]) => name),
  );
  const sharing = words.filter((word) => namesBelow(word).some((name) => shared.has(name)));
  const withNames = words.filter((word) => namesBelow(word).length > 0);
  if (sharing.length === 0 || sharing.length * 2 < withNames.length) return undefined;
  const forms = new Set(sharing.flatMap((word) => [...signature(word)]));
  const alikeOnes = words.filter(
    (word) =>
      !sharing.includes(word) &&
      [...signature(word)].every((form) => forms.has(form)) &&
      (isTitle(word.token) || sharing.length >= ENOUGH.below * 2),
  );
  return { words: [...sharing, ...alikeOnes], kind: 'any', reason: 'below' };
}

function titles(
  words: InferNode[],
  all: InferNode[],
  collection: string,
  area: boolean,
): Verdict | undefined {
  const plain = words.filter((word) => isTitle(word.token) && onlyReads(word));
  const enough = area
    ? ENOUGH.titlesOfArea
    : namesCollection(collection)
      ? ENOUGH.titlesOfCollection
      : ENOUGH.titles;
  if (plain.length < enough || plain.length * 2 < all.length) return undefined;
  const forms = new Set(plain.flatMap((word) => [...signature(word)]));
  const alikeOnes = words.filter(
    (word) => !plain.includes(word) && !area && [...signature(word)].every((form) => forms.has(form)),
  );
  return { words: [...plain, ...alikeOnes], kind: 'any', reason: 'titles' };
}

function ofCollection(words: InferNode[], collection: string, area: boolean): Verdict | undefined {
  if (area || collection === PARAMETER || !namesCollection(collection)) return undefined;
  const found = words.filter((word) => isLeaf(word) && onlyReads(word));
  if (found.length < ENOUGH.collection || found.length * 2 < words.length) return undefined;
  return { words: found, kind: 'any', reason: 'collection' };
}

/** Very many that all behave the same. */
function alike(words: InferNode[], area: boolean): Verdict | undefined {
  const groups = Map.groupBy(words.filter(onlyReads), (word) => [...signature(word)].sort().join(' '));
  const [largest = []] = [...groups.values()].sort((a, b) => b.length - a.length);
  if (largest.length < (area ? ENOUGH.alikeArea : ENOUGH.alike) || largest.length * 2 < words.length)
    return undefined;
  return { words: largest, kind: 'any', reason: 'many' };
}

/** What can be asked of a place and of those below it: `GET`, `GET /reviews`, `GET /:`. */
function signature(node: InferNode): Set<string> {
  const forms = new Set<string>();
  const walk = (at: InferNode, path: string, depth: number): void => {
    for (const method of at.routes.keys())
      if (method !== 'HEAD' && method !== 'OPTIONS') forms.add(`${method} ${path}`);
    if (depth === 3) return;
    for (const child of at.children.values())
      walk(child, `${path}/${child.token === PARAMETER ? ':' : child.token}`, depth + 1);
  };
  walk(node, '', 0);
  return forms;
}

function namesBelow(node: InferNode): string[] {
  return [...node.children.keys()].filter((token) => isWord(token) && token !== TAIL && !isName(token));
}

function sharesChild(a: InferNode, b: InferNode): boolean {
  return [...a.children.keys()].some((token) => token !== '' && b.children.has(token));
}

function isLeaf(node: InferNode): boolean {
  return [...node.children.keys()].every((token) => token === '');
}

function onlyReads(node: InferNode): boolean {
  return [...node.routes.keys()].every(
    (method) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS',
  );
}
