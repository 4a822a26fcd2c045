/** Generates the Prisma client in a gate folder, without the engines that Prisma would download. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finishSubstitute, hasEngine, needsSubstitute, prepareSubstitute } from './engine-substitute.ts';
import { gateEnvironment, lastLines, runCommand } from './run-process.ts';

const LIMIT_MS = 3 * 60_000;

export interface Generation {
  command: string;
  /** The variable that names the database. */
  variable: string;
  /** Paths of the schema in the folder. */
  schemaFiles: readonly string[];
  signal: AbortSignal;
}

/** What came of it: nothing to say, that the engine was substituted, or Prisma's last words. */
export type Generated = { substituted: boolean } | { failed: string[] };

/**
 * Prisma's command line only needs that engines exist: generating asks them nothing any more, or asks the WebAssembly that comes with
 * it. Prisma up to 6 also copies the query engine into the client, where a placeholder is found out only when a query runs.
 */
export async function generateClient(folder: string, generation: Generation): Promise<Generated> {
  const { command, variable, schemaFiles, signal } = generation;
  const engines = mkdtempSync(join(tmpdir(), 'strangler-engine-'));
  const placeholder = join(engines, 'engine');
  writeFileSync(placeholder, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  const substitute = needsSubstitute(folder) ? prepareSubstitute(folder, schemaFiles) : undefined;
  try {
    const { code, said } = await runCommand(command, {
      cwd: folder,
      env: gateEnvironment(folder, {
        ...prismaEnvironment(),
        PRISMA_SCHEMA_ENGINE_BINARY: placeholder,
        // The names that Prisma 4 gave them.
        PRISMA_MIGRATION_ENGINE_BINARY: placeholder,
        PRISMA_INTROSPECTION_ENGINE_BINARY: placeholder,
        PRISMA_FMT_BINARY: placeholder,
        ...(hasEngine(folder) ? {} : { PRISMA_QUERY_ENGINE_LIBRARY: placeholder }),
        // Only read, never connected to.
        [variable]: 'postgresql://nobody@127.0.0.1:9/none',
      }),
      limitMs: LIMIT_MS,
      signal,
    });
    if (code !== 0) return { failed: lastLines(said, 12) };
    if (substitute !== undefined) finishSubstitute(substitute, variable);
    return { substituted: substitute !== undefined };
  } finally {
    rmSync(engines, { recursive: true, force: true });
  }
}

export function prismaEnvironment(): Record<string, string> {
  return {
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    PRISMA_GENERATE_SKIP_AUTOINSTALL: '1',
    PRISMA_ENGINES_CHECKSUM_IGNORE_MISSING: '1',
  };
}
