/** The one place where everything comes together that makes a service: slice, generated files, ports, plan. No file is written here. */

import { readFileSync } from 'node:fs';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import type { Spot, Unresolved } from '../analysis/model.ts';
import type { AnalyzeProgress } from '../analysis/pipeline.ts';
import { analyzeDeep, type DeepAnalysis } from '../analysis/pipeline.ts';
import type { View } from '../analysis/project/load.ts';
import { type Decision, membersOf, parseDecisions } from './decisions.ts';
import type { CarvePlan } from './model.ts';
import { planCarve } from './plan.ts';
import { portsFolder } from './ports/digest.ts';
import { type PortsFile, portsFilesIn, withoutPatches } from './ports/monolith/unpatched.ts';
import type { OutputFile, ServiceSpec } from './service/spec.ts';
import { sourceSymbols } from './source-symbols.ts';
import { digestOf } from './write/digest.ts';
import type { Origin, SourceSymbol } from './write/manifest.ts';

export interface ProduceOptions {
  capability: string;
  /** The monolith's folder. */
  dir: string;
  /** Groupings as `name=member,member`. */
  capabilities: readonly string[];
  decisions?: { file: string; text: string } | undefined;
  onProgress?: (event: AnalyzeProgress) => void;
}

/** Plain data, so that it can come out of a thread. */
export interface Production {
  plan: CarvePlan;
  /** What the analysis could not settle, such as files that do not parse. */
  unresolved: Unresolved[];
  /** Every symbol of the monolith that the plan names, with its digest: for the drift check. */
  symbols: SourceSymbol[];
  /** Undefined while refusals are open, or where this build has no makers. */
  service: ProducedService | undefined;
}

export interface ProducedService {
  spec: ServiceSpec;
  files: OutputFile[];
  /** Text of the migration plan. */
  planYaml: string;
  /** Change of the monolith that the service needs, as a unified diff against `spec.layout.base`. */
  monolithPatch: string | undefined;
  /** The monolith has it, or one of a carve before, already. */
  patchStands: boolean;
  origin: Origin;
  /** Folder that places of routes are relative to, absolute. */
  root: string;
  /** All routes of the monolith: whoever tries the service signs in by those that stay there. */
  inventory: InventoryRoute[];
}

export interface InventoryRoute {
  method: string;
  path: string;
  /** Place of the handler. */
  file: string;
  line: number;
  registered: Spot;
}

type MaybePromise<T> = T | Promise<T>;

/** The parts that others own. All are pure but for reading the monolith's tree. */
export interface Makers {
  slice(
    deep: DeepAnalysis,
    capability: string,
    decisions: ReadonlyMap<string, Decision>,
  ): MaybePromise<{ spec: ServiceSpec; files: OutputFile[]; plan: CarvePlan }>;
  serviceFiles(spec: ServiceSpec, taken: readonly OutputFile[]): OutputFile[] | Promise<OutputFile[]>;
  portFiles(spec: ServiceSpec): OutputFile[];
  /** @param patched patches that the monolith has from carves before */
  monolithPatch(spec: ServiceSpec, patched: readonly PortsFile[]): string | undefined;
  planYaml(spec: ServiceSpec): string;
}

/** In the service, for those who would rather read and apply it by hand. */
export const PATCH_FILE = 'service/monolith.patch';

/**
 * Everything that a carve would write, complete and in memory.
 *
 * @throws StranglerError those of the analysis, of `parseDecisions` and of `planCarve`; `CARVE_NEST`, `CARVE_NO_SCHEMA`
 */
export async function produce(options: ProduceOptions, makers: Makers | undefined): Promise<Production> {
  const { capability, dir, decisions: source, onProgress } = options;
  const decisions =
    source === undefined ? new Map<string, Decision>() : parseDecisions(source.text, source.file);
  const members = source === undefined ? undefined : membersOf(source.text, source.file);
  // What is said on the command line comes before what the file says.
  const said = options.capabilities.some((item) => item.startsWith(`${capability}=`));
  const capabilities =
    said || members === undefined
      ? options.capabilities
      : [...options.capabilities, `${capability}=${members.join(',')}`];
  let patched: PortsFile[] = [];
  const view: View = (path, text) =>
    patched.length === 0 ? text : withoutPatches(patched, path, text)?.text;
  const deep = analyzeDeep({
    dir,
    capabilities,
    ...(onProgress && { onProgress }),
    view: (paths) => {
      patched = portsFilesIn(paths, (path) => readFileSync(path, 'utf8'));
      return view;
    },
  });
  const { unresolved } = deep.analysis;
  const planned = planCarve(deep, capability, decisions);
  const symbols = sourceSymbols(deep.root, planned, 'all', view);
  if (planned.refusals.length > 0 || makers === undefined)
    return { plan: planned, unresolved, symbols, service: undefined };
  refuseUncarvable(deep, planned);
  const { spec, files, plan } = await makers.slice(deep, capability, decisions);
  if (plan.refusals.length > 0) return { plan, unresolved, symbols, service: undefined };
  const patch = makers.monolithPatch(spec, patched);
  const generated = await makers.serviceFiles(spec, files);
  // A file that code reads and that the service makes for itself, such as package.json, is made with what is read in it.
  const made = new Set(generated.map(({ path }) => path));
  return {
    plan,
    unresolved,
    symbols,
    service: {
      spec,
      files: [
        ...files.filter(({ path }) => !made.has(path)),
        ...generated,
        ...makers.portFiles(spec),
        ...(patch === undefined || patch === '' ? [] : [{ path: PATCH_FILE, text: patch }]),
      ],
      planYaml: makers.planYaml(spec),
      monolithPatch: patch,
      patchStands: patched.some((file) => file.capability === portsFolder(spec)),
      root: deep.root,
      inventory: deep.analysis.routes.map(({ method, path, file, line, registered }) => ({
        method,
        path,
        file,
        line,
        registered,
      })),
      origin: {
        capability,
        capabilities: [...capabilities],
        monolith: {
          name: deep.analysis.project.name,
          packageDir: spec.layout.packageDir,
          otherPackages: spec.layout.otherPackages,
        },
        decisions: source === undefined ? null : digestOf(source.text),
        symbols: sourceSymbols(deep.root, plan, 'used', view),
      },
    },
  };
}

/** What can be read but not carved: said before anything is made of it. */
function refuseUncarvable(deep: DeepAnalysis, plan: CarvePlan): void {
  const { routes, models, project } = deep.analysis;
  const own = routes.filter((route) =>
    plan.routes.some((item) => item.method === route.method && item.path === route.path),
  );
  const nest = own.find((route) => route.framework.startsWith('nest'));
  if (nest !== undefined)
    throw new StranglerError(
      'CARVE_NEST',
      `${plan.capability} is served by NestJS, which carve can’t take apart`,
      {
        exitCode: EXIT.usage,
        place: { file: nest.file, line: nest.line },
        remedy:
          'NestJS applications are analysed only: see `strangler analyze` and `carve --dry-run`. Express and Fastify can be carved.',
      },
    );
  if (models.length === 0)
    throw new StranglerError('CARVE_NO_SCHEMA', `${project.name} has no Prisma schema`, {
      exitCode: EXIT.usage,
      remedy: 'Carve slices the schema for the service: name the folder that holds it with --from.',
    });
}
