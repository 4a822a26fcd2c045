/** Tries a service before it is written: types, start, answers. Everything happens in folders of its own, which are removed. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import { CONTRACT_FOLDER, type TryOut } from '../carve-service.ts';
import { callsMonolith } from '../makers.ts';
import type { ProducedService } from '../produce.ts';
import { platformPaths } from '../service/runtime/files.ts';
import type { ServiceView } from '../write/write.ts';
import type { Application } from './application.ts';
import { equip } from './bench.ts';
import { compareAnswers } from './compare.ts';
import { readRequests } from './given-requests.ts';
import { MonolithCopies } from './monolith-copy.ts';
import type { GateReport } from './report.ts';
import type { TrialRequest } from './requests.ts';
import type { Recipe } from './sign-in/recipe.ts';
import { makeTrialData, TEMPLATE, type TrialData } from './trial-data.ts';
import { checkTypes } from './types.ts';
import { type Failed, startScript, Workplace } from './workplace.ts';

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
  /** How to sign in, with the secrets in it; undefined: the gate finds out by itself. */
  signIn?: { recipes: readonly Recipe[]; secrets: readonly string[] } | undefined;
  onProgress(line: string): void;
  signal: AbortSignal;
}

const ANSWER_LIMIT_MS = 10_000;
const INSTALL =
  'Install the monolith’s packages (npm install in its folder), or add --install; --skip-gates writes untried.';
const SKIP = 'Try it by hand, then write with --skip-gates.';
const SEED = 'Mend the rows: they are loaded into the tables as the monolith’s migrations make them.';
const HOW =
  'Say how the monolith is started: --monolith-command COMMAND (it gets PORT and its database in the environment).';
const NO_ENGINE =
  /Query Engine|query_engine|libquery_engine|engine-not-found|loadLibrary|invalid ELF|file too short|did not initialize yet|could not locate.*engine/i;
const ENGINE_MISSING = 'Prisma’s query engine is not installed';

export async function tryOut(
  service: ProducedService,
  view: ServiceView,
  options: TryOptions,
): Promise<TryOut> {
  const asked = askedIn(options);
  await answering(options.monolithUrl, options.signal);
  const place = new Workplace(service.spec, options.signal);
  try {
    const tried = await new Attempt(place, service, view, options, asked).run();
    if (options.signal.aborted) throw interrupted();
    return tried;
  } catch (error) {
    // What an end by force brings about says nothing of the service.
    if (options.signal.aborted) throw interrupted();
    throw error;
  } finally {
    await place.end();
  }
}

/**
 * What was given for trying, looked at before anything takes its time.
 *
 * @throws StranglerError `CARVE_BAD_REQUESTS`, `CARVE_NO_SEED`
 */
export function askedIn({
  requests,
  seed,
  cwd,
}: Pick<TryOptions, 'requests' | 'seed' | 'cwd'>): TrialRequest[] | undefined {
  if (seed !== undefined && !existsSync(resolve(cwd, seed)))
    throw new StranglerError('CARVE_NO_SEED', `there is no file ${seed}`, {
      exitCode: EXIT.usage,
      remedy:
        'Name a file with INSERT statements for the monolith’s tables, such as pg_dump --data-only --inserts writes.',
    });
  return requests === undefined ? undefined : readRequests(requests, cwd);
}

function interrupted(): StranglerError {
  return new StranglerError(
    'CARVE_INTERRUPTED',
    'interrupted while the service was tried: nothing was written',
    {
      exitCode: EXIT.interrupted,
      remedy: 'Carve again when there is time; --skip-gates writes untried.',
    },
  );
}

/** @throws StranglerError `CARVE_NO_MONOLITH` */
async function answering(url: string | undefined, signal: AbortSignal): Promise<void> {
  if (url === undefined) return;
  try {
    const answer = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
    });
    await answer.body?.cancel();
  } catch (error) {
    if (signal.aborted) throw interrupted();
    const { cause, message } = error as Error;
    throw new StranglerError(
      'CARVE_NO_MONOLITH',
      `nothing answers at ${url}: ${cause instanceof Error ? cause.message : message}`,
      {
        exitCode: EXIT.usage,
        remedy:
          'Start the monolith and name its address with --monolith-url, or leave that out: then a copy is started.',
      },
    );
  }
}

/** One service that is tried, gate by gate; each needs the one before. */
class Attempt {
  readonly #place: Workplace;
  readonly #service: ProducedService;
  readonly #view: ServiceView;
  readonly #options: TryOptions;
  readonly #asked: TrialRequest[] | undefined;
  readonly #copies: MonolithCopies;

  constructor(
    place: Workplace,
    service: ProducedService,
    view: ServiceView,
    options: TryOptions,
    asked: TrialRequest[] | undefined,
  ) {
    this.#place = place;
    this.#service = service;
    this.#view = view;
    this.#options = options;
    this.#asked = asked;
    this.#copies = new MonolithCopies(place, service, options);
  }

