/** What all gates of one carve share: folders, applications, a database. All of it is gone after `end`. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ServiceSpec } from '../service/spec.ts';
import { type Application, startApplication } from './application.ts';
import { makeBench } from './bench.ts';
import { type DataSource, dataSourceOf, parseEnvFile, placeholders } from './data-source.ts';
import { type GateDatabase, startGateDatabase } from './database.ts';
import { type Mailbox, startMailbox } from './mail/mailbox.ts';
import { mailValue, sendsMail } from './mail/variables.ts';
import { readPackage } from './packages.ts';
import { generateClient } from './prisma.ts';

export interface Failed {
  failed: string;
  said: string[];
}

const START_LIMIT_MS = 60_000;
const ENV_EXAMPLES = ['.env.example', '.env.sample', '.env.template', '.env.dist'];
const PORTS_TOKEN = 'carve-gate';

export class Workplace {
  readonly spec: ServiceSpec;
  readonly signal: AbortSignal;
  /** Prisma's query compiler stands in for its engine. */
  substituted = false;
  readonly #folders: string[] = [];
  readonly #apps = new Set<Application>();
  #database: GateDatabase | undefined;
  #mailbox: Mailbox | undefined;

  constructor(spec: ServiceSpec, signal: AbortSignal) {
    this.spec = spec;
    this.signal = signal;
  }

  bench(name: string, files: Parameters<typeof makeBench>[1]): string {
    const folder = makeBench(name, files);
    this.#folders.push(folder);
    return folder;
  }

  async database(): Promise<GateDatabase> {
    this.#database ??= await startGateDatabase(this.signal);
    return this.#database;
  }

  /** Where mails of what is tried arrive; undefined: it sends none. */
  get mailbox(): Mailbox | undefined {
    return this.#mailbox;
  }

  /** Where installed packages are looked for. */
  sources(): string[] {
    const { base, packageDir, otherPackages } = this.spec.layout;
    return [join(base, packageDir), base, ...otherPackages.map((dir) => join(base, dir))];
  }

  dataSource(): DataSource {
    return dataSourceOf(this.spec.schemaFiles.map((file) => readFileSync(file, 'utf8')));
  }

  /** Generates the Prisma client. Undefined: done, or there is nothing to generate. */
  async generate(folder: string, scripts = folder): Promise<string[] | undefined> {
    const command = readPackage(join(scripts, 'package.json')).scripts?.generate;
    if (command === undefined) return undefined;
    const { base } = this.spec.layout;
    const outcome = await generateClient(folder, {
      command,
      variable: this.dataSource().variable,
      schemaFiles: this.spec.schemaFiles.map((file) => relative(base, file)),
      signal: this.signal,
    });
    if ('failed' in outcome) return outcome.failed;
    this.substituted ||= outcome.substituted;
    return undefined;
  }

  async start(job: {
    folder: string;
    command: string;
    databaseUrl: string;
    /** Where the service asks the monolith. */
    monolithUrl?: string | undefined;
    readyPath: string | undefined;
  }): Promise<{ app: Application } | Failed> {
    if (sendsMail(this.variables().names)) this.#mailbox ??= await startMailbox();
    const outcome = await startApplication({
      folder: job.folder,
      command: job.command,
      env: this.environment(
        job.databaseUrl,
        job.monolithUrl === undefined ? {} : { MONOLITH_URL: job.monolithUrl },
      ),
      readyPath: job.readyPath,
      limitMs: START_LIMIT_MS,
      signal: this.signal,
    });
    if ('app' in outcome) this.#apps.add(outcome.app);
    return outcome;
  }

  /** Ends all applications that run: their databases can be copied afterwards. */
  async stopAll(): Promise<void> {
    const apps = [...this.#apps];
    this.#apps.clear();
    await Promise.allSettled(apps.map((app) => app.stop()));
  }

  /** Names that the code reads or that an example file holds, with the example's values. */
  private variables(): { names: string[]; examples: Record<string, string> } {
    const { base, packageDir } = this.spec.layout;
    const example = [join(base, packageDir), base]
      .flatMap((dir) => ENV_EXAMPLES.map((name) => join(dir, name)))
      .find((file) => existsSync(file));
    const examples = example === undefined ? {} : parseEnvFile(readFileSync(example, 'utf8'));
    const read = this.spec.environment.map(({ name }) => name);
    return { names: [...new Set([...read, ...Object.keys(examples)])], examples };
  }

  /** The same for the monolith and the service, so that what is signed with a secret is good on both sides. */
  private environment(url: string, more: Record<string, string>): Record<string, string> {
    const { names, examples } = this.variables();
    const port = this.#mailbox?.port;
    const mail = names.flatMap((name) => {
      const value = port === undefined ? undefined : mailValue(name, port);
      return value === undefined ? [] : [[name, value] as const];
    });
    return {
      ...placeholders(names, examples, { variable: this.dataSource().variable, url }),
      ...Object.fromEntries(mail),
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
    await this.stopAll();
    await this.#mailbox?.stop();
    await this.#database?.stop().catch(() => undefined);
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

export function startScript(folder: string): string {
  return `exec ${readPackage(join(folder, 'package.json')).scripts?.start ?? 'node service/main.js'}`;
}
