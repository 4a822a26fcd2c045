/** Tries a service before it is written: types, start, answers. Everything happens in folders of its own, which are removed. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import { createRedactor } from '../../../migration-plans/redact/redactor.ts';
import { CONTRACT_FOLDER, type TryOut } from '../carve-service.ts';
import { callsMonolith } from '../makers.ts';
import { PATCH_FILE, type ProducedService } from '../produce.ts';
import { platformPaths } from '../service/runtime/files.ts';
import type { OutputFile, ServiceSpec } from '../service/spec.ts';
import type { ServiceView } from '../write/write.ts';
import { type Application, startApplication } from './application.ts';
import { equip, makeBench } from './bench.ts';
import { contractFiles } from './contract.ts';
import { dataSourceOf, parseEnvFile, placeholders } from './data-source.ts';
import { type GateDatabase, startGateDatabase } from './database.ts';
import { readPackage, type Wanted } from './packages.ts';
import { generateClient } from './prisma.ts';
import { answersReport, runTrials } from './record.ts';
import type { GateReport } from './report.ts';
import { type TrialRequest, trialRequests } from './requests.ts';
import { makeTrialData, TEMPLATE, type TrialData } from './trial-data.ts';
import { checkTypes } from './types.ts';

export interface TryOptions {
  /** Folder of the monolith. */
  monolith: string;
  /** May packages be installed from the registry. */
  install: boolean;
  cwd: string;
  seed: string | undefined;
  requests: string | undefined;
  monolithCommand: string | undefined;
  monolithUrl: string | undefined;
  onProgress(line: string): void;
  signal: AbortSignal;
}

const START_LIMIT_MS = 60_000;
const INSTALL =
  'Install the monolith’s packages (npm install in its folder), or add --install; --skip-gates writes untried.';
const NO_ENGINE =
  /Query Engine|query_engine|libquery_engine|engine-not-found|loadLibrary|invalid ELF|file too short|did not initialize yet|could not locate.*engine/i;
const ENV_EXAMPLES = ['.env.example', '.env.sample', '.env.template', '.env.dist'];
const PORTS_TOKEN = 'carve-gate';

export async function tryOut(
  service: ProducedService,
  view: ServiceView,
  options: TryOptions,
): Promise<TryOut> {
  const asked = readRequests(options);
  if (options.seed !== undefined && !existsSync(resolve(options.cwd, options.seed)))
    throw new StranglerError('CARVE_NO_SEED', `there is no file ${options.seed}`, { exitCode: EXIT.usage });
  const trial = new TryOutRun(service, view, options, asked);
  try {
    return await trial.run();
  } finally {
    await trial.end();
  }
}

class TryOutRun {
  private readonly service: ProducedService;
  private readonly view: ServiceView;
  private readonly options: TryOptions;
  private readonly asked: TrialRequest[] | undefined;
  private readonly folders: string[] = [];
  /** Prisma's query compiler stands in for its engine. */
  private substituted = false;
  private readonly apps: Application[] = [];
  private database: GateDatabase | undefined;

  constructor(
    service: ProducedService,
    view: ServiceView,
    options: TryOptions,
    asked: TrialRequest[] | undefined,
  ) {
    this.service = service;
    this.view = view;
    this.options = options;
    this.asked = asked;
  }

  private get spec(): ServiceSpec {
    return this.service.spec;
  }

