/** Drafts the file in which an architect decides refusals. What is in it already stays byte for byte. */
import { Document, isMap, isScalar, parseDocument, YAMLMap } from 'yaml';
import { UNDECIDED } from './decisions.ts';
import { RECIPE_EXAMPLE } from './gates/sign-in/recipe.ts';
import type { Refusal } from './model.ts';

const WIDTH = 110;

/** One entry as it would be pasted into the file. */
export function decisionLine(key: string, choose: string, because: string): string {
  const document = new Document({ [key]: { choose, because } });
  const value = document.get(key);
  if (value instanceof YAMLMap) value.flow = true;
  return document.toString({ lineWidth: 0 }).trim();
}

/**
 * The decisions file with an entry for every open refusal that has none yet, its reason and its choices as comments above.
 *
 * @param existing text of the file, which must be one that `parseDecisions` takes; undefined: there is none
 * @returns the text and the keys that were added
 */
export function draftDecisions(
  existing: string | undefined,
  capability: string,
  open: readonly Refusal[],
): { text: string; added: string[] } {
  const known = existing === undefined ? new Set<string>() : keysOf(existing);
  const missing = open.filter((refusal) => !known.has(refusal.key));
  const added = missing.map((refusal) => refusal.key);
  if (existing === undefined) {
    const body = missing.flatMap((refusal) => entry(refusal, '  '));
    return {
      text: [
        ...header(capability),
        missing.length === 0 ? 'decisions: {}' : 'decisions:',
        ...body,
        '',
        RECIPE_EXAMPLE,
      ].join('\n'),
      added,
    };
  }
  if (missing.length === 0) return { text: existing, added };
  return { text: insert(existing, missing), added };
}

function header(capability: string): string[] {
  return [
    `# What was decided so that ${capability} can be carved. Choose for every entry, and say why: the file is reviewed,`,
    `# and stays as the record. An entry that chooses "${UNDECIDED}" is not decided yet. A key may hold * to decide several at once.`,
  ];
}

function entry({ key, file, line, reason, options }: Refusal, indent: string): string[] {
  return [
    ...wrapped(`${file}:${line}: ${oneLine(reason)}`, indent),
    `${indent}# One of: ${options.join(', ')}`,
    `${indent}${decisionLine(key, UNDECIDED, '')}`,
  ];
}

function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of text.split(' ')) {
    if (line.length > indent.length + 1 && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** Reasons quote source code: a line break in a comment would end it. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
  return text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, ' ');
}

function keysOf(text: string): Set<string> {
  const entries = parseDocument(text).get('decisions');
  return new Set(
    isMap(entries) ? entries.items.map((item) => (isScalar(item.key) ? String(item.key.value) : '')) : [],
  );
}

function insert(text: string, missing: readonly Refusal[]): string {
  const document = parseDocument(text);
  const entries = document.get('decisions');
  const last = isMap(entries) && entries.flow !== true ? entries.items.at(-1) : undefined;
  const start =
    isMap(entries) && isScalar(entries.items[0]?.key) ? entries.items[0].key.range?.[0] : undefined;
  const value = last?.value as { range?: [number, number, number] | null } | null | undefined;
  const end = value?.range?.[1];
  if (start !== undefined && end !== undefined) {
    const indent = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1));
    const lineEnd = text.indexOf('\n', Math.max(0, end - 1));
    const at = lineEnd === -1 ? text.length : lineEnd + 1;
    const before = text.slice(0, at);
    const lines = missing.flatMap((refusal) => entry(refusal, indent));
    return `${before}${before.endsWith('\n') ? '' : '\n'}${lines.join('\n')}\n${text.slice(at)}`;
  }
  // Empty, or in braces: the document is written anew, its comments with it.
  const map = isMap(entries) ? entries : new YAMLMap();
  map.flow = false;
  for (const refusal of missing) {
    const pair = document.createPair(refusal.key, { choose: UNDECIDED, because: '' });
    if (pair.value instanceof YAMLMap) pair.value.flow = true;
    if (isScalar(pair.key))
      pair.key.commentBefore = ` ${refusal.file}:${refusal.line}: ${oneLine(refusal.reason)}\n One of: ${refusal.options.join(', ')}`;
    map.items.push(pair as never);
  }
  document.set('decisions', map);
  return document.toString({ lineWidth: 0 });
}
