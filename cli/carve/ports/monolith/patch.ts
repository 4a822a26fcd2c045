/** The patch that gives the monolith the internal routes which the service calls. */
import { posix } from 'node:path';
import { StranglerError } from '../../../../migration-plans/errors.ts';
import type { Node } from '../../../analysis/syntax/ast.ts';
import { parseFile, type SourceFile } from '../../../analysis/syntax/parse.ts';
import type { OutputFile, ServiceSpec } from '../../service/spec.ts';
import { outwardPorts, portsFolder } from '../digest.ts';
import { type FileChange, unifiedDiff } from '../unified-diff.ts';
import { callWithApp } from './creation.ts';
import { type Insertion, insert, lineBelow } from './edits.ts';
import { exportingText, reachOf } from './exports.ts';
import { mountName, portsFile, type Reached } from './ports-file.ts';
import { importRequest, type MonolithStyle, styleOf } from './style.ts';

export interface MonolithPatch {
  /** Files that are new in the monolith; paths from the base of the layout. */
  added: OutputFile[];
  /** Files that it changes, with the text that it was made for. */
  changed: FileChange[];
  /** Unified diff for `git apply` and `patch -p1` in the base of the layout. Empty: nothing to change any more. */
  patch: string;
  /** How it is applied, switched on and taken back: lines for a README. */
  notes: string[];
}

/** Current text of a file of the monolith, by its path from the base of the layout; undefined where there is none. */
export type ReadMonolith = (path: string) => string | undefined;

/**
 * The patch for the monolith as it is now. Undefined where the service calls nothing there.
 * @throws StranglerError `CARVE_PORT_APP`, `CARVE_PORT_UNREACHABLE`, `CARVE_PORT_SOURCE`
 */
export function monolithPatch(spec: ServiceSpec, read: ReadMonolith): MonolithPatch | undefined {
  const ports = outwardPorts(spec);
  if (ports.length === 0 && spec.identity.length === 0) return undefined;
  const appFile = fromBase(spec, spec.app.created.file);
  const app = sourceOf(read, appFile);
  const style = styleOf(app, spec);
  const toExport = new Map<string, { source: SourceFile; names: string[] }>();
  const reached = ports.map((port): Reached => {
    const source = sourceOf(read, port.file);
    const { path, exports } = reachOf(source, port.exported);
    if (exports !== undefined) {
      const entry = toExport.get(port.file) ?? { source, names: [] };
      toExport.set(port.file, entry);
      if (!entry.names.includes(exports)) entry.names.push(exports);
    }
    return { address: port.address, file: port.file, path };
  });
  const file = portsFilePath(spec, appFile, style);
  const changes = new Map<string, FileChange>();
  const before = read(file);
  changes.set(file, { path: file, before, after: portsFile(spec, style, file, reached) });
  for (const [path, { source, names }] of toExport)
    changes.set(path, { path, before: source.text, after: exporting(source, names) });
  const exported = changes.get(appFile)?.after ?? app.text;
  changes.set(appFile, { path: appFile, before: app.text, after: mounted(app, exported, spec, style, file) });

  const changed = [...changes.values()]
    .filter((change) => change.before !== change.after)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    added: before === undefined ? [{ path: file, text: changes.get(file)!.after }] : [],
    changed,
    patch: unifiedDiff(changed),
    notes: notesOf(changed, file),
  };
}

function portsFilePath(spec: ServiceSpec, appFile: string, style: MonolithStyle): string {
  return posix.join(posix.dirname(appFile), `strangler-ports-${portsFolder(spec)}${style.ending}`);
}

/** `text` begins as `app.text` does: what was added to it stands at its end. */
function mounted(
  app: SourceFile,
  text: string,
  spec: ServiceSpec,
  style: MonolithStyle,
  file: string,
): string {
  const name = mountName(spec);
  if (new RegExp(`\\b${name}\\b`).test(app.text)) return text;
  const request = importRequest(style, posix.dirname(app.name), file);
  if (style.modules === 'cjs')
    return insert(text, callWithApp(app, spec.app.created.line, `require('${request}').${name}`));
  return insert(text, [
    importLine(app, `import { ${name} } from '${request}';`),
    ...callWithApp(app, spec.app.created.line, name),
  ]);
}

function importLine(app: SourceFile, line: string): Insertion {
  const imports = (app.program.body as Node[]).filter((item) => item.type === 'ImportDeclaration');
  const last = imports.at(-1);
  if (last !== undefined) return lineBelow(app.text, last.end, line);
  // Above the first statement that is no directive, below a comment that heads the file.
  const first = (app.program.body as Node[]).find(
    (item) => !('directive' in item) || item.directive === null,
  );
  const at = first?.start ?? 0;
  return { at, text: `${line}\n` };
}

function exporting(source: SourceFile, names: readonly string[]): string {
  return insert(source.text, [{ at: source.text.length, text: exportingText(source, names) }]);
}

function sourceOf(read: ReadMonolith, path: string): SourceFile {
  const text = read(path);
  const source = text === undefined ? undefined : parseFile(`/${path}`, path, text);
  if (source === undefined || 'message' in source)
    throw new StranglerError(
      'CARVE_PORT_SOURCE',
      source === undefined ? `${path} is not there any more` : `${path} can't be parsed: ${source.message}`,
      {
        place: source === undefined ? { file: path } : { file: path, line: source.line },
        remedy: 'the monolith changed since it was analysed: carve again',
      },
    );
  return source;
}

/** Places may be absolute or from the base. */
function fromBase(spec: ServiceSpec, file: string): string {
  return posix.isAbsolute(file) ? posix.relative(spec.layout.base, file) : file;
}

function notesOf(changed: readonly FileChange[], file: string): string[] {
  return [
    `Apply it in the monolith's folder: \`git apply monolith.patch\` or \`patch -p1 < monolith.patch\`. It changes ${changed
      .map((change) => `\`${change.path}\`${change.before === undefined ? ' (new)' : ''}`)
      .join(', ')}.`,
    `Nothing changes until MONOLITH_PORTS_TOKEN is set in the monolith: without it the addresses answer as unknown ones do. Set the same token in the service; take a long random one.`,
    `Callers from outside need not reach these addresses: close them at the edge or the load balancer.`,
    `Take it back: \`git apply -R monolith.patch\` or \`patch -R -p1 < monolith.patch\`; patches of several capabilities in reverse order. A carve after a change of the monolith makes a new patch against the text of then; \`${file}\` is replaced by it, the rest stays.`,
  ];
}