  async run(): Promise<TryOut> {
    const { view, options, spec } = this;
    options.onProgress('preparing the service …');
    const folder = this.bench('service', { copyOf: view.target, files: view.files, removed: view.removed });
    const { supply, failed } = await equip(folder, { ...options, from: this.sources() });
    const missing = supply.missing.filter(({ tool }) => !tool);
    const details =
      failed ??
      missing.map(
        ({ name, range, seen }) =>
          `${name}@${range}${seen.length === 0 ? '' : ` (installed: ${seen.join(', ')})`}`,
      );
    const generated = missing.some(({ name }) => name === '@prisma/client')
      ? undefined
      : await this.generate(folder);
    options.onProgress('checking types …');
    const types =
      generated === undefined
        ? await checkTypes({
            folder,
            language: spec.language,
            paths: [...view.files.keys()].filter((path) => !path.startsWith(CONTRACT_FOLDER)),
            missing: supply.missing,
            signal: options.signal,
          })
        : notRun('types', 'Prisma’s client could not be generated', generated);
    if (missing.length > 0 || failed !== undefined) {
      const why = failed === undefined ? 'packages are not installed' : 'npm could not install the packages';
      return {
        gates: [types, notRun('boots', why, details), notRun('answers', why, details)],
        recorded: undefined,
      };
    }
    if (generated !== undefined) {
      const why = 'Prisma’s client could not be generated';
      return {
        gates: [types, notRun('boots', why, generated), notRun('answers', why, generated)],
        recorded: undefined,
      };
    }
    if (types.status === 'failed')
      return {
        gates: [
          types,
          notRun('boots', 'after that it was not tried', []),
          notRun('answers', 'after that it was not tried', []),
        ],
        recorded: undefined,
      };
    return this.startAndCompare(folder, types);
  }

  private async startAndCompare(folder: string, types: GateReport): Promise<TryOut> {
    const { options, spec } = this;
    const source = this.dataSource();
    if (source.provider !== 'postgresql') {
      const why = `the gates bring PostgreSQL only, and the monolith works on ${source.provider}`;
      return {
        gates: [types, notRun('boots', why, [], SKIP), notRun('answers', why, [], SKIP)],
        recorded: undefined,
      };
    }
    options.onProgress('starting a database …');
    this.database = await startGateDatabase(options.signal);
    let data: TrialData;
    try {
      data = await makeTrialData(
        this.database,
        spec,
        options.seed === undefined ? undefined : resolve(options.cwd, options.seed),
      );
    } catch (error) {
      const details = [(error as Error).message];
      const why =
        options.seed === undefined
          ? 'the monolith’s tables can’t be made'
          : 'the rows of --seed can’t be loaded';
      return {
        gates: [types, notRun('boots', why, details), notRun('answers', why, details)],
        recorded: undefined,
      };
    }
    const url = await this.database.clone(TEMPLATE, 'service');
    const host = callsMonolith(spec) ? await this.portHost(url) : undefined;
    if (host !== undefined && 'failed' in host) {
      const why = `the monolith, which the service calls, does not start with its patch: ${host.failed}`;
      return {
        gates: [types, notRun('boots', why, host.said, HOW), notRun('answers', why, host.said, HOW)],
        recorded: undefined,
      };
    }
    options.onProgress('starting the service …');
    const started = await startApplication({
      folder,
      command: startScript(folder),
      env: this.environment(url, host === undefined ? {} : { MONOLITH_URL: host.app.url }),
      readyPath: platformPaths(spec).ready,
      limitMs: START_LIMIT_MS,
      signal: options.signal,
    });
    if ('failed' in started) {
      const noEngine = started.said.some((line) => NO_ENGINE.test(line));
      const boots: GateReport = noEngine
        ? notRun('boots', 'Prisma’s query engine is not installed', started.said)
        : { gate: 'boots', status: 'failed', summary: started.failed, details: started.said };
      return {
        gates: [types, boots, notRun('answers', 'the service did not start', [])],
        recorded: undefined,
      };
    }
    this.apps.push(started.app);
    const boots: GateReport = {
      gate: 'boots',
      status: 'passed',
      summary: `a process of its own listens, and ${platformPaths(spec).ready} answers`,
      details: [],
    };
    const { report, recorded } = await this.compare(started.app, data);
    return { gates: [types, boots, report], recorded };
  }

