/**
 * `service.carve.json`: what a carve wrote and what it was made from. It belongs to the service and is reviewed with it: no absolute
 * path, no time, the same bytes for the same input.
 */
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import type { OutputFile } from '../service/spec.ts';
import { contentOf, digestOf } from './digest.ts';

export const MANIFEST_FILE = 'service.carve.json';
/** What was written as it was written, compressed: the base of three-way merges. */
export const ORIGINALS_FILE = 'service.carve.originals';
export const MANIFEST_VERSION = 1;

export interface SourceSymbol {
  /** Relative to the monolith's root. */
  file: string;
  name: string;
  as: 'moved' | 'copied' | 'client' | 'middleware' | 'remote';
  /** Of its source text. */
  digest: string;
}

export interface Manifest {
  version: typeof MANIFEST_VERSION;
  writtenBy: string;
  capability: string;
  /** Groupings that were given by `--capability`. */
  capabilities: string[];
  monolith: { name: string; packageDir: string; otherPackages: string[] };
  /** Digest of the decisions that were used; null: none. */
  decisions: string | null;
  symbols: SourceSymbol[];
  /** Digest of every file as it was written, by path. */
  files: Record<string, { digest: string; executable?: true }>;
}

/** What a manifest says beside the files. */
export type Origin = Omit<Manifest, 'version' | 'writtenBy' | 'files'>;

export function manifestOf(origin: Origin, files: readonly OutputFile[]): Manifest {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    version: MANIFEST_VERSION,
    writtenBy: 'strangler carve',
    capability: origin.capability,
    capabilities: [...origin.capabilities],
    monolith: origin.monolith,
    decisions: origin.decisions,
    symbols: [...origin.symbols].sort(bySymbol),
    files: Object.fromEntries(
      sorted.map(({ executable, ...file }) => [
        file.path,
        { digest: digestOf(contentOf(file)), ...(executable === true && { executable: true as const }) },
      ]),
    ),
  };
}

function bySymbol(a: SourceSymbol, b: SourceSymbol): number {
  const [left, right] = [`${a.file}\0${a.name}\0${a.digest}`, `${b.file}\0${b.name}\0${b.digest}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** @throws StranglerError `CARVE_BAD_MANIFEST` for a file that is no manifest or one of another version */
export function parseManifest(text: string, file: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad(file, 'it is not JSON');
  }
  const record = value as Partial<Manifest> | null;
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw bad(file, 'it is not an object');
  if (record.version !== MANIFEST_VERSION)
    throw bad(
      file,
      `it has version ${JSON.stringify(record.version ?? null)}, this toolkit reads ${MANIFEST_VERSION}`,
    );
  const sound =
    typeof record.capability === 'string' &&
    isTexts(record.capabilities) &&
    (record.decisions === null || typeof record.decisions === 'string') &&
    typeof record.monolith === 'object' &&
    Array.isArray(record.symbols) &&
    record.symbols.every(
      (item) =>
        typeof item?.file === 'string' && typeof item.name === 'string' && typeof item.digest === 'string',
    ) &&
    typeof record.files === 'object' &&
    record.files !== null &&
    Object.values(record.files).every((item) => /^[0-9a-f]{64}$/.test(item?.digest ?? ''));
  if (!sound) throw bad(file, 'some of its fields are missing or of another type');
  return record as Manifest;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function bad(file: string, why: string): StranglerError {
  return new StranglerError('CARVE_BAD_MANIFEST', `${file} can’t be used: ${why}`, {
    exitCode: EXIT.usage,
    place: { file },
    remedy:
      'Restore it from version control, or carve into another folder; without it nobody knows which files are the team’s.',
  });
}
