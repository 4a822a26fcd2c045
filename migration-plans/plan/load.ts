import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, type Finding, StranglerError } from '../errors.ts';
import { boundFindings, byPlace, checkSchema, schemaErrors } from '../yaml/check.ts';
import { readTextFile } from '../yaml/file.ts';
import { repaired } from '../yaml/repair.ts';
import { readYaml, type YamlSource } from '../yaml/source.ts';
import { normalisePlan } from './normalise.ts';
import type { Plan } from './plan.ts';
import { checkPlanRules } from './rules.ts';
import { checkAcross, type LoadedPlan } from './rules-across.ts';
import { PlanYaml } from './schema.ts';

export interface LoadedPlans {
  /** Plans of files without errors. Publish them only if `findings` holds no error at all. */
  plans: Record<string, Plan>;
  /** Everything wrong in all files, by file, line and column. */
  findings: Finding[];
}

/** How many plan files a folder may hold. */
export const MAX_PLAN_FILES = 5000;
/** Decisions of a carve stand beside the plan and are no plans. */
const PLAN_FILE = /^(?!.*\.decisions\.ya?ml$).*\.ya?ml$/;

/** Reads every plan file (`*.yaml`, `*.yml`) of a folder, not of folders below it. Never throws for what files contain. */
export async function loadPlans(dir: string, now = new Date()): Promise<LoadedPlans> {
  let names: string[];
  try {
    names = (await readdir(dir)).filter((name) => PLAN_FILE.test(name) && !name.startsWith('.')).sort();
  } catch (error) {
    return { plans: {}, findings: [folderFinding(dir, error)] };
  }
  const findings: Finding[] = [];
  if (names.length > MAX_PLAN_FILES)
    findings.push({
      code: 'PLAN_TOO_MANY',
      severity: 'error',
      message: `the folder holds ${names.length} plans; at most ${MAX_PLAN_FILES} are read`,
      place: { file: dir },
    });
  const loaded: LoadedPlan[] = [];
  for (const name of names.slice(0, MAX_PLAN_FILES)) {
    const file = join(dir, name);
    const text = await readTextFile(file, 'PLAN').catch((error: unknown) => {
      findings.push(fileFinding(error, file));
      return undefined;
    });
    if (text === undefined) continue;
    const parsed = parsePlan(text, file, now);
    findings.push(...parsed.findings);
    if (parsed.loaded !== undefined) loaded.push(parsed.loaded);
  }
  findings.push(...checkAcross(loaded));
  findings.sort(byPlace);
  const broken = new Set(
    findings.filter(({ severity }) => severity === 'error').map(({ place }) => place?.file),
  );
  const sound = loaded.filter(({ source }) => !broken.has(source.file));
  return { plans: Object.fromEntries(sound.map(({ plan }) => [plan.capability, plan])), findings };
}

/** Checks one plan file's text by itself. `loaded` is undefined if there is an error. */
export function parsePlan(
  text: string,
  file: string,
  now = new Date(),
): { loaded: LoadedPlan | undefined; findings: Finding[] } {
  const source = readYaml(text, file, 'PLAN');
  if (source.findings.length > 0) return { loaded: undefined, findings: source.findings };
  const wrong = checkSchema(source, PlanYaml, 'PLAN');
  if (wrong.length > 0) {
    const findings = boundFindings([...wrong, ...beyondSchema(source, wrong, now)], file, 'PLAN');
    return { loaded: undefined, findings };
  }
  const yaml = source.value as PlanYaml;
  const findings = boundFindings(checkPlanRules(yaml, source, now), file, 'PLAN');
  if (findings.some(({ severity }) => severity === 'error')) return { loaded: undefined, findings };
  return { loaded: { ...normalisePlan(yaml), source }, findings };
}

/** What the rules say of a file that breaks the schema as well, looking at what is sound of it. */
function beyondSchema(source: YamlSource, wrong: readonly Finding[], now: Date): Finding[] {
  const rest = repaired(source.value, (value) => schemaErrors(value, PlanYaml));
  if (rest === undefined) return [];
  // A line that the schema complains of was changed for looking: what the rules say of it is not the author's doing.
  const said = new Set(wrong.map(({ place }) => place?.line));
  return checkPlanRules(rest as PlanYaml, source, now).filter(({ place }) => !said.has(place?.line));
}

/** The plans of a folder, or one `PLAN_INVALID` with every mistake. Warnings are passed to `onWarning`. */
export async function requirePlans(
  dir: string,
  onWarning: (finding: Finding) => void = () => undefined,
): Promise<Record<string, Plan>> {
  const { plans, findings } = await loadPlans(dir);
  const errors = findings.filter(({ severity }) => severity === 'error');
  for (const finding of findings) if (finding.severity === 'warning') onWarning(finding);
  const [first] = errors;
  if (first === undefined) return plans;
  const count = errors.length === 1 ? '1 mistake' : `${errors.length} mistakes`;
  throw new StranglerError('PLAN_INVALID', `the plans have ${count}; nothing was applied`, {
    findings,
    ...(first.place === undefined ? {} : { place: first.place }),
    remedy: 'Correct them, then run `strangler plan validate`.',
    exitCode: EXIT.usage,
  });
}

function folderFinding(dir: string, error: unknown): Finding {
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return {
    code: 'PLAN_FOLDER',
    severity: 'error',
    message: missing ? 'the folder of the plans does not exist' : 'the folder of the plans cannot be read',
    place: { file: dir },
    remedy: 'Create it, or correct "plans" in strangler.yaml.',
  };
}

function fileFinding(error: unknown, file: string): Finding {
  if (!(error instanceof StranglerError)) throw error;
  return { code: error.code, severity: 'error', message: error.message, place: { file } };
}
