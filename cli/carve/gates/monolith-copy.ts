/** The monolith in a folder of its own, with the service's start beside it, so that both are started alike. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StranglerError } from '../../../migration-plans/errors.ts';
import { applyPatch } from '../patch.ts';
import { portsFolder } from '../ports/digest.ts';
import { PATCH_FILE, type ProducedService } from '../produce.ts';
import { platformPaths } from '../service/runtime/files.ts';
import type { OutputFile, ServiceSpec } from '../service/spec.ts';
import type { ServiceView } from '../write/write.ts';
import type { Application } from './application.ts';
import { equip } from './bench.ts';
import { readPackage, type Wanted } from './packages.ts';
import { type Failed, startScript, type Workplace } from './workplace.ts';

export class MonolithCopies {
  readonly #place: Workplace;
  readonly #service: ProducedService;
  readonly #options: { install: boolean; monolithCommand: string | undefined };
  readonly #made = new Map<boolean, string | Failed>();
  /** How it did start: the same way is gone at once the next time. */
  #way: number | undefined;

  constructor(
    place: Workplace,
    service: ProducedService,
    options: { install: boolean; monolithCommand: string | undefined },
  ) {
    this.#place = place;
    this.#service = service;
    this.#options = options;
  }

  /** @param patched with the routes that the service calls */
  async start(databaseUrl: string, patched = false): Promise<{ app: Application } | Failed> {
    const known = this.#made.get(patched);
    const folder = known ?? (await this.#make(patched));
    this.#made.set(patched, folder);
    if (typeof folder !== 'string') return folder;
    const ways = this.#ways(folder);
    let first: Failed | undefined;
    for (const [index, { command, cwd, readyPath }] of ways.entries()) {
      if (this.#way !== undefined && index !== this.#way) continue;
      const outcome = await this.#place.start({ folder: cwd, command, databaseUrl, readyPath });
      if ('app' in outcome) {
        this.#way = index;
        return outcome;
      }
      first ??= outcome;
    }
    const failed = first ?? { failed: 'nothing says how it is started', said: [] };
    if (this.#way === undefined) this.#made.set(patched, failed);
    return failed;
  }

  #ways(folder: string): { command: string; cwd: string; readyPath: string | undefined }[] {
    const { spec } = this.#place;
    const cwd = join(folder, spec.layout.packageDir);
    const { monolithCommand } = this.#options;
    if (monolithCommand !== undefined) return [{ command: monolithCommand, cwd, readyPath: undefined }];
    const own = readPackage(join(cwd, 'package.json')).scripts?.start;
    return [
      {
        command: startScript(join(folder, SERVICE_COPY)),
        cwd: folder,
        readyPath: platformPaths(spec).ready,
      },
      ...(own === undefined ? [] : [{ command: own, cwd, readyPath: undefined }]),
    ];
  }

  async #make(patched: boolean): Promise<string | Failed> {
    const place = this.#place;
    const { spec } = place;
    const service = this.#service;
    const files: ServiceView['files'] = new Map();
    for (const { path, text, executable = false } of service.files) {
      if (path.startsWith('service/') && path !== PATCH_FILE && !path.startsWith('service/test/'))
        files.set(path, { content: text, executable });
    }
    const manifest = service.files.find(({ path }) => path === 'package.json');
    if (manifest !== undefined)
      files.set(`${SERVICE_COPY}/package.json`, { content: manifest.text, executable: false });
    const folder = place.bench('monolith', { copyOf: spec.layout.base, files });
    const exported = exportTail(service, spec);
    if (exported !== undefined) appendFileSync(join(folder, spec.app.file), `\n${exported}\n`);
    const { supply, failed } = await equip(folder, {
      install: this.#options.install,
      signal: place.signal,
      from: place.sources(),
      also: wantedOf(manifest),
      only: ['', spec.layout.packageDir, ...spec.layout.otherPackages],
      beside: place.sources(),
    });
    const missing = supply.missing.filter(({ tool }) => !tool);
    if (failed !== undefined) return { failed: 'npm could not install its packages', said: failed };
    if (missing.length > 0)
      return {
        failed: 'packages are not installed',
        said: missing.map(({ name, range }) => `${name}@${range}`),
      };
    const generated = await place.generate(folder, join(folder, SERVICE_COPY));
    if (generated !== undefined)
      return { failed: 'its Prisma client could not be generated', said: generated };
    return patched ? (applied(folder, service.monolithPatch, portsFolder(spec)) ?? folder) : folder;
  }
}

/** In the copy of the monolith: the service's package.json, for its scripts. No code stands there. */
const SERVICE_COPY = '.carve-service';

function applied(folder: string, patch: string | undefined, capability: string): Failed | undefined {
  if (patch === undefined) return undefined;
  try {
    applyPatch(folder, patch, capability);
    return undefined;
  } catch (error) {
    if (!(error instanceof StranglerError)) throw error;
    const said = error.findings.map(({ message }) => message);
    return { failed: 'its patch could not be applied by git', said: [error.message, ...said] };
  }
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
