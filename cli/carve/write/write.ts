/** Writes a service: decides, stages, lets gates look at what would stand there, then moves it into place as one. */
import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import type { OutputFile } from '../service/spec.ts';
import { type Content, contentOf, digestOf } from './digest.ts';
import { MANIFEST_FILE, manifestOf, manifestText, ORIGINALS_FILE, type Origin } from './manifest.ts';
import { mergeTexts } from './merge.ts';
import { mergeable, packOriginals, unpackOriginals } from './originals.ts';
import { checkPaths } from './paths.ts';
import { type Action, type Merge, reconcile } from './reconcile.ts';
import {
  beginStaging,
  isLeftBehind,
  type Journal,
  keepAside,
  type Staging,
  type Step,
  undo,
  writeDurably,
} from './staging.ts';
import { fileSystemError, inspectTarget, readFound, realTarget, type Target } from './target.ts';

export interface WriteRequest {
  /** Folder of the service. */
  out: string;
  origin: Origin;
  files: readonly OutputFile[];
  merge?: Merge;
  /**
   * Called with the complete service as it would stand in place. What it throws ends the carve, and nothing is left behind. What it
   * returns is written too: files below `recordedIn`, made by trying the service. Undefined: those of the carve before stay.
   */
  check?: (view: ServiceView) => Promise<readonly OutputFile[] | undefined>;
  /** Folder of the files that `check` makes, such as `test/contract/`. */
  recordedIn?: string;
  /** Told before each change of the file system, by name. For tests that end the process there. */
  onStep?: (step: string) => void;
  /** Decide only. */
  dryRun?: boolean;
}

/** The service as it would stand in place after the carve. */
export interface ServiceView {
  /** Where it would stand; may hold files of the team beside. */
  target: string;
  /** Content of every file that carve is concerned with: as made, as merged, or as the team keeps it. */
  files: Map<string, { content: Content; executable: boolean }>;
  /** Files that are removed. */
  removed: string[];
}

export interface WriteOutcome {
  dir: string;
  /** Nothing had to be done: the service stands as it would be written. */
  unchanged: boolean;
  actions: Action[];
}

/**
 * @throws StranglerError `CARVE_CONFLICT` with every file that both sides changed, those of `inspectTarget`, `readFound` and
 * `beginStaging`, and what `check` throws
 */
export async function writeService(request: WriteRequest): Promise<WriteOutcome> {
  const { dryRun = false, onStep = () => undefined } = request;
  if (dryRun) {
    const decided = decide(request);
    return { dir: decided.target.dir, unchanged: decided.work.length === 0, actions: decided.actions };
  }
  const dir = realTarget(request.out);
  // What a killed carve has left half-way is put back before anybody judges what is there.
  const first = isLeftBehind(dir) ? undefined : decide(request);
  if (first?.work.length === 0) return { dir, unchanged: true, actions: first.actions };
  const staging = beginStaging(dir);
  try {
    // Read again below the lock: another carve may have written meanwhile.
    const { target, actions, work } = decide(request);
    if (work.length === 0) return { dir: target.dir, unchanged: true, actions };
    onStep('staged folder');
    const recorded = await request.check?.(viewOf(request, target, actions));
    const complete = { ...request, recorded };
    const last = decide(complete);
    if (signature(withoutRecorded(request, last.actions)) !== signature(withoutRecorded(request, actions)))
      throw changedMeanwhile(dir);
    stage(staging, last.work, onStep);
    if (last.target.state === 'ours' || !movedWhole(staging, dir, onStep))
      moveParts(complete, staging, last, onStep);
    return { dir, unchanged: last.work.length === 0, actions: last.actions };
  } catch (error) {
    throw fileSystemError(error, request.out);
  } finally {
    staging.end();
  }
}

/** What is about to be done, to be compared with what was. */
function signature(actions: readonly Action[]): string {
  return actions
    .map(
      (action) =>
        `${action.kind} ${'digest' in action ? `${action.digest} ${action.executable}` : ''} ${action.path}`,
    )
    .join('\n');
}

