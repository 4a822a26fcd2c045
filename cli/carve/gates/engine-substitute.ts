/**
 * Prisma 6 asks an engine that is downloaded on installing. Where there is none, as on machines that only reach the registry, the gates
 * let the client use Prisma's own query compiler, which comes with it from 6.16 on, through a driver adapter: in the gate folder only,
 * and on both sides alike.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { locate, readPackage } from './packages.ts';
import { satisfies } from './version-range.ts';

const KNOWS_COMPILER = '>=6.16.0 <7.0.0';

/** Whether the client of a gate folder needs an engine that is not there, and can do without it. */
export function needsSubstitute(folder: string): boolean {
  const { version } = readPackage(join(folder, 'node_modules/@prisma/client/package.json'));
  return version !== undefined && satisfies(version, KNOWS_COMPILER) === true && !hasEngine(folder);
}

export function hasEngine(folder: string): boolean {
  const places = ['node_modules/@prisma/engines', 'node_modules/prisma'].map((name) => join(folder, name));
  return places.some((place) => {
    if (!existsSync(place)) return false;
    const names = readdirSync(realpathSync(place));
    return names.some((name) => /^(?:lib)?query[_-]engine/.test(name));
  });
}

/** Generator blocks of the classic client, with the compiler as their engine. Pure. */
export function withCompiler(schema: string): string {
  return schema.replace(/^(\s*generator\s+\w+\s*\{)([^}]*)\}/gm, (block, head: string, body: string) => {
    if (!/provider\s*=\s*"prisma-client-js"/.test(body)) return block;
    const kept = body.replace(/^\s*engineType\s*=.*\n/gm, '');
    return `${head}\n  engineType = "client"${kept}}`;
  });
}

export interface Substitute {
  /** Folders of the generated clients. */
  clients: string[];
  adapter: string;
}

/** Changes the schema before the client is generated. Undefined: it can't be done here. */
export function prepareSubstitute(folder: string, schemaFiles: readonly string[]): Substitute | undefined {
  const adapter = locate('@prisma/adapter-pg', folder) ?? locate('@prisma/adapter-pg', import.meta.dirname);
  if (adapter === undefined) return undefined;
  const clients: string[] = [];
  for (const path of schemaFiles) {
    const file = join(folder, path);
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    const changed = withCompiler(text);
    if (changed === text) continue;
    writeFileSync(file, changed);
    const output = /^\s*generator\s+\w+\s*\{[^}]*?^\s*output\s*=\s*"([^"]+)"/m.exec(text)?.[1];
    clients.push(
      output === undefined ? join(folder, 'node_modules/.prisma/client') : resolve(dirname(file), output),
    );
  }
  return clients.length === 0 ? undefined : { clients, adapter };
}

/** Lets a generated client make its adapter by itself where the application gives none. */
export function finishSubstitute({ clients, adapter }: Substitute, variable: string): void {
  for (const client of clients) {
    const file = join(client, 'index.js');
    if (existsSync(file)) appendFileSync(file, wrapping(adapter, variable));
  }
}

function wrapping(adapter: string, variable: string): string {
  return `
{
  const Own = exports.PrismaClient;
  exports.PrismaClient = class PrismaClient extends Own {
    constructor(options = {}) {
      const { datasources, datasourceUrl, ...rest } = options;
      const connectionString =
        datasourceUrl ?? Object.values(datasources ?? {})[0]?.url ?? process.env[${JSON.stringify(variable)}];
      const { PrismaPg } = require(${JSON.stringify(adapter)});
      super(rest.adapter ? rest : { ...rest, adapter: new PrismaPg({ connectionString }) });
    }
  };
}
`;
}
