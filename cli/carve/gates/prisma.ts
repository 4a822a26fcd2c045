/** Generates the Prisma client in a gate folder, without the engines that Prisma would download. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gateEnvironment, lastLines, runCommand } from './run-process.ts';

const LIMIT_MS = 3 * 60_000;

/**
 * Prisma's command line only needs that engines exist: generating asks them nothing any more, or asks the WebAssembly that comes with
 * it. Prisma up to 6 also copies the query engine into the client, where a placeholder is found out only when a query runs.
 */
export async function generateClient(
  folder: string,
  command: string,
  databaseVariable: string,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const engines = mkdtempSync(join(tmpdir(), 'strangler-engine-'));
  const placeholder = join(engines, 'engine');
  writeFileSync(placeholder, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  try {
    const { code, said } = await runCommand(command, {
      cwd: folder,
      env: gateEnvironment(folder, {
        ...prismaEnvironment(),
        PRISMA_SCHEMA_ENGINE_BINARY: placeholder,
        ...(hasQueryEngine(folder) ? {} : { PRISMA_QUERY_ENGINE_LIBRARY: placeholder }),
        // Only read, never connected to.
        [databaseVariable]: 'postgresql://nobody@127.0.0.1:9/none',
      }),
      limitMs: LIMIT_MS,
      signal,
    });
    return code === 0 ? undefined : lastLines(said, 12);
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

function hasQueryEngine(folder: string): boolean {
  return existsSync(
    join(folder, 'node_modules/@prisma/engines/libquery_engine-debian-openssl-3.0.x.so.node'),
  );
}
