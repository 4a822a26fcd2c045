/** Script of the page: draws the picture and answers to pointer and keyboard. Text is set as text, never as markup. */
export const PAGE_SCRIPT = `
(() => {
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const svg = document.getElementById('picture');
const detail = document.getElementById('detail');
const NS = 'http://www.w3.org/2000/svg';
const make = (name, attributes, parent) => { const element = document.createElementNS(NS, name); for (const key in attributes) element.setAttribute(key, attributes[key]); parent.append(element); return element; };
const html = (name, text, parent) => { const element = document.createElement(name); if (text !== undefined) element.textContent = text; parent.append(element); return element; };
const { nodes, edges, groups } = data;
const scene = make('g', {}, svg);
for (const group of groups) {
  if (!group.r) continue;
  make('circle', { class: 'group', cx: group.x, cy: group.y, r: group.r }, scene);
}
const drawnEdges = edges.map((edge, at) => {
  const a = nodes[edge.from], b = nodes[edge.to];
  const bend = 0.12, mx = (a.x + b.x) / 2 - (b.y - a.y) * bend, my = (a.y + b.y) / 2 + (b.x - a.x) * bend;
  const d = 'M' + a.x + ' ' + a.y + 'Q' + mx + ' ' + my + ' ' + b.x + ' ' + b.y;
  const hit = make('path', { class: 'hit', d }, scene);
  const line = make('path', { class: 'edge' + (edge.seam ? ' seam' : ''), d, 'stroke-width': Math.min(5, 0.8 + Math.log2(edge.weight)), 'pointer-events': 'none' }, scene);
  hit.addEventListener('click', () => showEdge(at));
  return { hit, line };
});
const labels = [];
const drawnNodes = nodes.map((node, at) => {
  const g = make('g', { class: 'node ' + node.kind, transform: 'translate(' + node.x + ' ' + node.y + ')' }, scene);
  make('title', {}, g).textContent = node.title;
  make('circle', { r: node.r }, g);
  const text = make('text', {}, g);
  text.textContent = node.label;
  labels.push({ element: text, node: at, half: node.label.length * (node.kind === 'model' ? 3.2 : 2.8) + 2 });
  g.addEventListener('click', () => showNode(at));
  return g;
});
for (const group of groups) {
  if (group.r) make('text', { class: 'group-name', x: group.x, y: group.y - group.r - 7 }, scene).textContent = group.name;
}
const near = nodes.map(() => []);
edges.forEach((edge, at) => { near[edge.from].push(at); near[edge.to].push(at); });
let chosen = -1;
let wanted = [];
const weight = nodes.map((_, at) => near[at].reduce((sum, edge) => sum + edges[edge].weight, 0));
labels.sort((a, b) => (nodes[b.node].kind === 'model') - (nodes[a.node].kind === 'model') || weight[b.node] - weight[a.node] || a.node - b.node);
// Names that would lie on another are left out, those that matter least first; coming nearer shows them.
let scale = 1;
const showLabels = () => {
  const unit = Math.min(3, Math.max(0.4, 1 / scale));
  const tall = 5.5 * unit;
  const taken = groups.filter((group) => group.r).map((group) => ({ x: group.x, y: group.y - group.r - 11, half: group.name.length * 4 * unit, tall: 8 * unit }));
  nodes.forEach((node, at) => { if (node.kind === 'model') taken.push({ x: node.x, y: node.y, half: node.r * 0.8, tall: node.r * 0.8, node: at }); });
  const first = labels.filter(({ node }) => wanted.includes(node));
  for (const label of [...first, ...labels.filter((other) => !first.includes(other))]) {
    const node = nodes[label.node], half = label.half * unit, must = first.includes(label);
    const room = (y) => taken.every((other) => other.node === label.node || Math.abs(other.x - node.x) >= other.half + half || Math.abs(other.y - y) >= other.tall + tall);
    const below = node.y + node.r + 2 + tall, above = node.y - node.r - 2 - tall;
    const shown = node.kind === 'model' || scale > 0.55;
    const y = shown && room(below) ? below : shown && room(above) ? above : must ? below : undefined;
    label.element.toggleAttribute('hidden', y === undefined);
    if (y === undefined) continue;
    label.element.setAttribute('y', y - node.y + 3.5 * unit);
    taken.push({ x: node.x, y, half, tall, node: label.node });
  }
};
const mark = (node, edge) => {
  drawnNodes.forEach((element, at) => element.classList.toggle('chosen', at === node));
  drawnEdges.forEach(({ line }, at) => line.classList.toggle('chosen', at === edge || (node >= 0 && (edges[at].from === node || edges[at].to === node))));
  wanted = node >= 0 ? [node] : edge >= 0 ? [edges[edge].from, edges[edge].to] : [];
  showLabels();
};
const words = (edge) => edge.kinds.join(', ') + ' ×' + edge.weight + (edge.inLoop ? ', in a loop' : '') + (edge.seam ? ' (seam)' : '');
function showEdge(at) {
  const edge = edges[at];
  mark(-1, at);
  detail.replaceChildren();
  html('h3', nodes[edge.from].title + ' → ' + nodes[edge.to].title, detail);
  html('p', words(edge), detail);
  if (edge.transactions.length) html('p', 'in the transaction at ' + edge.transactions.join(', '), detail);
  const list = html('ul', undefined, detail);
  for (const spot of edge.evidence) html('code', spot.file + ':' + spot.line, html('li', undefined, list));
}
function showNode(at) {
  chosen = at;
  mark(at, -1);
  detail.replaceChildren();
  html('h3', nodes[at].title, detail);
  html('p', nodes[at].kind + ' in ' + groups[nodes[at].group].name, detail);
  const list = html('ul', undefined, detail);
  const order = [...near[at]].sort((a, b) => edges[b].weight - edges[a].weight);
  for (const index of order) {
    const edge = edges[index];
    const other = edge.from === at ? edge.to : edge.from;
    const button = html('button', (edge.from === at ? '→ ' : '← ') + nodes[other].title + ': ' + words(edge), html('li', undefined, list));
    button.type = 'button';
    button.addEventListener('click', () => showEdge(index));
  }
}
let view = { x: 0, y: 0, w: data.width, h: data.height };
const apply = () => {
  svg.setAttribute('viewBox', view.x + ' ' + view.y + ' ' + view.w + ' ' + view.h);
  const before = scale;
  scale = Math.min((svg.clientWidth || 800) / view.w, (svg.clientHeight || 600) / view.h);
  // Names keep their size on the screen however far away one stands.
  scene.style.setProperty('--unit', String(Math.min(3, Math.max(0.4, 1 / scale))));
  if (scale !== before) showLabels();
};
const fit = () => { view = { x: 0, y: 0, w: data.width, h: data.height }; apply(); };
const zoom = (factor, cx = view.x + view.w / 2, cy = view.y + view.h / 2) => {
  const w = Math.min(data.width * 3, Math.max(120, view.w * factor));
  const real = w / view.w;
  view = { x: cx - (cx - view.x) * real, y: cy - (cy - view.y) * real, w, h: view.h * real };
  apply();
};
const at = (event) => {
  const box = svg.getBoundingClientRect();
  const scale = Math.max(view.w / box.width, view.h / box.height);
  return { x: view.x + view.w / 2 + (event.clientX - box.left - box.width / 2) * scale, y: view.y + view.h / 2 + (event.clientY - box.top - box.height / 2) * scale, scale };
};
svg.addEventListener('wheel', (event) => { event.preventDefault(); const p = at(event); zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, p.x, p.y); }, { passive: false });
let drag;
svg.addEventListener('pointerdown', (event) => { drag = { x: event.clientX, y: event.clientY, view: { ...view }, scale: at(event).scale }; });
addEventListener('pointermove', (event) => { if (!drag) return; view.x = drag.view.x - (event.clientX - drag.x) * drag.scale; view.y = drag.view.y - (event.clientY - drag.y) * drag.scale; apply(); });
addEventListener('pointerup', () => { drag = undefined; });
svg.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (step) {
    event.preventDefault();
    if (event.shiftKey) { view.x += step[0] * view.w * 0.1; view.y += step[1] * view.h * 0.1; apply(); return; }
    if (chosen < 0) { showNode(0); return; }
    const from = nodes[chosen];
    let best = -1, least = Infinity;
    nodes.forEach((node, index) => {
      const dx = node.x - from.x, dy = node.y - from.y, along = dx * step[0] + dy * step[1];
      if (index === chosen || along <= 0) return;
      const cost = along + 2.2 * Math.abs(dx * step[1] + dy * step[0]);
      if (cost < least) { least = cost; best = index; }
    });
    if (best >= 0) showNode(best);
  } else if (event.key === '+' || event.key === '=') zoom(0.8);
  else if (event.key === '-') zoom(1.25);
  else if (event.key === '0') fit();
  else if (event.key === 'Enter' && chosen >= 0) { const first = detail.querySelector('button'); if (first) first.focus(); }
  else if (event.key === 'Escape') { chosen = -1; mark(-1, -1); }
});
document.getElementById('zoom-in').addEventListener('click', () => zoom(0.8));
document.getElementById('zoom-out').addEventListener('click', () => zoom(1.25));
document.getElementById('zoom-fit').addEventListener('click', fit);
document.getElementById('seams-only').addEventListener('change', (event) => {
  drawnEdges.forEach(({ hit, line }, index) => { const hide = event.target.checked && !edges[index].seam; hit.toggleAttribute('hidden', hide); line.toggleAttribute('hidden', hide); });
});
document.getElementById('find').addEventListener('input', (event) => {
  const text = event.target.value.trim().toLowerCase();
  let first = -1;
  drawnNodes.forEach((element, index) => {
    const hit = text === '' || nodes[index].title.toLowerCase().includes(text);
    element.classList.toggle('faint', !hit);
    if (hit && text !== '' && first < 0) first = index;
  });
  drawnEdges.forEach(({ line }) => line.classList.toggle('faint', text !== ''));
  if (first >= 0) showNode(first);
});
document.getElementById('route-filter').addEventListener('input', (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const row of document.querySelectorAll('#routes tbody tr')) row.hidden = wanted !== '' && !row.textContent.toLowerCase().includes(wanted);
});
addEventListener('resize', apply);
fit();
showLabels();
})();
`;
