import type { Analysis, GraphEdge, GraphNode } from '../../cli/analysis/model.ts';
import { suggest } from '../../cli/analysis/suggest/suggest.ts';
import type { Findings } from '../../cli/analysis/suggest/units.ts';

const SIZE = 20;

/** An analysis with exactly `count` nodes in its picture: parts of 20, tied closely inside and loosely to each other. */
export function dense(count: number): Analysis {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const models = Math.floor(count / 5);
  const files = count - models;
  const link = (from: string, to: string, kind: GraphEdge['kind'], at: number, weight: number): void => {
    edges.push({
      from,
      to,
      kind,
      weight,
      inLoop: false,
      evidence: [{ file: `src/m${at}.ts`, line: at + 1 }],
    });
  };
  for (let at = 0; at < models; at += 1)
    nodes.push({ id: `model:Model${at}`, kind: 'model', label: `Model${at}` });
  for (let at = 0; at < files; at += 1) {
    const file = `src/m${at}.ts`;
    nodes.push({ id: `function:${at}`, kind: 'function', label: `work${at}`, file, line: 1 });
    const part = Math.floor((at * 5) / 4 / SIZE);
    const model = Math.min(models - 1, part * (SIZE / 5) + (at % (SIZE / 5)));
    link(`function:${at}`, `model:Model${model}`, 'writes', at, 3);
    if (at > 0) link(`function:${at}`, `function:${at - 1}`, 'calls', at, 2);
    if (at % 7 === 0) link(`function:${at}`, `model:Model${(at * 3) % models}`, 'reads', at, 1);
  }
  const findings: Findings = {
    version: 1,
    project: { name: 'dense', frameworks: [], files, lines: files * 20 },
    routes: [],
    models: Array.from({ length: models }, (_item, at) => ({
      name: `Model${at}`,
      table: `model${at}`,
      kind: 'model' as const,
      file: 'schema.prisma',
      line: at + 1,
      fields: [],
      relations: [],
      enums: [],
    })),
    enums: [],
    entries: [],
    state: [],
    transactions: [],
    rawSql: [],
    database: [],
    unresolved: [],
    graph: { nodes, edges },
  };
  return { ...findings, suggestions: suggest(findings, []) };
}
