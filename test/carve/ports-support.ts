/** Small monoliths and services in folders of their own, and processes of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { portsFilesIn, withoutPatches } from '../../cli/carve/ports/monolith/unpatched.ts';
import type { PortSpec, ServiceSpec } from '../../cli/carve/service/spec.ts';

const root = join(import.meta.dirname, '../..');

export interface Folder {
  path: string;
  read(name: string): string | undefined;
  remove(): void;
}

/** A new folder with these files, in which the packages of this repository can be imported. */
export function folderOf(files: Record<string, string>): Folder {
  const path = mkdtempSync(join(tmpdir(), 'ports-'));
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
  write(path, files);
  return {
    path,
    read: (name) => {
      try {
        return readFileSync(join(path, name), 'utf8');
      } catch {
        return undefined;
      }
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export function write(path: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
}

export interface Running {
  process: ChildProcess;
  url: string;
  output(): string;
  kill(): Promise<void>;
}

/** Starts a script that prints `listening PORT` once it does. */
export async function start(cwd: string, script: string, env: Record<string, string> = {}): Promise<Running> {
  const child = spawn(process.execPath, [script], {
    cwd,
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      const found = /^listening (\d+)$/.exec(line);
      if (found !== null) resolve(Number(found[1]));
    });
    void ended.then(() => reject(new Error(`${script} ended: ${output}`)));
  });
  return {
    process: child,
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export function portOf(port: Partial<PortSpec> & { file: string; name: string }): PortSpec {
  return {
    line: 1,
    direction: 'service-to-monolith',
    parameters: [],
    models: [{ name: 'Book', access: 'read' }],
    batch: false,
    callers: [],
    why: '',
    address: `${port.file.replace(/\.[cm]?[jt]sx?$/, '')}.${port.name}`,
    parameterText: '',
    typeParameterText: '',
    returnType: undefined,
    exported: port.name,
    form: 'function',
    ...port,
  };
}

export function specOf(spec: Partial<ServiceSpec>): ServiceSpec {
  return {
    capability: 'reviews',
    framework: 'express',
    language: 'js',
    modules: 'cjs',
    layout: { base: '/monolith', packageDir: '', otherPackages: [] },
    app: {
      file: 'app.js',
      exported: 'module.exports',
      kind: 'value',
      args: '',
      created: { file: 'app.js', line: 2 },
    },
    routes: [],
    stage: 'shared-database',
    models: { owned: ['Review'], shared: [] },
    allModels: [],
    schemaFiles: [],
    migrationFiles: [],
    client: undefined,
    dependencies: [],
    ports: [],
    identity: [],
    environment: [],
    plan: {
      version: 1,
      capability: 'reviews',
      routes: [],
      moved: [],
      copied: [],
      remote: [],
      stays: [],
      tables: [],
      refusals: [],
      resolved: [],
      staleDecisions: [],
      dependencies: [],
    },
    ...spec,
  };
}

/** How a carve sees a monolith that was patched before: without what its ports file says was added. */
export function withoutPatch({ path, read }: Folder, portsFile: string): Folder['read'] {
  const files = portsFilesIn([join(path, portsFile)], (file) => readFileSync(file, 'utf8'));
  return (name) => {
    const text = read(name);
    return text === undefined ? undefined : withoutPatches(files, join(path, name), text)?.text;
  };
}
