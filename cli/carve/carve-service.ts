/** One carve from end to end: produce, decide, try, write. Talks to nobody; what there is to say comes back. */
import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { readText } from '../local-stack/folder/files.ts';
import { type Drift, driftOf } from './drift.ts';
import { GateRefusal, type GateReport, skippedGates } from './gates/report.ts';
import type { Places } from './places.ts';
import type { ProducedService, Production } from './produce.ts';
import type { OutputFile } from './service/spec.ts';
import { MANIFEST_FILE, manifestOf } from './write/manifest.ts';
import type { Action } from './write/reconcile.ts';
import { fileSystemError, inspectTarget, readFound } from './write/target.ts';
import { type ServiceView, writeService } from './write/write.ts';

/** Where the exchanges stand that were recorded from the monolith. */
export const CONTRACT_FOLDER = 'test/contract/';

export interface CarveOutcome {
  production: Production;
  written: boolean;
  unchanged: boolean;
  actions: Action[];
  gates: GateReport[];
  plan: { file: string; done: 'written' | 'kept' } | undefined;
}

export interface CarveJob {
  capability: string;
  places: Places;
  dryRun: boolean;
  produce: (decisions: { file: string; text: string } | undefined) => Promise<Production>;
  /** Tries the service; undefined: the gates are skipped. */
  tryOut: ((service: ProducedService, view: ServiceView) => Promise<TryOut>) | undefined;
}

export interface TryOut {
  gates: GateReport[];
  /** Exchanges that were recorded, as tests of the service. */
  recorded: OutputFile[] | undefined;
}

/** Text of the decisions file; undefined: there is none, and none was named. */
export function readDecisions(places: Places): { file: string; text: string } | undefined {
  const text = readText(places.decisions);
  if (text !== undefined) return { file: places.decisions, text };
  if (!places.decisionsNamed) return undefined;
  throw new StranglerError('CARVE_NO_DECISIONS', `there is no decisions file ${places.decisions}`, {
    exitCode: EXIT.usage,
    remedy: 'Let it be drafted: the same command with --draft-decisions.',
  });
}

export async function carveService(job: CarveJob): Promise<CarveOutcome> {
  const { places, capability, dryRun } = job;
  // What can't be written to is found before the analysis takes its time.
  inspectTarget(places.out, capability);
  const production = await job.produce(readDecisions(places));
  const outcome: CarveOutcome = {
    production,
    written: false,
    unchanged: false,
    actions: [],
    gates: [],
    plan: undefined,
  };
  const { service } = production;
  if (service === undefined) return outcome;
  let gates: GateReport[] = job.tryOut === undefined ? skippedGates() : [];
  const { tryOut } = job;
  try {
    const written = await writeService({
      out: places.out,
      origin: service.origin,
      files: completeFiles(service, places),
      recordedIn: CONTRACT_FOLDER,
      dryRun,
      ...(tryOut !== undefined && {
        check: async (view: ServiceView) => {
          const tried = await tryOut(service, view);
          gates = tried.gates;
          if (gates.some(({ status }) => status === 'failed')) throw new GateRefusal(gates);
          return tried.recorded;
        },
      }),
    });
    outcome.actions = written.actions;
    outcome.unchanged = written.unchanged;
    outcome.written = !dryRun;
    outcome.gates = dryRun || written.unchanged ? [] : gates;
  } catch (error) {
    if (!(error instanceof GateRefusal)) throw error;
    return { ...outcome, gates: error.reports };
  }
  if (places.plan !== undefined && !dryRun)
    outcome.plan = { file: places.plan, done: writePlan(places.plan, service.planYaml) };
  return outcome;
}

/** Without a project the plan goes along with the service. */
function completeFiles(service: ProducedService, places: Places): OutputFile[] {
  const { files, planYaml, origin } = service;
  if (places.plan !== undefined) return files;
  return [...files, { path: `${origin.capability}.plan.yaml`, text: planYaml }];
}

/** Never overwrites: a plan is edited by people, and phases depend on it. */
function writePlan(file: string, text: string): 'written' | 'kept' {
  const draft = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(draft, text, { flag: 'wx' });
    try {
      linkSync(draft, file);
      return 'written';
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'kept';
    throw fileSystemError(error, file);
  }
}

export interface CheckOutcome {
  production: Production;
  drift: Drift;
  /** Files that the team changed or removed since; no drift. */
  changedByTeam: string[];
}

/**
 * What of the monolith has changed since the service was carved. Reads only.
 *
 * @throws StranglerError `CARVE_NOT_CARVED`
 */
export async function checkService(
  job: Pick<CarveJob, 'capability' | 'places'> & {
    produce: (
      decisions: { file: string; text: string } | undefined,
      capabilities: string[],
    ) => Promise<Production>;
  },
): Promise<CheckOutcome> {
  const { places, capability } = job;
  const target = inspectTarget(places.out, capability);
  const { before } = target;
  if (before === undefined)
    throw new StranglerError('CARVE_NOT_CARVED', `${places.out} holds no service that carve wrote`, {
      exitCode: EXIT.usage,
      remedy: `Carve it first, or name its folder with --out. (Such a service has a ${MANIFEST_FILE}.)`,
    });
  const production = await job.produce(readDecisions(places), before.capabilities);
  const { service, plan } = production;
  const kept = [...target.originals]
    .filter(([path]) => path.startsWith(CONTRACT_FOLDER))
    .map(([path, text]) => ({ path, text }));
  const drift = driftOf(before, {
    symbols: production.symbols,
    manifest:
      service === undefined
        ? undefined
        : manifestOf(service.origin, [...completeFiles(service, places), ...kept]),
    staleDecisions: plan.staleDecisions,
    decisions: service === undefined ? before.decisions : service.origin.decisions,
    refusals: plan.refusals,
  });
  const found = readFound(target.dir, Object.keys(before.files));
  const changedByTeam = Object.keys(before.files).filter((path) => {
    const file = found.get(path);
    return file === undefined || file.digest !== before.files[path]?.digest;
  });
  return { production, drift, changedByTeam };
}
