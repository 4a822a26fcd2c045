/** Gate: the service type-checks, or, in JavaScript, parses, and everything that it imports is there. */
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { ResolverFactory } from 'oxc-resolver';
import type { GateReport } from './report.ts';
import { gateEnvironment, lastLines, runCommand } from './run-process.ts';

const LIMIT_MS = 5 * 60_000;
const SCRIPT = /\.(?:[cm]?js|jsx)$/;

export interface TypesInput {
  folder: string;
  language: 'ts' | 'js';
  /** Paths of the files that carve is concerned with. */
  paths: readonly string[];
  missing: readonly { name: string; range: string }[];
  signal: AbortSignal;
}

export async function checkTypes(input: TypesInput): Promise<GateReport> {
  return input.language === 'ts' ? typeCheck(input) : checkScripts(input);
}

async function typeCheck({ folder, missing, signal }: TypesInput): Promise<GateReport> {
  const tsc = join(folder, 'node_modules/.bin/tsc');
  if (!existsSync(tsc))
    return notRun('TypeScript is not installed', 'Install the monolith’s packages, or add --install.');
  const { code, said, timedOut } = await runCommand('tsc --noEmit --pretty false', {
    cwd: folder,
    env: gateEnvironment(folder),
    limitMs: LIMIT_MS,
    signal,
  });
  if (code === 0) return { gate: 'types', status: 'passed', summary: 'tsc finds no error', details: [] };
  if (timedOut)
    return notRun('tsc took longer than 5 minutes', 'Try it by hand: write with --skip-gates, then run tsc.');
  const errors = lastLines(said, 500).filter((line) => /error TS\d+/.test(line));
  const excused = errors.filter((line) =>
    missing.some(({ name }) => line.includes(`'${name}`) || line.includes(`"${name}`)),
  );
  if (missing.length > 0 && excused.length > 0)
    return notRun(
      `packages are not installed: ${missing.map(({ name, range }) => `${name}@${range}`).join(', ')}`,
      'Install the monolith’s packages, or add --install.',
    );
  return {
    gate: 'types',
    status: 'failed',
    summary:
      errors.length === 0
        ? `tsc ended with ${code}`
        : `tsc finds ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}`,
    details: errors.length === 0 ? lastLines(said, 20) : errors,
  };
}

function notRun(summary: string, remedy: string): GateReport {
  return { gate: 'types', status: 'not-run', summary, details: [], remedy };
}

/** One process for all files: it compiles each as Node would, without running it. */
const COMPILE = `
const vm = require('node:vm'), fs = require('node:fs'), path = require('node:path');
const { createRequire } = require('node:module');
const types = new Map();
function typeOf(dir) {
  if (types.has(dir)) return types.get(dir);
  let type;
  try { type = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).type ?? 'commonjs'; }
  catch { const up = path.dirname(dir); type = up === dir ? 'commonjs' : typeOf(up); }
  types.set(dir, type);
  return type;
}
const problems = [];
for (const file of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  const text = fs.readFileSync(file, 'utf8').replace(/^#!.*/, '');
  const esm = file.endsWith('.mjs') || (!file.endsWith('.cjs') && typeOf(path.dirname(file)) === 'module');
  try {
    if (esm) new vm.SourceTextModule(text, { identifier: file, importModuleDynamically() {} });
    else vm.compileFunction(text, ['exports', 'require', 'module', '__filename', '__dirname'], { filename: file });
  } catch (error) {
    if (!esm && /import statement|Unexpected token 'export'|import.meta/.test(error.message)) {
      try { new vm.SourceTextModule(text, { identifier: file }); continue; } catch {}
    }
    problems.push({ file, message: String(error.message), line: Number(/:(\\d+)\\n/.exec(String(error.stack))?.[1] ?? 0) });
  }
}
process.stdout.write(JSON.stringify(problems));
`;