  async run(): Promise<TryOut> {
    const place = this.#place;
    const view = this.#view;
    const options = this.#options;
    options.onProgress('preparing the service …');
    const folder = place.bench('service', { copyOf: view.target, files: view.files, removed: view.removed });
    const { supply, failed } = await equip(folder, {
      install: options.install,
      signal: options.signal,
      from: place.sources(),
    });
    const missing = supply.missing.filter(({ tool }) => !tool);
    const details =
      failed ??
      missing.map(
        ({ name, range, seen }) =>
          `${name}@${range}${seen.length === 0 ? '' : ` (installed: ${seen.join(', ')})`}`,
      );
    const generated = missing.some(({ name }) => name === '@prisma/client')
      ? undefined
      : await place.generate(folder);
    const ungenerated = 'Prisma’s client could not be generated';
    options.onProgress('checking types …');
    const types =
      generated === undefined
        ? await checkTypes({
            folder,
            language: place.spec.language,
            paths: [...view.files.keys()].filter((path) => !path.startsWith(CONTRACT_FOLDER)),
            missing: supply.missing,
            signal: options.signal,
          })
        : notRun('types', ungenerated, generated);
    if (failed !== undefined) return this.#untried(types, 'npm could not install the packages', details);
    if (missing.length > 0) return this.#untried(types, 'packages are not installed', details);
    if (generated !== undefined) return this.#untried(types, ungenerated, generated);
    if (types.status === 'failed') return this.#untried(types, 'after that it was not tried', []);
    return this.#startAndCompare(folder, types);
  }

  async #startAndCompare(folder: string, types: GateReport): Promise<TryOut> {
    const place = this.#place;
    const options = this.#options;
    const { provider } = place.dataSource();
    if (provider !== 'postgresql')
      return this.#untried(
        types,
        `the gates bring PostgreSQL only, and the monolith works on ${provider}`,
        [],
        SKIP,
      );
    options.onProgress('starting a database …');
    const database = await place.database();
    const seed = options.seed === undefined ? undefined : resolve(options.cwd, options.seed);
    let data: TrialData;
    try {
      data = await makeTrialData(database, place.spec, seed);
    } catch (error) {
      const why =
        seed === undefined ? 'the monolith’s tables can’t be made' : 'the rows of --seed can’t be loaded';
      return this.#untried(types, why, [(error as Error).message], seed === undefined ? SKIP : SEED);
    }
    const startService = async (template: string): Promise<{ app: Application } | Failed> => {
      await database.drop('service');
      const url = await database.clone(template, 'service');
      return this.#startService(folder, url);
    };
    const started = await startService(TEMPLATE);
    if ('failed' in started) return this.#notStarted(types, started);
    const { ready } = platformPaths(place.spec);
    const boots: GateReport = {
      gate: 'boots',
      status: 'passed',
      summary: `a process of its own listens, and ${ready} answers`,
      details: [],
    };
    const compared = await compareAnswers(
      {
        place,
        service: this.#service,
        options,
        copies: this.#copies,
        database,
        data,
        asked: this.#asked,
        startService,
      },
      started.app,
    );
    if ('report' in compared) return { gates: [types, boots, compared.report], recorded: compared.recorded };
    const noEngine = compared.said.some((line) => NO_ENGINE.test(line));
    const why = noEngine ? ENGINE_MISSING : `the monolith does not start: ${compared.failed}`;
    return {
      gates: [types, boots, notRun('answers', why, compared.said, noEngine ? INSTALL : HOW)],
      recorded: undefined,
    };
  }

  async #startService(folder: string, url: string): Promise<ServiceStart> {
    const place = this.#place;
    let monolithUrl: string | undefined;
    if (callsMonolith(place.spec)) {
      this.#options.onProgress('starting the monolith that the service calls …');
      const host = await this.#copies.start(url, true);
      if ('failed' in host) return { ...host, host: true };
      monolithUrl = host.app.url;
    }
    this.#options.onProgress('starting the service …');
    return place.start({
      folder,
      command: startScript(folder),
      databaseUrl: url,
      monolithUrl,
      readyPath: platformPaths(place.spec).ready,
    });
  }

  #notStarted(types: GateReport, { failed, said, host }: Failed & { host?: boolean }): TryOut {
    if (host === true) {
      const why = `the monolith, which the service calls, does not start with its patch: ${failed}`;
      return this.#untried(types, why, said, HOW);
    }
    const boots: GateReport = said.some((line) => NO_ENGINE.test(line))
      ? notRun('boots', ENGINE_MISSING, said)
      : { gate: 'boots', status: 'failed', summary: failed, details: said };
    return {
      gates: [types, boots, notRun('answers', 'the service did not start', [])],
      recorded: undefined,
    };
  }

  /** Types were judged; what comes after could not be tried. */
  #untried(types: GateReport, why: string, details: string[], remedy?: string): TryOut {
    return {
      gates: [types, notRun('boots', why, details, remedy), notRun('answers', why, details, remedy)],
      recorded: undefined,
    };
  }
}

type ServiceStart = { app: Application } | (Failed & { host?: boolean });

function notRun(gate: GateReport['gate'], summary: string, details: string[], remedy = INSTALL): GateReport {
  return { gate, status: 'not-run', summary, details, remedy };
}
