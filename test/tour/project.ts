import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';

export const ROOT = resolve(import.meta.dirname, '../..');

/** Where the tour lives: beside the project's own state, so that it neither finds nor leaves anything there. */
export const TOUR_FOLDER = join(ROOT, '.tour');

interface ProjectFile {
  plans: string;
  edge?: Record<string, unknown>;
  dev: { processes: Record<string, { cwd: string }> };
}

/** A fresh copy of the sample's project, with free ports and the same plans and processes. */
export function makeTourProject(): string {
  rmSync(TOUR_FOLDER, { recursive: true, force: true });
  mkdirSync(TOUR_FOLDER, { recursive: true });
  const project = parse(readFileSync(join(ROOT, 'strangler.yaml'), 'utf8')) as ProjectFile;
  project.plans = join(ROOT, project.plans);
  project.edge = { ...project.edge, listen: '127.0.0.1:0', admin: '127.0.0.1:0' };
  for (const part of Object.values(project.dev.processes)) part.cwd = join(ROOT, part.cwd);
  writeFileSync(join(TOUR_FOLDER, 'strangler.yaml'), stringify(project));
  return TOUR_FOLDER;
}