async function checkScripts({ folder, paths, missing, signal }: TypesInput): Promise<GateReport> {
  const scripts = paths.filter((path) => SCRIPT.test(path));
  const list = join(folder, '.carve-scripts.json');
  const { writeFileSync, rmSync } = await import('node:fs');
  writeFileSync(
    list,
    JSON.stringify(scripts.filter((path) => !path.endsWith('x')).map((path) => join(folder, path))),
  );
  writeFileSync(`${list}.cjs`, COMPILE);
  const ran = await runCommand(
    `node --no-warnings --experimental-vm-modules .carve-scripts.json.cjs < .carve-scripts.json`,
    { cwd: folder, env: gateEnvironment(folder), limitMs: LIMIT_MS, signal },
  );
  rmSync(list);
  rmSync(`${list}.cjs`);
  const details = compileProblems(folder, ran.said);
  if (details === undefined)
    return {
      gate: 'types',
      status: 'failed',
      summary: 'the files could not be compiled',
      details: lastLines(ran.said, 20),
    };
  const unresolved = scripts.flatMap((path) => unresolvedImports(folder, path));
  const absent = unresolved.filter(
    ({ request }) => !missing.some(({ name }) => request === name || request.startsWith(`${name}/`)),
  );
  details.push(
    ...absent.map(({ path, line, request }) => `${path}:${line}: nothing is found for ${request}`),
  );
  if (details.length > 0)
    return {
      gate: 'types',
      status: 'failed',
      summary: `${details.length} ${details.length === 1 ? 'problem' : 'problems'} in ${scripts.length} files`,
      details,
    };
  if (unresolved.length > absent.length)
    return notRun(
      `packages are not installed: ${missing.map(({ name, range }) => `${name}@${range}`).join(', ')}`,
      'Install the monolith’s packages, or add --install.',
    );
  return {
    gate: 'types',
    status: 'passed',
    summary: `${scripts.length} files parse, and everything they import is there`,
    details: [],
  };
}

function compileProblems(folder: string, said: string): string[] | undefined {
  try {
    const problems = JSON.parse(said) as { file: string; message: string; line: number }[];
    return problems.map(({ file, message, line }) => `${file.slice(folder.length + 1)}:${line}: ${message}`);
  } catch {
    return undefined;
  }
}

function unresolvedImports(folder: string, path: string): { path: string; line: number; request: string }[] {
  const file = join(folder, path);
  const text = readFileSync(file, 'utf8');
  const found: { path: string; line: number; request: string }[] = [];
  for (const { request, offset, kind } of requestsOf(path, text)) {
    if (isBuiltin(request) || /^(?:https?|data|file):/.test(request)) continue;
    const resolver =
      kind === 'require' ? REQUIRE : /^(?:@[^/]+\/)?[^./][^/]*$/.test(request) ? PACKAGE : IMPORT;
    if (resolver.sync(dirname(file), request).path !== undefined) continue;
    found.push({ path, line: text.slice(0, offset).split('\n').length, request });
  }
  return found;
}

const IMPORT = new ResolverFactory({
  conditionNames: ['node', 'import', 'default'],
  extensions: [],
  fullySpecified: false,
});
/** The main file of a package is found as ever, also by an import: `main` without an ending, or `index.js`. */
const PACKAGE = new ResolverFactory({
  conditionNames: ['node', 'import', 'default'],
  extensions: ['.js', '.json', '.node'],
});
const REQUIRE = new ResolverFactory({
  conditionNames: ['node', 'require', 'default'],
  extensions: ['.js', '.json', '.node', '.cjs'],
});

interface Request {
  request: string;
  offset: number;
  kind: 'import' | 'require';
}

function requestsOf(path: string, text: string): Request[] {
  const { module, program } = parseSync(path, text);
  const found: Request[] = [];
  for (const { moduleRequest } of module.staticImports)
    found.push({ request: moduleRequest.value, offset: moduleRequest.start, kind: 'import' });
  for (const { entries } of module.staticExports)
    for (const { moduleRequest } of entries)
      if (moduleRequest)
        found.push({ request: moduleRequest.value, offset: moduleRequest.start, kind: 'import' });
  walk(program, (node) => {
    if (node.type === 'ImportExpression') add(node.source, 'import');
    else if (node.type === 'CallExpression') {
      const { callee, arguments: args } = node as unknown as { callee: Node; arguments: Node[] };
      if (callee.type === 'Identifier' && callee.name === 'require') add(args[0], 'require');
    }
  });
  function add(node: unknown, kind: Request['kind']): void {
    const { type, value, start } = (node ?? {}) as Partial<Node>;
    if (type === 'Literal' && typeof value === 'string')
      found.push({ request: value, offset: start ?? 0, kind });
  }
  return found;
}

interface Node {
  type: string;
  start: number;
  name?: string;
  value?: unknown;
  source?: unknown;
}

function walk(root: unknown, visit: (node: Node) => void): void {
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value) && typeof (value as Node).type === 'string') visit(value as Node);
    stack.push(...Object.values(value));
  }
}