/** With what trying the service has shown; undefined: what an earlier carve recorded stays. */
type Complete = WriteRequest & { recorded?: readonly OutputFile[] | undefined };

function withoutRecorded({ recordedIn }: WriteRequest, actions: readonly Action[]): Action[] {
  return recordedIn === undefined ? [...actions] : actions.filter(({ path }) => !path.startsWith(recordedIn));
}

function filesOf({ files, recorded, recordedIn }: Complete, target: Target): OutputFile[] {
  if (recorded !== undefined) return [...files, ...recorded];
  const kept = [...target.originals]
    .filter(([path]) => recordedIn !== undefined && path.startsWith(recordedIn))
    .map(([path, text]) => ({ path, text }));
  return [...files, ...kept];
}

interface Decided {
  target: Target;
  actions: Action[];
  /** What changes something, the manifest and the originals included. */
  work: Action[];
}

function decide(request: Complete): Decided {
  const { origin } = request;
  const target = inspectTarget(request.out, origin.capability);
  const files = filesOf(request, target);
  checkPaths(files.map((file) => file.path));
  const paths = new Set([...files.map((file) => file.path), ...Object.keys(target.before?.files ?? {})]);
  const found = readFound(target.dir, [...paths].sort());
  const { actions, conflicts } = reconcile(
    files,
    target.before,
    found,
    target.originals,
    request.merge ?? mergeTexts,
  );
  if (conflicts.length > 0)
    throw new StranglerError(
      'CARVE_CONFLICT',
      `${conflicts.length === 1 ? '1 file' : `${conflicts.length} files`} in ${target.dir} can’t be brought together with what carve writes; nothing was changed`,
      {
        exitCode: EXIT.conflict,
        findings: conflicts.map(({ path, why }) => ({
          code: 'CARVE_CONFLICT',
          message: `${path}: ${why}`,
          severity: 'error',
          place: { file: join(target.dir, path) },
        })),
        remedy:
          'Carve into an empty folder with --out, take over what you want by hand, then make these files equal to it; or put them back as carve wrote them.',
      },
    );
  const manifest = manifestOf(origin, files);
  const own: Action[] = [];
  const write = (path: string, content: string, there: string | undefined): void => {
    const kind = there === undefined ? 'add' : 'update';
    own.push({ kind, path, content, digest: digestOf(content), executable: false });
  };
  // The manifest last: until it is there, the old one says what is carve's.
  if (!sameOriginals(target, files, manifest))
    write(ORIGINALS_FILE, packOriginals(files), target.originalsText);
  const text = manifestText(manifest);
  if (text !== target.beforeText) write(MANIFEST_FILE, text, target.beforeText);
  const work = [...actions.filter(({ kind }) => !['same', 'keep'].includes(kind)), ...own];
  return { target, actions, work };
}

/** Compared by content: other versions of the compressor may write other bytes. */
function sameOriginals(
  target: Target,
  files: readonly OutputFile[],
  manifest: Parameters<typeof unpackOriginals>[1],
): boolean {
  const known = unpackOriginals(target.originalsText, manifest);
  return target.originalsText !== undefined && known.size === mergeable(files).length;
}

function stage(staging: Staging, work: readonly Action[], onStep: (step: string) => void): void {
  for (const action of work) {
    if (!('content' in action)) continue;
    onStep(`stage ${action.path}`);
    const path = join(staging.fresh, action.path);
    mkdirSync(dirname(path), { recursive: true });
    writeDurably(path, action.content, action.executable ? 0o755 : 0o644);
  }
}

