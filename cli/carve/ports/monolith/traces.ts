/**
 * What the patch added to other files of the monolith: noted in the ports file, so that a later carve sees the monolith without it, and
 * so that it can be taken back without the patch. Pure.
 */
import { eachChild, type Node } from '../../../analysis/syntax/ast.ts';
import { parseFile } from '../../../analysis/syntax/parse.ts';
import { eolOf, type Insertion } from './edits.ts';

export interface Trace {
  /** From the folder of the ports file. */
  path: string;
  /** As it was inserted. What stands around something is noted by what opens it. */
  text: string;
}

const HEAD = '// What the patch added elsewhere:';
const FILE = /^strangler-ports-([a-z0-9-]+)\.[cm]?[jt]s$/;

/** The capability's part of the name of a ports file; undefined: it is none. */
export function portsFileName(name: string): string | undefined {
  return FILE.exec(name)?.[1];
}

export function traceText(traces: readonly Trace[]): string {
  const lines = traces.map(({ path, text }) => `//   ${path} ${JSON.stringify(text)}\n`);
  return lines.length === 0 ? '' : `\n${HEAD}\n${lines.join('')}`;
}

/** The closing bracket goes with what opens it. */
export function traced(path: string, insertions: readonly Insertion[]): Trace[] {
  return insertions.filter(({ text }) => text !== '' && text !== ')').map(({ text }) => ({ path, text }));
}

export function readTraces(text: string): Trace[] {
  const from = text.indexOf(`\n${HEAD}`);
  if (from === -1) return [];
  return text
    .slice(from)
    .split(/\r?\n/)
    .flatMap((line): Trace[] => {
      const match = /^\/\/ {3}(\S.*?) ("(?:[^"\\]|\\.)*")$/.exec(line);
      if (match === null) return [];
      try {
        const value: unknown = JSON.parse(match[2] ?? '');
        return typeof value === 'string' ? [{ path: match[1] ?? '', text: value }] : [];
      } catch {
        return [];
      }
    });
}

interface Range {
  at: number;
  length: number;
}

export interface Stripped {
  text: string;
  /** Of each line that is left, its number before. Lines count from 1, so that the first is `lines[0]`. */
  lines: number[];
  /** What is not there as it was added. */
  missing: string[];
}

/** @param name of the file, which says how it is parsed */
export function withoutAdded(name: string, text: string, added: readonly string[]): Stripped {
  const removed: Range[] = [];
  const missing: string[] = [];
  for (const one of added) {
    const ranges = rangesOf(name, text, one.replace(/\n/g, eolOf(text)));
    if (ranges === undefined) missing.push(one);
    else removed.push(...ranges);
  }
  return { ...without(text, removed), missing };
}

function without(text: string, removed: readonly Range[]): Pick<Stripped, 'text' | 'lines'> {
  const lines: number[] = [];
  let result = '';
  let line = 1;
  let begins = true;
  for (let at = 0; at < text.length; at += 1) {
    const breaks = text[at] === '\n';
    if (!removed.some((range) => range.at <= at && at < range.at + range.length)) {
      if (begins) lines.push(line);
      begins = breaks;
      result += text[at];
    }
    if (breaks) line += 1;
  }
  if (begins) lines.push(line);
  return { text: result, lines };
}

function rangesOf(name: string, text: string, added: string): Range[] | undefined {
  const at = text.lastIndexOf(added);
  if (at === -1) return undefined;
  const whole = { at, length: added.length };
  if (!/[(,] ?$/.test(added)) return [whole];
  const end = endOfCall(name, text, at);
  return end === undefined ? undefined : [whole, { at: end - 1, length: 1 }];
}

function endOfCall(name: string, text: string, at: number): number | undefined {
  const source = parseFile(`/${name}`, name, text);
  if ('message' in source) return undefined;
  let end: number | undefined;
  const visit = (node: Node): void => {
    if (node.type === 'CallExpression' && node.start === at) end = Math.max(end ?? 0, node.end);
    if (node.start <= at && at < node.end) eachChild(node, visit);
  };
  for (const statement of source.program.body) visit(statement as Node);
  return end;
}
