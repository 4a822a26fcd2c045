import { type InferNode, PARAMETER, TAIL } from './infer-tree.ts';
import type { ValueReason } from './inventory.ts';
import type { RouteStats } from './observation.ts';
import { isAssetFile } from './vocabulary.ts';

/** Paths that have the very same page before it is taken for one that answers everything. */
const SAME_PAGE = 5;
const FILES_BELOW = 2;

/**
 * An application that runs in the browser has one page for all of its paths. Its pages all have the same size, which pages that are made
 * for each request never have. They become `/*` below the last place that they have in common.
 */
export function foldSamePage(root: InferNode): void {
  const pages: { node: InferNode; size: number; path: InferNode[] }[] = [];
  let all = 0;
  const walk = (node: InferNode, path: InferNode[]): void => {
    const stats = node.routes.get('GET');
    if (stats !== undefined && isPage(stats)) {
      all++;
      if (stats.smallest === stats.largest) pages.push({ node, size: stats.smallest, path });
    }
    for (const child of node.children.values()) walk(child, [...path, child]);
  };
  walk(root, []);
  const bySize = [...Map.groupBy(pages, ({ size }) => size).values()];
  const [same = []] = bySize.sort((a, b) => b.length - a.length);
  if (same.length < SAME_PAGE || same.length * 2 < all) return;
  let common = 0;
  const [first] = same;
  while (same.every(({ path }) => path.length > common + 1 && path[common] === first!.path[common])) common++;
  const at = common === 0 ? root : first!.path[common - 1]!;
  const tail = tailOf(at, 'page');
  const unsized = [...at.all()].filter(
    (node) => !same.some((page) => page.node === node) && isUnsizedPage(node),
  );
  for (const node of [...same.map((page) => page.node), ...unsized]) {
    for (const method of ['GET', 'HEAD']) {
      const stats = node.routes.get(method);
      if (stats !== undefined) tail.add(method, stats);
      node.routes.delete(method);
    }
    tail.values!.distinct.add(node.token);
  }
  prune(root);
}

function isPage(stats: RouteStats): boolean {
  return stats.smallest > 0 && (stats.types['text/html'] ?? 0) * 2 > stats.inspected;
}

/** Seen only without its body: asked for by HEAD, unchanged since the last time, or failed. */
function isUnsizedPage({ routes, children, token }: InferNode): boolean {
  if (routes.size === 0 || token === TAIL || children.has(TAIL)) return false;
  if (![...routes.keys()].every((method) => method === 'GET' || method === 'HEAD')) return false;
  return [...routes.values()].every(
    (stats) => stats.smallest === -1 && (stats.types['text/html'] ?? 0) * 2 > stats.inspected,
  );
}

/** Folders of files, with folders in them, are one route to the application: `/assets/*`. */
export function foldFolders(node: InferNode): void {
  for (const child of node.children.values()) {
    if (child.token !== PARAMETER && child.token !== TAIL && child.token !== '' && isFolder(child))
      toTail(child);
    else foldFolders(child);
  }
}

/** Nothing but files, of which some stand deeper than others. */
function isFolder(node: InferNode): boolean {
  const folders = [...node.children.values()].filter(({ children }) => children.size > 0);
  if (folders.length === 0 || node.routes.size > 0) return false;
  let files = 0;
  for (const place of node.all()) {
    if (place.routes.size === 0) continue;
    if (![...place.routes.keys()].every((method) => method === 'GET' || method === 'HEAD')) return false;
    if (!isFile(place)) return false;
    files += place.values?.distinct.estimate() ?? 1;
  }
  return files >= FILES_BELOW;
}

function isFile({ token, values }: InferNode): boolean {
  if (values === undefined) return token === TAIL || isAssetFile(token);
  let other = 0;
  let files = 0;
  for (const [kind, calls] of values.kinds) {
    if (kind === 'file') files += calls;
    else other += calls;
  }
  return files > other;
}

function toTail(node: InferNode): void {
  const below = [...node.children.values()];
  node.children.clear();
  const tail = tailOf(node, 'files');
  for (const child of below) {
    for (const place of child.all()) {
      for (const [method, stats] of place.routes) tail.add(method, stats);
      if (place.routes.size === 0) continue;
      if (place.values === undefined) tail.values!.distinct.add(place.token);
      else tail.values!.distinct.merge(place.values.distinct);
    }
  }
}

function tailOf(node: InferNode, reason: ValueReason): InferNode {
  const tail = node.child(TAIL);
  tail.place().reasons.set(reason, 1);
  return tail;
}

/** Takes away places to which nothing leads any more. */
function prune(node: InferNode): boolean {
  for (const [token, child] of node.children) if (prune(child)) node.children.delete(token);
  return node.routes.size === 0 && node.children.size === 0;
}