  private async compare(
    service: Application,
    data: TrialData,
  ): Promise<{ report: GateReport; recorded: OutputFile[] | undefined }> {
    const { options, spec } = this;
    const sides = await this.monoliths();
    if ('failed' in sides) {
      const noEngine = sides.said.some((line) => NO_ENGINE.test(line));
      const why = noEngine
        ? 'Prisma’s query engine is not installed'
        : `the monolith does not start: ${sides.failed}`;
      return { report: notRun('answers', why, sides.said, noEngine ? INSTALL : HOW), recorded: undefined };
    }
    const requests =
      this.asked ??
      trialRequests({
        routes: spec.routes,
        models: spec.allModels,
        owned: spec.models.owned,
        tables: data.tables,
        rows: data.rows,
      });
    // Somebody's running monolith is only read from.
    const safe =
      options.monolithUrl === undefined
        ? requests
        : requests.filter(({ method }) => ['GET', 'HEAD'].includes(method));
    const trials = await runTrials({ ...sides, service: service.url }, safe, options);
    const routeOf = routeFinder(spec.routes);
    const report = answersReport(trials, spec.routes.length, routeOf, [
      ...data.notes,
      ...(this.substituted ? [SUBSTITUTED] : []),
    ]);
    if (report.status !== 'passed') return { report, recorded: undefined };
    return {
      report,
      recorded: contractFiles(CONTRACT_FOLDER, trials, routeOf, data.seed, createRedactor([]), new Date()),
    };
  }

  /** Two of them, on databases of their own: what differs between these two is no difference of the service. */
  private async monoliths(): Promise<{ monolith: string; again: string } | Failed> {
    const { options, database } = this;
    if (options.monolithUrl !== undefined) {
      const url = options.monolithUrl.replace(/\/$/, '');
      return { monolith: url, again: url };
    }
    if (database === undefined) return { failed: 'there is no database', said: [] };
    options.onProgress('starting the monolith …');
    const folder = await this.monolithBench(false);
    if (typeof folder !== 'string') return folder;
    const urls: string[] = [];
    for (const name of ['monolith', 'again']) {
      const outcome = await this.startMonolith(folder, await database.clone(TEMPLATE, name), {});
      if ('failed' in outcome) return outcome;
      urls.push(outcome.app.url);
    }
    return { monolith: urls[0] ?? '', again: urls[1] ?? '' };
  }

  /** The monolith with its patch, on the service's database: what the service calls. */
  private async portHost(url: string): Promise<{ app: Application } | Failed> {
    this.options.onProgress('starting the monolith that the service calls …');
    const folder = await this.monolithBench(true);
    if (typeof folder !== 'string') return folder;
    return this.startMonolith(folder, url, {});
  }

  private async startMonolith(
    folder: string,
    url: string,
    env: Record<string, string>,
  ): Promise<{ app: Application } | Failed> {
    const { options, spec } = this;
    const own = readPackage(join(folder, spec.layout.packageDir, 'package.json')).scripts?.start;
    const ways = [
      ...(options.monolithCommand === undefined
        ? [
            {
              command: startScript(join(folder, SERVICE_COPY)),
              cwd: folder,
              ready: platformPaths(spec).ready,
            },
          ]
        : [
            { command: options.monolithCommand, cwd: join(folder, spec.layout.packageDir), ready: undefined },
          ]),
      ...(own === undefined || options.monolithCommand !== undefined
        ? []
        : [{ command: own, cwd: join(folder, spec.layout.packageDir), ready: undefined }]),
    ];
    let last: Failed = { failed: 'nothing says how it is started', said: [] };
    for (const { command, cwd, ready } of ways) {
      const outcome = await startApplication({
        folder: cwd,
        command,
        env: this.environment(url, env),
        readyPath: ready,
        limitMs: START_LIMIT_MS,
        signal: options.signal,
      });
      if ('app' in outcome) {
        this.apps.push(outcome.app);
        return outcome;
      }
      if (last.said.length === 0) last = outcome;
    }
    return last;
  }

  private readonly monolithFolders = new Map<boolean, string>();

