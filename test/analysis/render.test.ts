import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parse } from 'parse5';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyze } from '../../cli/analysis/analyze.ts';
import type { Analysis } from '../../cli/analysis/model.ts';
import { renderHtml } from '../../cli/analysis/render/html.ts';
import { renderMermaid } from '../../cli/analysis/render/mermaid.ts';
import { renderText } from '../../cli/analysis/render/text.ts';

const dir = join(import.meta.dirname, '../fixtures/express-cjs');
let analysis: Analysis;
beforeAll(async () => {
  analysis = await analyze({ dir, capabilities: ['shop=services/orders.js,Order'] });
});

const HOSTILE = `</script><img src=x onerror="alert(1)">'"\`\u2028`;

describe('the same input', () => {
  it('gives the same result, byte for byte', async () => {
    expect(JSON.stringify(await analyze({ dir, capabilities: ['shop=services/orders.js,Order'] }))).toBe(
      JSON.stringify(analysis),
    );
  });
});

describe('the page', () => {
  it('allows exactly its own style and script', () => {
    const html = renderHtml(analysis);
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src ${hash(/<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '')}`);
    expect(policy).toContain(`style-src ${hash(/<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? '')}`);
    expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    expect(html).not.toMatch(/ style="| on\w+="/);
  });
  it('shows names of the project as text only', () => {
    const poisoned = JSON.parse(JSON.stringify(analysis)) as Analysis;
    poisoned.project.name = HOSTILE;
    for (const model of poisoned.models) model.name = HOSTILE;
    for (const node of poisoned.graph.nodes) node.label = HOSTILE;
    for (const route of poisoned.routes) route.path = HOSTILE;
    for (const suggestion of poisoned.suggestions) suggestion.capability = HOSTILE;
    poisoned.unresolved.push({ kind: HOSTILE, file: HOSTILE, line: 1, reason: HOSTILE });
    const tags: string[] = [];
    const walk = (node: { nodeName: string; childNodes?: unknown[] }): void => {
      tags.push(node.nodeName);
      for (const child of node.childNodes ?? []) walk(child as typeof node);
    };
    walk(parse(renderHtml(poisoned)));
    expect(tags).not.toContain('img');
    expect(tags.filter((tag) => tag === 'script')).toHaveLength(2);
    expect(renderMermaid(poisoned)).not.toMatch(/[<`]|script>/);
  });
});

describe('the summary', () => {
  it('tells size, candidates, cost and obstacles with their places', () => {
    const text = renderText(analysis);
    expect(text).toContain('9 routes, 6 models');
    expect(text).toMatch(/shop \(given\)/);
    expect(text).toMatch(/calls? becomes? remote/);
    expect(text).toContain('(services/orders.js:7)');
  });
});

describe('a grouping of the architect', () => {
  it('is scored beside the found ones, with hard obstacles first', () => {
    const shop = analysis.suggestions.find((item) => item.source === 'given');
    expect(shop).toMatchObject({ capability: 'shop', models: ['Order'] });
    expect(shop?.obstacles[0]?.kind).toBe('split-transaction');
    expect(analysis.suggestions.map((item) => item.order)).toEqual(
      analysis.suggestions.map((_item, at) => at + 1),
    );
  });
});

describe('every edge of the graph', () => {
  it('keeps evidence that points into the project', () => {
    const bare = analysis.graph.edges.filter(
      (edge) => edge.kind !== 'contains' && edge.evidence.length === 0,
    );
    expect(bare).toEqual([]);
    const ids = new Set(analysis.graph.nodes.map((node) => node.id));
    expect(analysis.graph.edges.filter((edge) => !ids.has(edge.from) || !ids.has(edge.to))).toEqual([]);
  });
});
