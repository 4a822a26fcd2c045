import { existsSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { type AnalyzeProgress, analyzeDeep } from '../analysis/pipeline.ts';
import { parseDecisions } from './decisions.ts';
import type { CarvePlan } from './model.ts';
import { planCarve } from './plan.ts';

export type { CarvePlan } from './model.ts';
export { planCarve } from './plan.ts';

export interface DryRunOptions {
  /** The capability's name: one that the analysis suggests, or one of `capabilities`. */
  capability: string;
  /** The monolith's folder. */
  dir: string;
  /** Groupings as `name=member,member`. */
  capabilities?: readonly string[];
  /** Path of the decisions file; none is needed for a first look. */
  decisions?: string;
  onProgress?: (event: AnalyzeProgress) => void;
}

/**
 * What carving a capability would do, without writing anything. Runs in a thread of its own, like the analysis.
 *
 * @throws StranglerError those of `analyze`, and `CARVE_UNKNOWN_CAPABILITY`, `CARVE_NO_DECISIONS`, `CARVE_BAD_DECISIONS`,
 * `CARVE_UNKNOWN_OPTION`
 */
export async function dryRunCarve(options: DryRunOptions): Promise<CarvePlan> {
  const { onProgress, ...plain } = options;
  return new Promise((resolve, reject) => {
    const file = new URL(
      `./worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
      import.meta.url,
    );
    const worker = new Worker(file, {
      workerData: plain,
      resourceLimits: { stackSizeMb: 48, maxOldGenerationSizeMb: 4096 },
    });
    worker.on('message', (message: CarveMessage) => {
      if (message.kind === 'progress') onProgress?.(message.event);
      else if (message.kind === 'done') resolve(message.plan);
      else reject(new StranglerError(message.code, message.message, message.options));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the planning thread ended with ${code}`)));
  });
}

export type CarveMessage =
  | { kind: 'progress'; event: AnalyzeProgress }
  | { kind: 'done'; plan: CarvePlan }
  | {
      kind: 'refused';
      code: string;
      message: string;
      options: ConstructorParameters<typeof StranglerError>[2];
    };

/** The same in the current thread. */
export function dryRunHere(options: DryRunOptions): CarvePlan {
  const decisions =
    options.decisions === undefined ? new Map() : parseDecisions(read(options.decisions), options.decisions);
  const deep = analyzeDeep({
    dir: options.dir,
    ...(options.capabilities && { capabilities: options.capabilities }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
  return planCarve(deep, options.capability, decisions);
}

function read(file: string): string {
  if (!existsSync(file)) {
    throw new StranglerError('CARVE_NO_DECISIONS', `there is no decisions file ${file}`, {
      exitCode: EXIT.usage,
      remedy: 'Leave the option out for a first dry run; it shows what is to be decided.',
    });
  }
  return readFileSync(file, 'utf8');
}