  /** A copy of the monolith, with the service's start beside it, so that both are started alike. */
  private async monolithBench(patched: boolean): Promise<string | Failed> {
    const known = this.monolithFolders.get(patched);
    if (known !== undefined) return known;
    const { options, spec, service } = this;
    const files: ServiceView['files'] = new Map();
    for (const { path, text, executable = false } of service.files) {
      if (path.startsWith('service/') && path !== PATCH_FILE && !path.startsWith('service/test/'))
        files.set(path, { content: text, executable });
    }
    const manifest = service.files.find(({ path }) => path === 'package.json');
    if (manifest !== undefined)
      files.set(`${SERVICE_COPY}/package.json`, { content: manifest.text, executable: false });
    const folder = this.bench('monolith', { copyOf: spec.layout.base, files });
    const exported = exportTail(service, spec);
    if (exported !== undefined) appendTo(join(folder, spec.app.file), exported);
    const { supply, failed } = await equip(folder, {
      ...options,
      from: this.sources(),
      also: wantedOf(manifest),
      only: ['', spec.layout.packageDir, ...spec.layout.otherPackages],
    });
    const missing = supply.missing.filter(({ tool }) => !tool);
    if (failed !== undefined) return { failed: 'npm could not install its packages', said: failed };
    if (missing.length > 0)
      return {
        failed: 'packages are not installed',
        said: missing.map(({ name, range }) => `${name}@${range}`),
      };
    const generated = await this.generate(folder, join(folder, SERVICE_COPY));
    if (generated !== undefined)
      return { failed: 'its Prisma client could not be generated', said: generated };
    if (patched && service.monolithPatch !== undefined) {
      const { status, stderr, stdout } = spawnSync('git', ['apply', '-'], {
        cwd: folder,
        input: service.monolithPatch,
        encoding: 'utf8',
        env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) },
      });
      if (status !== 0)
        return { failed: 'its patch could not be applied by git', said: `${stderr}${stdout}`.split('\n') };
    }
    this.monolithFolders.set(patched, folder);
    return folder;
  }

  private bench(name: string, files: Parameters<typeof makeBench>[1]): string {
    const folder = makeBench(name, files);
    this.folders.push(folder);
    return folder;
  }

  private sources(): string[] {
    const { base, packageDir, otherPackages } = this.spec.layout;
    return [join(base, packageDir), base, ...otherPackages.map((dir) => join(base, dir))];
  }

  private dataSource(): ReturnType<typeof dataSourceOf> {
    return dataSourceOf(this.spec.schemaFiles.map((file) => readFileSync(file, 'utf8')));
  }

  /** Undefined: done, or there is nothing to generate. */
  private async generate(folder: string, scripts = folder): Promise<string[] | undefined> {
    const command = readPackage(join(scripts, 'package.json')).scripts?.generate;
    if (command === undefined) return undefined;
    const { base } = this.spec.layout;
    const outcome = await generateClient(folder, {
      command,
      variable: this.dataSource().variable,
      schemaFiles: this.spec.schemaFiles.map((file) => relative(base, file)),
      signal: this.options.signal,
    });
    if ('failed' in outcome) return outcome.failed;
    this.substituted ||= outcome.substituted;
    return undefined;
  }

  private environment(url: string, more: Record<string, string>): Record<string, string> {
    const { base, packageDir } = this.spec.layout;
    const example = [join(base, packageDir), base]
      .flatMap((dir) => ENV_EXAMPLES.map((name) => join(dir, name)))
      .find((file) => existsSync(file));
    const examples = example === undefined ? {} : parseEnvFile(readFileSync(example, 'utf8'));
    const names = new Set([...this.spec.environment.map(({ name }) => name), ...Object.keys(examples)]);
    return {
      ...placeholders([...names], examples, { variable: this.dataSource().variable, url }),
      NODE_ENV: 'production',
      REGISTRATION: 'off',
      // The monolith itself is started by what starts the service, and calls nobody.
      MONOLITH_URL: 'http://127.0.0.1:1',
      MONOLITH_PORTS_TOKEN: PORTS_TOKEN,
      DRAIN_DELAY_MS: '0',
      ...more,
    };
  }

  /** Ends everything in order. Never throws: what was found out counts. */
  async end(): Promise<void> {
    await Promise.allSettled(this.apps.map((app) => app.stop()));
    await this.database?.stop().catch(() => undefined);
    for (const folder of this.folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Failed {
  failed: string;
  said: string[];
}

/** In the copy of the monolith: the service's package.json, for its scripts. No code stands there. */
const SERVICE_COPY = '.carve-service';
const SUBSTITUTED =
  'Prisma’s query engine is not installed: its query compiler stood in for it, for the monolith and the service alike';
const SKIP = 'Try it by hand, then write with --skip-gates.';
const HOW =
  'Say how the monolith is started: --monolith-command COMMAND (it gets PORT and its database in the environment).';

function notRun(gate: GateReport['gate'], summary: string, details: string[], remedy = INSTALL): GateReport {
  return { gate, status: 'not-run', summary, details, remedy };
}

function startScript(folder: string): string {
  return `exec ${readPackage(join(folder, 'package.json')).scripts?.start ?? 'node service/main.js'}`;
}

function wantedOf(manifest: OutputFile | undefined): Wanted[] {
  if (manifest === undefined) return [];
  const { dependencies = {}, devDependencies = {} } = JSON.parse(manifest.text) as Record<
    string,
    Record<string, string>
  >;
  return [
    ...Object.entries(dependencies).map(([name, range]) => ({ name, range, tool: false })),
    ...Object.entries(devDependencies).map(([name, range]) => ({ name, range, tool: true })),
  ];
}

/** Where the monolith keeps its application to itself, the service's copy of the file exports it by lines at its end. */
function exportTail(service: ProducedService, spec: ServiceSpec): string | undefined {
  const taken = service.files.find(({ path }) => path === spec.app.file)?.text;
  const file = join(spec.layout.base, spec.app.file);
  if (taken === undefined || !existsSync(file)) return undefined;
  const own = readFileSync(file, 'utf8');
  const last = taken.trimEnd().split('\n').at(-1) ?? '';
  return /export|module\.exports/.test(last) && !own.includes(last) ? last : undefined;
}

function appendTo(file: string, line: string): void {
  appendFileSync(file, `\n${line}\n`);
}

function routeFinder(routes: readonly { method: string; path: string }[]): (request: TrialRequest) => string {
  const known = routes.map(({ method, path }) => ({
    method,
    label: `${method} ${path}`,
    pattern: new RegExp(
      `^${path
        .split('/')
        .map((part) =>
          part.startsWith(':') ? '[^/]*' : part === '*' ? '.*' : part.replace(/[.+?^${}()|[\]\\*]/g, '\\$&'),
        )
        .join('/')}/?$`,
    ),
    parameters: path.split(':').length,
  }));
  known.sort((a, b) => a.parameters - b.parameters);
  return ({ method, url }) => {
    const path = url.split('?')[0] ?? '';
    const found = known.find(
      (route) => (route.method === method || ['ALL', '*'].includes(route.method)) && route.pattern.test(path),
    );
    return found?.label ?? `${method} ${path}`;
  };
}

/** @throws StranglerError `CARVE_BAD_REQUESTS` */
function readRequests({ requests, cwd }: TryOptions): TrialRequest[] | undefined {
  if (requests === undefined) return undefined;
  const file = resolve(cwd, requests);
  const bad = (why: string): StranglerError =>
    new StranglerError('CARVE_BAD_REQUESTS', `${relative(cwd, file)} can’t be used: ${why}`, {
      exitCode: EXIT.usage,
      place: { file },
      remedy:
        'It holds a list of { "method", "url", "headers", "body" }, or { "exchanges": [{ "request": … }] }.',
    });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw bad(
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'it is not JSON',
    );
  }
  const list = Array.isArray(value) ? value : (value as { exchanges?: unknown } | null)?.exchanges;
  if (!Array.isArray(list)) throw bad('it holds no list');
  return list.map((item: unknown, index): TrialRequest => {
    const entry = (item as { request?: unknown } | null)?.request ?? item;
    const { method, url, headers, body, name } = (entry ?? {}) as Record<string, unknown>;
    if (
      typeof method !== 'string' ||
      !/^[A-Za-z]{1,20}$/.test(method) ||
      typeof url !== 'string' ||
      !url.startsWith('/')
    )
      throw bad(`entry ${index + 1} needs a method, and a url that begins with /`);
    const texts = Object.entries((headers ?? {}) as Record<string, unknown>).map(([key, one]) => [
      key,
      String(one),
    ]);
    return {
      name: typeof name === 'string' ? name : `given ${index + 1}`,
      method: method.toUpperCase(),
      url,
      headers: Object.fromEntries(texts) as Record<string, string>,
      body:
        body === undefined || body === null ? null : typeof body === 'string' ? body : JSON.stringify(body),
    };
  });
}
