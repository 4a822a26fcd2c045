import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { Unresolved } from '../model.ts';
import { parseFile, type SourceFile } from '../syntax/parse.ts';
import type { ProjectFiles } from './discover.ts';
import { generatedNotice } from './generated.ts';
import { ModuleResolver } from './resolve.ts';

export interface LoadedProject {
  sources: SourceFile[];
  resolver: ModuleResolver;
  lines: number;
}

/** What is read in the place of a file's text; undefined: as if the file were not there. */
export type View = (path: string, text: string) => string | undefined;

/**
 * Parses the project's sources, and those of its repository that they import. A file that can't be parsed is reported
 * and left out; the rest is analysed without it.
 */
export function loadProject(
  files: ProjectFiles,
  unresolved: Unresolved[],
  onFile?: (done: number, total: number) => void,
  view: View = (_, text) => text,
): LoadedProject {
  const read = (path: string): string | undefined => view(path, readFileSync(path, 'utf8'));
  const resolver = new ModuleResolver(
    files.root,
    files.packages,
    new Set([...files.sources, ...files.reachable]),
  );
  const sources: SourceFile[] = [];
  const generated = new Map(files.generated);
  const further = new Set(files.reachable);
  const texts = new Map<string, string>();
  const queue: string[] = [];
  for (const path of files.sources) {
    const text = read(path);
    if (text === undefined) continue;
    texts.set(path, text);
    const notice = generatedNotice(text);
    if (notice === undefined) queue.push(path);
    else {
      generated.set(path, notice);
      further.add(path);
    }
  }
  const seen = new Set(queue);
  let lines = 0;
  for (let at = 0; at < queue.length; at += 1) {
    const path = queue[at];
    if (path === undefined) break;
    const name = relative(files.root, path).split(sep).join('/');
    const text = texts.get(path) ?? read(path);
    texts.delete(path);
    if (text === undefined) continue;
    const parsed = parseFile(path, name, text);
    onFile?.(at + 1, queue.length);
    if ('message' in parsed) {
      unresolved.push({ kind: 'syntax-error', file: name, line: parsed.line, reason: parsed.message });
      continue;
    }
    const notice = generated.get(path) ?? (files.reachable.has(path) ? generatedNotice(text) : undefined);
    if (notice === undefined) lines += parsed.lines.length;
    sources.push(notice === undefined ? parsed : { ...parsed, generated: notice });
    if (further.size === 0) continue;
    for (const request of requestsOf(parsed)) {
      const found = resolver.resolve(path, request);
      if (found.kind !== 'file' || seen.has(found.path) || !further.has(found.path)) continue;
      seen.add(found.path);
      queue.push(found.path);
    }
  }
  return { sources, resolver, lines };
}

function requestsOf(source: SourceFile): string[] {
  const requests: string[] = [];
  for (const statement of source.program.body) {
    if (
      'source' in statement &&
      statement.source !== null &&
      statement.source !== undefined &&
      'value' in statement.source
    ) {
      requests.push(String(statement.source.value));
    }
  }
  for (const [, request] of source.text.matchAll(/\b(?:require|import)\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    if (request !== undefined) requests.push(request);
  }
  return requests;
}
