/**
 * Return types that nobody wrote down, as the monolith's own compiler finds them. Best effort: without installed
 * dependencies, or where the compiler fails, there are none, and the stubs say so.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Node } from '../../analysis/syntax/ast.ts';
import { parseFile } from '../../analysis/syntax/parse.ts';
import type { PortSpec, ServiceSpec } from '../service/spec.ts';
import { outwardPorts } from './digest.ts';
import { isTypeScript } from './stub.ts';

/** Longest time that the compiler may take, in ms. */
const compilerTime = 120_000;

const PLAIN_OPTIONS = [
  '--ignoreConfig',
  '--target',
  'es2022',
  '--module',
  'nodenext',
  '--moduleResolution',
  'nodenext',
  '--strict',
  '--esModuleInterop',
  '--allowImportingTsExtensions',
];

/** Return types by address, for ports in TypeScript without a declared one. */
export async function inferredTypes(spec: ServiceSpec): Promise<Map<string, string>> {
  const wanted = outwardPorts(spec).filter(
    (port) => port.returnType === undefined && isTypeScript(port.file),
  );
  const found = new Map<string, string>();
  const project = join(spec.layout.base, spec.layout.packageDir);
  const config = join(project, 'tsconfig.json');
  const compiler = compilerOf(project);
  if (wanted.length === 0 || compiler === undefined) return found;
  // A package without options of its own, as Node runs it: the files alone, with the options that fit that.
  const what = existsSync(config)
    ? ['-p', config]
    : [...new Set(wanted.map((port) => join(spec.layout.base, port.file))), ...PLAIN_OPTIONS];
  const folder = mkdtempSync(join(tmpdir(), 'carve-types-'));
  try {
    await emit(compiler, what, spec.layout.base, folder);
    for (const port of wanted) {
      const file = join(folder, port.file.replace(/\.([cm]?)tsx?$/, '.d.$1ts'));
      const type = existsSync(file) ? returnTypeIn(readFileSync(file, 'utf8'), port) : undefined;
      if (type !== undefined) found.set(port.address, type);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return found;
}

/** The compiler of the monolith. */
function compilerOf(project: string): string | undefined {
  try {
    const manifest = createRequire(join(project, 'package.json')).resolve('typescript/package.json');
    return join(dirname(manifest), 'bin/tsc');
  } catch {
    return undefined;
  }
}

/** Mistakes in the monolith do not matter: what could be told is written all the same. */
function emit(compiler: string, what: readonly string[], base: string, folder: string): Promise<void> {
  const options = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--noEmitOnError', 'false'];
  const places = ['--outDir', folder, '--declarationDir', folder, '--rootDir', base];
  const rest = [
    '--declarationMap',
    'false',
    '--composite',
    'false',
    '--incremental',
    'false',
    '--skipLibCheck',
  ];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiler, ...what, ...options, ...places, ...rest],
      { timeout: compilerTime, maxBuffer: 64 * 1024 * 1024 },
      () => resolve(),
    );
  });
}

/** The type in a declaration file; undefined for what is not there by this name, such as a function not exported. */
export function returnTypeIn(
  declarations: string,
  port: Pick<PortSpec, 'exported' | 'name'>,
): string | undefined {
  const file = parseFile('/types.d.ts', 'types.d.ts', declarations);
  if ('message' in file) return undefined;
  const [first, ...members] = port.exported.split('.');
  let found: string | undefined;
  const textOf = (node: Node | null | undefined): string | undefined => {
    const annotation = (node as { returnType?: { typeAnnotation: Node } | null } | null | undefined)
      ?.returnType;
    return annotation
      ? declarations.slice(annotation.typeAnnotation.start, annotation.typeAnnotation.end)
      : undefined;
  };
  for (const statement of file.program.body as Node[]) {
    const isDefault = statement.type === 'ExportDefaultDeclaration';
    const declared = (
      isDefault || statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    ) as Node | null;
    if (declared === null) continue;
    const name = (declared as { id?: { name?: string } | null }).id?.name;
    if (
      (declared.type === 'TSDeclareFunction' || declared.type === 'FunctionDeclaration') &&
      members.length === 0
    ) {
      if (name === first || (isDefault && first === 'default')) found ??= textOf(declared);
    } else if (declared.type === 'VariableDeclaration') {
      for (const item of declared.declarations) {
        if (item.id.type !== 'Identifier' || item.id.name !== first) continue;
        const type = item.id.typeAnnotation?.typeAnnotation as Node | undefined;
        found ??= textOf(memberOf(type, members));
      }
    }
  }
  return found;
}

/** The function type at the end of a path of members of an object type. */
function memberOf(type: Node | undefined, members: readonly string[]): Node | undefined {
  if (members.length === 0) return type;
  if (type?.type !== 'TSTypeLiteral') return undefined;
  const [name, ...rest] = members;
  for (const member of type.members as Node[]) {
    const { key } = member as { key?: { name?: string } };
    if (key?.name !== name) continue;
    if (member.type === 'TSMethodSignature') return rest.length === 0 ? member : undefined;
    const inner = (member as { typeAnnotation?: { typeAnnotation: Node } | null }).typeAnnotation
      ?.typeAnnotation;
    return memberOf(inner, rest);
  }
  return undefined;
}
