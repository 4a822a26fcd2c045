import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { Unresolved } from '../model.ts';
import { parseFile, type SourceFile } from '../syntax/parse.ts';
import type { ProjectFiles } from './discover.ts';
import { ModuleResolver } from './resolve.ts';

export interface LoadedProject {
  sources: SourceFile[];
  resolver: ModuleResolver;
  lines: number;
}

/**
 * Parses the project's sources, and those of its repository that they import. A file that can't be parsed is reported
 * and left out; the rest is analysed without it.
 */
export function loadProject(
  files: ProjectFiles,
  unresolved: Unresolved[],
  onFile?: (done: number, total: number) => void,
): LoadedProject {
  const resolver = new ModuleResolver(
    files.root,
    files.packages,
    new Set([...files.sources, ...files.reachable]),
  );
  const sources: SourceFile[] = [];
  const seen = new Set(files.sources);
  const queue = [...files.sources];
  let lines = 0;
  for (let at = 0; at < queue.length; at += 1) {
    const path = queue[at];
    if (path === undefined) break;
    const name = relative(files.root, path).split(sep).join('/');
    const parsed = parseFile(path, name, readFileSync(path, 'utf8'));
    onFile?.(at + 1, queue.length);
    if ('message' in parsed) {
      unresolved.push({ kind: 'syntax-error', file: name, line: parsed.line, reason: parsed.message });
      continue;
    }
    sources.push(parsed);
    lines += parsed.lines.length;
    if (files.reachable.size === 0) continue;
    for (const request of requestsOf(parsed)) {
      const found = resolver.resolve(path, request);
      if (found.kind !== 'file' || seen.has(found.path) || !files.reachable.has(found.path)) continue;
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
