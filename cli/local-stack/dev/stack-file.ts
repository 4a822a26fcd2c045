import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJsonAtomically } from '../folder/files.ts';
import type { StateFolder } from '../folder/state-folder.ts';
import { isRunning, type ProcessIdentity } from '../process/identity.ts';

/** What a running `strangler dev` says of itself to other commands. Holds no secret. */
export interface StackFile {
  formatVersion: 1;
  process: ProcessIdentity;
  startedAt: string;
  project: string;
  /** By part: `edge`, `admin`, `monolith`, `cloudMap`, and each service by its name. */
  urls: Record<string, string>;
  ports: Record<string, number>;
  /** The processes of the parts, kept true when one is started again. */
  pids: Record<string, number>;
  cloudMap: { endpoint: string; namespace: string; region: string };
  logs: string;
}

const NAME = 'stack.json';

export function writeStackFile(folder: StateFolder, content: StackFile): void {
  writeJsonAtomically(join(folder.run, NAME), content);
}

export function removeStackFile(folder: StateFolder): void {
  rmSync(join(folder.run, NAME), { force: true });
}

/** The stack that runs now; undefined: none, or only the file of one that was killed. */
export function runningStack(folder: StateFolder): StackFile | undefined {
  const content = read(folder);
  return content !== undefined && isRunning(content.process) ? content : undefined;
}

/** What a stack that was killed had written of itself. */
export function staleStack(folder: StateFolder): StackFile | undefined {
  const content = read(folder);
  return content === undefined || isRunning(content.process) ? undefined : content;
}

function read(folder: StateFolder): StackFile | undefined {
  const content = readJson(join(folder.run, NAME)) as StackFile | undefined;
  const usable = content?.formatVersion === 1 && typeof content.process?.pid === 'number';
  return usable && typeof content.pids === 'object' ? content : undefined;
}

/** The ports of the last stack, so that URLs stay the same from one start to the next. */
export function lastPorts(folder: StateFolder): Record<string, number> {
  const content = readJson(join(folder.run, 'ports.json'));
  if (typeof content !== 'object' || content === null) return {};
  return Object.fromEntries(
    Object.entries(content).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

export function rememberPorts(folder: StateFolder, ports: Record<string, number>): void {
  writeJsonAtomically(join(folder.run, 'ports.json'), ports);
}
