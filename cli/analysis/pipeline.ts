/** The stages of an analysis, one after the other. */
import { basename, join } from 'node:path';
import { buildGraph } from './graph/build.ts';
import { interpret } from './interpret/run.ts';
import { noteMissedCalls } from './inventory/missed.ts';
import { entriesOf, routesOf } from './inventory/routes.ts';
import { sharedState } from './inventory/state.ts';
import { transactionsOf } from './inventory/transactions.ts';
import { RawReader } from './inventory/uses.ts';
import type { Analysis, Unresolved } from './model.ts';
import { discover, type ProjectFiles } from './project/discover.ts';
import { withoutClients } from './project/generated.ts';
import { DEFAULT_LIMITS, type Limits } from './project/limits.ts';
import { loadProject, type View } from './project/load.ts';
import { dependencyNames } from './project/packages.ts';
import { migrationsFor, schemasFor } from './project/schemas.ts';
import { scanMigrations } from './schema/migrations.ts';
import { readDataModel } from './schema/read.ts';
import { type GivenCapability, parseCapability } from './suggest/given.ts';
import { suggest } from './suggest/suggest.ts';
import { type SymbolTable, symbolTable } from './symbols/table.ts';

export interface AnalyzeProgress {
  stage: 'files' | 'parsing' | 'evaluating' | 'graph' | 'suggesting';
  done?: number;
  total?: number;
  detail?: string;
}

export interface AnalyzeOptions {
  dir: string;
  /** Groupings to score beside the found ones, as `name=member,member`. */
  capabilities?: readonly string[];
  /** Bounds other than the usual ones. */
  limits?: Partial<Limits>;
  onProgress?: (event: AnalyzeProgress) => void;
  /** Made of the paths of all files: lets some be read otherwise than they are. */
  view?: (paths: readonly string[]) => View;
}

/** Everything an analysis knows, for those who go on from it, such as `carve`. */
export interface DeepAnalysis {
  analysis: Analysis;
  root: string;
  dir: string;
  files: ProjectFiles;
  /** Schemas that belong to what was analysed, absolute. */
  schemas: string[];
  migrations: string[];
  given: GivenCapability[];
  tables: Map<string, SymbolTable>;
  run: ReturnType<typeof interpret>;
}

const FRAMEWORKS = ['express', 'fastify', '@nestjs/core', 'koa', 'hono', '@hapi/hapi'];

export function analyzeHere(options: AnalyzeOptions): Analysis {
  return analyzeDeep(options).analysis;
}

export function analyzeDeep(options: AnalyzeOptions): DeepAnalysis {
  const { onProgress } = options;
  const given = (options.capabilities ?? []).map(parseCapability);
  onProgress?.({ stage: 'files' });
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const found = discover(options.dir, limits);
  const unresolved: Unresolved[] = found.unresolved;
  const schemas = schemasFor(found);
  const data = readDataModel(found.root, schemas, unresolved);
  const files = withoutClients(found, data);
  const own = files.packages.find((info) => info.dir === files.dir) ?? files.packages[0];
  const name = own?.name ?? basename(files.dir);
  if (schemas.length === 0) {
    const relative =
      files.dir === files.root
        ? 'package.json'
        : join(files.dir.slice(files.root.length + 1), 'package.json');
    unresolved.push({
      kind: 'no-schema',
      file: relative,
      line: 1,
      reason: 'there is no Prisma schema: models are known by the names that code uses',
    });
  }
  const { sources, resolver, lines } = loadProject(
    files,
    unresolved,
    (done, total) => {
      if (done % 50 === 0 || done === total) onProgress?.({ stage: 'parsing', done, total });
    },
    options.view?.([...files.sources, ...files.reachable, ...files.generated.keys()]),
  );
  const run = interpret(files.root, sources, resolver, data, limits, (detail) =>
    onProgress?.({ stage: 'evaluating', detail }),
  );
  const { vm } = run;
  for (const stage of run.stopped) {
    unresolved.push({
      kind: 'limit',
      file: sources[0]?.name ?? '.',
      line: 1,
      reason: `the evaluation of ${stage} was stopped before everything came to rest; some calls may be missing`,
    });
  }
  onProgress?.({ stage: 'graph' });
  const raw = new RawReader(vm);
  const routes = routesOf(vm, raw, run.routes);
  const entries = entriesOf(vm, raw, run.entries);
  const tables = new Map<string, SymbolTable>();
  for (const module of vm.modules.values()) tables.set(module.source.path, symbolTable(module));
  const state = sharedState(tables.values());
  const transactions = transactionsOf(vm, raw, vm.invocations());
  const graph = buildGraph({ vm, raw, routes, entries, state });
  noteMissedCalls(vm, graph);
  const findings = {
    version: 1 as const,
    project: {
      name,
      frameworks: FRAMEWORKS.filter((framework) =>
        files.packages.some((info) => dependencyNames(info).has(framework)),
      ),
      files: sources.filter((source) => source.generated === undefined).length,
      lines,
    },
    routes: routes.map(({ route }) => route),
    models: [...data.models.values()],
    enums: [...data.enums.keys()].map((item) => ({
      name: item,
      models: [...data.models.values()]
        .filter((model) => model.enums.includes(item))
        .map((model) => model.name),
    })),
    entries: entries.map(({ entry }) => entry),
    state,
    transactions,
    rawSql: [...raw.statements.values()].sort((a, b) =>
      a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line,
    ),
    database: scanMigrations(files.root, migrationsFor(files, schemas), data.models.values()),
    unresolved: [...unresolved, ...vm.unresolved.values()].sort((a, b) =>
      a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || (a.kind < b.kind ? -1 : 1),
    ),
    graph,
  };
  onProgress?.({ stage: 'suggesting' });
  const analysis: Analysis = { ...findings, suggestions: suggest(findings, given) };
  return {
    analysis,
    root: files.root,
    dir: files.dir,
    files,
    schemas,
    migrations: migrationsFor(files, schemas),
    given,
    tables,
    run,
  };
}
