/** The picture: which units and links are drawn, and where. Pure, so that the same analysis gives the same page. */
import type { Analysis, Spot } from '../model.ts';
import { unitsOf } from '../suggest/units.ts';

export interface PictureNode {
  id: string;
  label: string;
  title: string;
  kind: 'model' | 'file' | 'function';
  /** Index of its group; the last one holds what no suggestion claims. */
  group: number;
  x: number;
  y: number;
  r: number;
}

export interface PictureEdge {
  from: number;
  to: number;
  weight: number;
  /** Whether it joins two groups. */
  seam: boolean;
  kinds: string[];
  inLoop: boolean;
  transactions: string[];
  evidence: Spot[];
}

export interface PictureGroup {
  name: string;
  x: number;
  y: number;
  r: number;
}

export interface Picture {
  nodes: PictureNode[];
  edges: PictureEdge[];
  groups: PictureGroup[];
  width: number;
  height: number;
}

const GAP = 46;
const GOLDEN = Math.PI * (3 - Math.sqrt(5));
const MAX_EVIDENCE = 24;

export function pictureOf(analysis: Analysis): Picture {
  const units = unitsOf(analysis);
  const found = analysis.suggestions.filter((suggestion) => suggestion.source === 'found');
  const chosen = found.length > 0 ? found : analysis.suggestions;
  const groupOf = new Map<string, number>();
  chosen.forEach((suggestion, at) => {
    for (const model of suggestion.models) groupOf.set(`model:${model}`, at);
    for (const unit of units.units.values()) {
      if (
        unit.file !== undefined &&
        unit.kind === 'file' &&
        suggestion.files.includes(unit.file) &&
        !groupOf.has(unit.id)
      )
        groupOf.set(unit.id, at);
    }
  });
  const linked = new Set(units.edges.flatMap((edge) => [edge.from, edge.to]));
  const shown = [...units.units.values()]
    .filter((unit) => linked.has(unit.id) || unit.kind === 'model')
    .sort((a, b) => (a.kind === b.kind ? (a.id < b.id ? -1 : 1) : a.kind === 'model' ? -1 : 1));
  for (const unit of shown)
    if (!groupOf.has(unit.id)) groupOf.set(unit.id, closest(unit.id, units.edges, groupOf) ?? chosen.length);

  const membersOf = [...chosen.map((suggestion) => suggestion.capability), 'shared'].map((name, at) => ({
    name,
    members: shown.filter((unit) => groupOf.get(unit.id) === at),
  }));
  const groups: PictureGroup[] = membersOf.map(({ name, members }) => ({
    name,
    x: 0,
    y: 0,
    r: members.length === 0 ? 0 : GAP * Math.sqrt(members.length) * 0.72 + 40,
  }));
  const between = new Map<string, number>();
  for (const { from, to, weight } of units.edges) {
    const a = groupOf.get(from) ?? 0;
    const b = groupOf.get(to) ?? 0;
    if (a !== b)
      between.set(
        `${Math.min(a, b)}:${Math.max(a, b)}`,
        (between.get(`${Math.min(a, b)}:${Math.max(a, b)}`) ?? 0) + weight,
      );
  }
  place(groups, between);

  const nodes: PictureNode[] = [];
  const index = new Map<string, number>();
  membersOf.forEach(({ members }, group) => {
    const centre = groups[group];
    members.forEach((unit, at) => {
      const distance = members.length === 1 ? 0 : GAP * 0.72 * Math.sqrt(at + 0.35);
      index.set(unit.id, nodes.length);
      nodes.push({
        id: unit.id,
        label: unit.kind === 'model' ? unit.label : shortName(unit.label),
        title: unit.label,
        kind: unit.kind,
        group,
        x: round((centre?.x ?? 0) + distance * Math.cos(at * GOLDEN)),
        y: round((centre?.y ?? 0) + distance * Math.sin(at * GOLDEN)),
        r: unit.kind === 'model' ? 10 : 6,
      });
    });
  });
  const edges = new Map<string, PictureEdge>();
  for (const edge of units.edges) {
    const from = index.get(edge.from);
    const to = index.get(edge.to);
    if (from === undefined || to === undefined) continue;
    const key = `${from}:${to}`;
    let drawn = edges.get(key);
    if (drawn === undefined) {
      drawn = {
        from,
        to,
        weight: 0,
        seam: groupOf.get(edge.from) !== groupOf.get(edge.to),
        kinds: [],
        inLoop: false,
        transactions: [],
        evidence: [],
      };
      edges.set(key, drawn);
    }
    drawn.weight += edge.weight;
    drawn.inLoop ||= edge.inLoop;
    const kind = edge.kind === 'relation' ? 'foreign key' : edge.kind;
    if (!drawn.kinds.includes(kind)) drawn.kinds.push(kind);
    if (edge.transaction !== undefined && !drawn.transactions.includes(edge.transaction))
      drawn.transactions.push(edge.transaction);
    for (const item of edge.evidence) {
      const known = drawn.evidence.some((other) => other.file === item.file && other.line === item.line);
      if (!known && drawn.evidence.length < MAX_EVIDENCE) drawn.evidence.push(item);
    }
  }
  const used = groups.filter((group) => group.r > 0);
  const left = Math.min(0, ...used.map((group) => group.x - group.r));
  const top = Math.min(0, ...used.map((group) => group.y - group.r - 22));
  for (const item of [...groups, ...nodes]) {
    item.x = round(item.x - left + 20);
    item.y = round(item.y - top + 20);
  }
  return {
    nodes,
    edges: [...edges.values()],
    groups,
    width: round(Math.max(200, ...used.map((group) => group.x + group.r)) + 20),
    height: round(Math.max(200, ...used.map((group) => group.y + group.r)) + 20),
  };
}

