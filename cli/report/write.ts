import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderHtml } from './html.ts';
import { renderJUnit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import type { ReportView } from './view.ts';

/** The rendered files, by format. */
export interface ReportFiles {
  html: string;
  json: string;
  junit: string;
  markdown: string;
}

/** Writes all forms of the report into a folder, each whole or not at all, and returns their paths. */
export function writeReport(view: ReportView, folder: string): ReportFiles {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: string): string => {
    const path = join(folder, name);
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, content);
    renameSync(temporary, path);
    return path;
  };
  return {
    html: write(`${view.capability}.html`, renderHtml(view)),
    json: write(`${view.capability}.json`, `${JSON.stringify(view, null, 2)}\n`),
    junit: write(`${view.capability}.junit.xml`, renderJUnit(view)),
    markdown: write(`${view.capability}.md`, renderMarkdown(view)),
  };
}

/** What `strangler report --json` prints: the fields that scripts rely on. */
export interface ReportResult {
  verdict: ReportView['verdict']['value'];
  rule: string;
  message: string;
  compared: number;
  mismatched: number;
  clusters: {
    id: string;
    route: string;
    path: string;
    kind: string;
    count: number;
    severity: string;
    title: string;
  }[];
  files: ReportFiles;
}

export function reportResult(view: ReportView, files: ReportFiles): ReportResult {
  return {
    verdict: view.verdict.value,
    rule: view.verdict.rule,
    message: view.verdict.message,
    compared: view.compared,
    mismatched: view.mismatched,
    clusters: view.clusters.map(({ id, route, path, kind, seen, severity, title }) => ({
      id,
      route,
      path,
      kind,
      count: seen,
      severity,
      title,
    })),
    files,
  };
}
