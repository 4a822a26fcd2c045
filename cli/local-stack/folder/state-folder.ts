import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StranglerError } from '../../../migration-plans/errors.ts';
import { readJson, writeFileAtomically, writeJsonAtomically } from './files.ts';

/** What this toolkit reads and writes. A change that older or newer versions cannot read raises it. */
export const STATE_FORMAT = 1;

/** Everything that the toolkit keeps on this machine, in one folder beside the project file. */
export interface StateFolder {
  path: string;
  /** Where parts say that they run, and where; and locks. */
  run: string;
  logs: string;
  cloudMap: string;
  /** Last good revisions of edges. */
  edges: string;
  adminToken: string;
  overrideSecret: string;
  postgresPassword: string;
}

export function stateFolderAt(path: string): StateFolder {
  return {
    path,
    run: join(path, 'run'),
    logs: join(path, 'logs'),
    cloudMap: join(path, 'cloud-map'),
    edges: join(path, 'edges'),
    adminToken: join(path, 'admin-token'),
    overrideSecret: join(path, 'override-secret'),
    postgresPassword: join(path, 'postgres-password'),
  };
}

/**
 * Opens the folder, making what is missing. A folder of another version is refused and left as it is.
 * @throws StranglerError STATE_FOLDER_VERSION
 */
export function openStateFolder(path: string, version: string): StateFolder {
  const folder = stateFolderAt(path);
  const marker = join(path, 'version.json');
  if (existsSync(path)) checkFormat(path, marker);
  for (const made of [folder.path, folder.run, folder.logs])
    mkdirSync(made, { recursive: true, mode: 0o755 });
  if (!existsSync(marker)) {
    writeJsonAtomically(marker, { format: STATE_FORMAT, createdBy: version });
    writeFileAtomically(join(path, '.gitignore'), '*\n');
  }
  return folder;
}

/** @throws StranglerError STATE_FOLDER_VERSION */
export function checkFormat(path: string, marker = join(path, 'version.json')): void {
  const content = readJson(marker);
  if (content === undefined && !existsSync(marker)) {
    // Logs alone are no state; anything else without a version is not ours to write into.
    const foreign = readdirSync(path).filter((name) => !['run', 'logs', '.gitignore'].includes(name));
    if (foreign.length === 0) return;
    throw refused(path, 'it holds files and says of no version');
  }
  const format = (content as { format?: unknown } | undefined)?.format;
  if (format === STATE_FORMAT) return;
  const createdBy = (content as { createdBy?: unknown } | undefined)?.createdBy;
  throw refused(
    path,
    `it has format ${JSON.stringify(format ?? null)}${typeof createdBy === 'string' ? ` (written by strangler ${createdBy})` : ''}, this version reads format ${STATE_FORMAT}`,
  );
}

function refused(path: string, why: string): StranglerError {
  return new StranglerError(
    'STATE_FOLDER_VERSION',
    `the state folder ${path} is of another version: ${why}`,
    {
      remedy: `use the version of strangler that wrote it, or begin anew by moving it away: mv ${path} ${path}.old (published plans and the audit trail of the embedded store are in it)`,
    },
  );
}