function viewOf(request: WriteRequest, target: Target, actions: readonly Action[]): ServiceView {
  const found = readFound(
    target.dir,
    actions.map((action) => action.path),
  );
  const made = new Map(request.files.map((file) => [file.path, file]));
  const files: ServiceView['files'] = new Map();
  const removed: string[] = [];
  for (const action of actions) {
    const { kind, path } = action;
    if (kind === 'remove') removed.push(path);
    else if (kind === 'keep') {
      const file = found.get(path);
      if (file !== undefined) files.set(path, file);
    } else if ('content' in action)
      files.set(path, { content: action.content, executable: action.executable });
    else {
      const file = made.get(path);
      if (file !== undefined)
        files.set(path, { content: contentOf(file), executable: file.executable === true });
    }
  }
  return { target: target.dir, files, removed };
}

/** A new service appears by one rename, also in place of an empty folder. False: what is there can't be replaced as a whole. */
function movedWhole(staging: Staging, dir: string, onStep: (step: string) => void): boolean {
  onStep('move whole');
  try {
    renameSync(staging.fresh, dir);
  } catch (error) {
    // EBUSY: the folder is a mount point, as in a container.
    if (['ENOTEMPTY', 'EEXIST', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
  onStep('moved whole');
  return true;
}

/** Files of a service that stands are replaced one by one; the journal puts all of them back if that ends half-way. */
function moveParts(
  request: Complete,
  staging: Staging,
  { target, work }: Decided,
  onStep: (step: string) => void,
): void {
  const steps = stepsOf(target.dir, work);
  for (const step of steps) {
    if (step.do === 'replace' || step.do === 'remove')
      keepAside(join(target.dir, step.path), join(staging.old, step.path));
  }
  writeDurably(`${staging.journal}.new`, JSON.stringify({ version: 1, steps } satisfies Journal));
  renameSync(`${staging.journal}.new`, staging.journal);
  onStep('journal');
  try {
    refuseChanged(request, target, work);
    for (const step of steps) {
      onStep(`${step.do} ${step.path}`);
      const path = join(target.dir, step.path);
      if (step.do === 'folder') mkdirSync(path, { recursive: true });
      else if (step.do === 'remove') rmSync(path);
      else renameSync(join(staging.fresh, step.path), path);
    }
    onStep('moved');
  } catch (error) {
    undo(target.dir, staging.old, steps);
    throw error;
  }
  // From here on the new state is the one that counts: without its journal nothing is put back.
  renameSync(staging.journal, `${staging.journal}.done`);
  onStep('done');
  removeEmptied(target.dir, steps);
}

function stepsOf(dir: string, work: readonly Action[]): Step[] {
  const steps: Step[] = [];
  const folders = new Set<string>();
  for (const action of work) {
    const parts = action.path.split('/');
    for (let length = 1; length < parts.length; length++) {
      const folder = parts.slice(0, length).join('/');
      if (folders.has(folder) || existsSync(join(dir, folder))) continue;
      folders.add(folder);
      steps.push({ do: 'folder', path: folder });
    }
    if (action.kind === 'remove') steps.push({ do: 'remove', path: action.path });
    else if ('content' in action)
      steps.push({
        do: action.kind === 'add' ? 'add' : 'replace',
        path: action.path,
        digest: action.digest,
      });
  }
  return steps;
}

/** Gates take minutes, and even staging takes a moment: what the team changed meanwhile is not overwritten. */
function refuseChanged(request: Complete, target: Target, work: readonly Action[]): void {
  if (signature(decide(request).work) !== signature(work)) throw changedMeanwhile(target.dir);
}

function changedMeanwhile(dir: string): StranglerError {
  return new StranglerError(
    'CARVE_CONFLICT',
    `${dir} was changed while the service was tried; nothing was written`,
    {
      exitCode: EXIT.conflict,
      remedy: 'Run it again.',
    },
  );
}

function removeEmptied(dir: string, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.do !== 'remove') continue;
    for (let folder = dirname(step.path); folder !== '.'; folder = dirname(folder)) {
      try {
        rmdirSync(join(dir, folder));
      } catch {
        break;
      }
    }
  }
}