/** The group that a unit without one has most to do with. */
function closest(
  id: string,
  edges: ReturnType<typeof unitsOf>['edges'],
  groupOf: ReadonlyMap<string, number>,
): number | undefined {
  const votes = new Map<number, number>();
  for (const { from, to, weight } of edges) {
    const other = from === id ? to : to === id ? from : undefined;
    const group = other === undefined ? undefined : groupOf.get(other);
    if (group !== undefined) votes.set(group, (votes.get(group) ?? 0) + weight);
  }
  const sorted = [...votes].sort(([a, x], [b, y]) => y - x || a - b);
  const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
  const best = sorted[0];
  return best !== undefined && best[1] > total / 2 ? best[0] : undefined;
}

/** Places groups as circles: linked ones attract, all keep apart; starts on a spiral and cools, without randomness. */
function place(groups: PictureGroup[], between: ReadonlyMap<string, number>): void {
  const used = groups.filter((group) => group.r > 0);
  const spread = Math.max(1, ...used.map((group) => group.r)) * 1.2;
  used.forEach((group, at) => {
    group.x = spread * Math.sqrt(at) * 1.6 * Math.cos(at * GOLDEN);
    group.y = spread * Math.sqrt(at) * 1.1 * Math.sin(at * GOLDEN);
  });
  for (let step = 0; step < 400; step += 1) {
    const heat = 1 - step / 400;
    for (const [key, weight] of between) {
      const [a, b] = key.split(':').map((part) => groups[Number(part)]);
      if (a === undefined || b === undefined || a.r === 0 || b.r === 0) continue;
      const dx = b.x - a.x;
      const dy = b.y - a.y;
      const distance = Math.hypot(dx, dy) || 1;
      const slack = distance - (a.r + b.r + 50);
      if (slack <= 0) continue;
      const pull = (slack / distance) * 0.04 * heat * Math.min(1, Math.log2(1 + weight) / 6);
      a.x += dx * pull;
      a.y += dy * pull;
      b.x -= dx * pull;
      b.y -= dy * pull;
    }
    for (const a of used) {
      for (const b of used) {
        if (a === b) continue;
        const dx = b.x - a.x || 0.01;
        const dy = b.y - a.y || 0.01;
        const distance = Math.hypot(dx, dy);
        const overlap = a.r + b.r + 46 - distance;
        if (overlap <= 0) continue;
        const push = (overlap / distance) * 0.25;
        a.x -= dx * push;
        a.y -= dy * push;
        b.x += dx * push;
        b.y += dy * push;
      }
    }
  }
}

function shortName(label: string): string {
  const parts = label.replace(/ \(anonymous, line (\d+)\)$/, ':$1').split('/');
  const base = (parts.at(-1) ?? label).replace(/\.[cm]?[jt]sx?(?=[ :]|$)/, '');
  return /^(?:index|route|routes|main|server)$/.test(base) && parts.length > 1
    ? `${parts.at(-2)}/${base}`
    : base;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
