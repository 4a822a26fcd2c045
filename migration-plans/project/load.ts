import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EXIT, type Finding, StranglerError } from '../errors.ts';
import { boundFindings, checkSchema } from '../yaml/check.ts';
import { readTextFile } from '../yaml/file.ts';
import { readYaml } from '../yaml/source.ts';
import { interpolate } from './environment.ts';
import { normaliseProject } from './normalise.ts';
import type { Project } from './project.ts';
import { checkProjectRules } from './rules.ts';
import { ProjectYaml } from './schema.ts';

export const PROJECT_FILE = 'strangler.yaml';

/** The nearest `strangler.yaml` at or above a folder; undefined if there is none up to the root. */
export async function findProject(cwd: string): Promise<string | undefined> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = join(folder, PROJECT_FILE);
    const found = await access(file).then(
      () => true,
      () => false,
    );
    if (found) return file;
    if (dirname(folder) === folder) return undefined;
  }
}

/** `findProject`, or an error that says how to get one. */
export async function requireProject(cwd: string): Promise<string> {
  const file = await findProject(cwd);
  if (file !== undefined) return file;
  throw new StranglerError('PROJECT_NOT_FOUND', `there is no ${PROJECT_FILE} in this folder or above it`, {
    remedy: 'Run `strangler init --monolith URL` in the folder of your project.',
    exitCode: EXIT.usage,
  });
}

/**
 * Reads a project file. Throws one `PROJECT_INVALID` with every mistake as a finding, or `PROJECT_VERSION` for a file of another
 * format version.
 */
export async function loadProject(
  file: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Project> {
  return parseProject(await readTextFile(file, 'PROJECT'), file, environment);
}

export function parseProject(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Project {
  const raw = readYaml(text, file, 'PROJECT');
  if (raw.findings.length > 0) throw invalid(file, raw.findings);
  refuseOtherVersion(raw.value, file);
  const { source, findings } = interpolate(raw, environment);
  findings.push(...checkSchema(source, ProjectYaml, 'PROJECT'));
  if (findings.length > 0) throw invalid(file, boundFindings(findings, file, 'PROJECT'));
  const yaml = source.value as ProjectYaml;
  const broken = checkProjectRules(yaml, source);
  if (broken.length > 0) throw invalid(file, broken);
  return normaliseProject(yaml, file);
}

function refuseOtherVersion(value: unknown, file: string): void {
  const version = (value as { version?: unknown } | null)?.version;
  if (version === undefined || version === 1) return;
  throw new StranglerError(
    'PROJECT_VERSION',
    `the file has version ${JSON.stringify(version)}; this toolkit reads version 1`,
    {
      place: { file },
      remedy: 'Use the version of the toolkit that wrote it, or set `version: 1` if it was written by hand.',
      exitCode: EXIT.usage,
    },
  );
}

function invalid(file: string, findings: readonly Finding[]): StranglerError {
  const first = findings[0]!;
  const count = findings.length === 1 ? '1 mistake' : `${findings.length} mistakes`;
  return new StranglerError('PROJECT_INVALID', `${file} has ${count}`, {
    findings,
    ...(first.place === undefined ? {} : { place: first.place }),
    exitCode: EXIT.usage,
  });
}
