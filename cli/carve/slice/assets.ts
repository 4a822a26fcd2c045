/** Files that taken code reads while it runs: templates, style sheets, JSON; found by the paths that it puts together. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { eachChild, type Node, unwrap } from '../../analysis/syntax/ast.ts';
import type { Cut } from './cuts.ts';
import { isCut } from './cuts.ts';
import type { TakenModule } from './liveness.ts';

/** Larger folders are data, not assets. */
const MAX_FILES = 500;
const MAX_BYTES = 16 * 1024 * 1024;
const CODE = /\.(?:[cm]?[jt]sx?|prisma|map)$/;

export interface Asset {
  /** Absolute. */
  path: string;
  bytes: Uint8Array;
}

/**
 * Paths below `base` that `join(__dirname, '…')`, `join(import.meta.dirname, '…')`, `new URL('…', import.meta.url)` or
 * `path.resolve('…')` name in taken code, with what lies in folders. Code is not copied: it is taken symbol by symbol.
 */
export function assetsOf(
  modules: Iterable<TakenModule>,
  cutsOf: (module: TakenModule['module']) => readonly Cut[],
  base: string,
): { assets: Asset[]; skipped: { path: string; reason: string }[] } {
  const wanted = new Set<string>();
  for (const taken of modules) {
    const { module } = taken;
    const cuts = cutsOf(module);
    const folder = dirname(module.source.path);
    const within = (node: Node): boolean =>
      [...taken.symbols].some((symbol) => symbol.start <= node.start && node.end <= symbol.end);
    const walk = (node: Node): void => {
      if (isCut(cuts, node.start)) return;
      const found = pathIn(node, folder, base);
      if (found !== undefined && within(node)) wanted.add(found);
      eachChild(node, walk);
    };
    walk(module.source.program);
  }
  const assets = new Map<string, Asset>();
  const skipped: { path: string; reason: string }[] = [];
  for (const path of [...wanted].sort()) {
    if (!path.startsWith(base + sep) || path.split(sep).includes('node_modules') || !existsSync(path))
      continue;
    const files = filesBelow(path);
    const bytes = files.reduce((sum, file) => sum + lstatSync(file).size, 0);
    if (files.length > MAX_FILES || bytes > MAX_BYTES) {
      skipped.push({ path: relative(base, path), reason: `${files.length} files, ${bytes} bytes` });
      continue;
    }
    for (const file of files)
      if (!CODE.test(file)) assets.set(file, { path: file, bytes: readFileSync(file) });
  }
  return { assets: [...assets.values()].sort((a, b) => (a.path < b.path ? -1 : 1)), skipped };
}

/** The path that an expression puts together from the file's own folder, if it does. */
function pathIn(node: Node, folder: string, base: string): string | undefined {
  if (node.type === 'NewExpression' && node.callee.type === 'Identifier' && node.callee.name === 'URL') {
    const [path, from] = node.arguments;
    const text = path === undefined ? undefined : literal(path);
    return text !== undefined && from !== undefined && isMetaUrl(from) ? resolve(folder, text) : undefined;
  }
  if (node.type === 'TemplateLiteral' && node.expressions.length === 1) {
    const [first] = node.expressions;
    const [head, tail] = node.quasis.map((item) => item.value.cooked ?? item.value.raw);
    return first !== undefined && head === '' && isHere(first) ? join(folder, tail ?? '') : undefined;
  }
  if (node.type === 'BinaryExpression' && node.operator === '+' && isHere(node.left)) {
    const text = literal(node.right);
    return text === undefined ? undefined : join(folder, text);
  }
  if (node.type !== 'CallExpression') return undefined;
  const callee = unwrap(node.callee);
  const name =
    callee.type === 'Identifier'
      ? callee.name
      : callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
        ? callee.property.name
        : '';
  if (name !== 'join' && name !== 'resolve') return undefined;
  const [first, ...rest] = node.arguments;
  if (first === undefined) return undefined;
  const texts = rest.map(literal);
  if (isHere(first) && texts.length > 0 && texts.every((text) => text !== undefined))
    return resolve(folder, ...(texts as string[]));
  // Relative to where the process starts: the package's own folder.
  const all = node.arguments.map((item) => (isCwd(item) ? '.' : literal(item)));
  return all.every((text) => text !== undefined) && !isHere(first)
    ? resolve(base, ...(all as string[]))
    : undefined;
}

function literal(node: Node): string | undefined {
  const inner = unwrap(node);
  return inner.type === 'Literal' && typeof inner.value === 'string' ? inner.value : undefined;
}

function isMetaUrl(node: Node): boolean {
  const inner = unwrap(node);
  return (
    inner.type === 'MemberExpression' &&
    inner.object.type === 'MetaProperty' &&
    inner.property.type === 'Identifier' &&
    inner.property.name === 'url'
  );
}

/** `__dirname`, `import.meta.dirname`, `dirname(fileURLToPath(import.meta.url))` or a variable called like one. */
function isHere(node: Node): boolean {
  const inner = unwrap(node);
  if (inner.type === 'Identifier') return /^(?:__dirname|_dirname|dirname|here)$/i.test(inner.name);
  if (inner.type === 'MemberExpression')
    return (
      inner.object.type === 'MetaProperty' &&
      inner.property.type === 'Identifier' &&
      inner.property.name === 'dirname'
    );
  return (
    inner.type === 'CallExpression' &&
    inner.arguments.length === 1 &&
    inner.arguments.some(
      (item) => unwrap(item).type === 'CallExpression' && JSON.stringify(item).includes('"MetaProperty"'),
    )
  );
}

function isCwd(node: Node): boolean {
  const inner = unwrap(node);
  return (
    inner.type === 'CallExpression' &&
    inner.callee.type === 'MemberExpression' &&
    inner.callee.property.type === 'Identifier' &&
    inner.callee.property.name === 'cwd'
  );
}

/** Files of a folder, not following links; the file itself where it is one. */
function filesBelow(path: string): string[] {
  const stat = lstatSync(path);
  if (stat.isFile()) return [path];
  if (!stat.isDirectory()) return [];
  const found: string[] = [];
  const stack = [path];
  while (stack.length > 0 && found.length <= MAX_FILES) {
    const folder = stack.pop() ?? path;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.git')) continue;
      if (entry.isDirectory()) stack.push(join(folder, entry.name));
      else if (entry.isFile()) found.push(join(folder, entry.name));
    }
  }
  return found;
}

export function isText(path: string, bytes: Uint8Array): boolean {
  return (
    !bytes.subarray(0, 8000).includes(0) &&
    !/\.(?:png|jpe?g|gif|ico|woff2?|ttf|pdf|zip|gz)$/i.test(extname(path))
  );
}
