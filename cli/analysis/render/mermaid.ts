import type { Analysis } from '../model.ts';
import { pictureOf } from './picture.ts';

/** Links drawn at most: a diagram in a pull request is to be read at a glance. */
const MAX_LINKS = 60;

/** A Mermaid flowchart of the candidates, their models, and the heaviest seams between them. */
export function renderMermaid(analysis: Analysis): string {
  const picture = pictureOf(analysis);
  const lines = ['flowchart LR'];
  const used = picture.groups.map((group, at) => ({ group, at })).filter(({ group }) => group.r > 0);
  for (const { group, at } of used) {
    lines.push(`  subgraph g${at}["${escaped(group.name)}"]`);
    const models = picture.nodes.filter((node) => node.group === at && node.kind === 'model');
    for (const model of models)
      lines.push(`    m${picture.nodes.indexOf(model)}[("${escaped(model.label)}")]`);
    if (models.length === 0)
      lines.push(`    e${at}["${picture.nodes.filter((node) => node.group === at).length} files"]`);
    lines.push('  end');
  }
  const seams = new Map<string, { weight: number; inLoop: boolean }>();
  for (const edge of picture.edges) {
    if (!edge.seam) continue;
    const key = `${picture.nodes[edge.from]?.group}:${picture.nodes[edge.to]?.group}`;
    const known = seams.get(key) ?? { weight: 0, inLoop: false };
    known.weight += edge.weight;
    known.inLoop ||= edge.inLoop;
    seams.set(key, known);
  }
  const heaviest = [...seams]
    .sort(([a, x], [b, y]) => y.weight - x.weight || (a < b ? -1 : 1))
    .slice(0, MAX_LINKS);
  for (const [key, { weight, inLoop }] of heaviest) {
    const [from, to] = key.split(':');
    lines.push(`  g${from} -->|"${weight}${inLoop ? ', in a loop' : ''}"| g${to}`);
  }
  return `${lines.join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replace(/[^\w ./@:-]/g, (character) => `#${character.codePointAt(0) ?? 63};`);
}
