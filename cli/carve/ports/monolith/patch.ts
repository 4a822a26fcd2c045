/** The patch that gives the monolith the internal routes which the service calls. */
import { posix } from 'node:path';
import { StranglerError } from '../../../../migration-plans/errors.ts';
import type { Node } from '../../../analysis/syntax/ast.ts';
import { parseFile, type SourceFile } from '../../../analysis/syntax/parse.ts';
import type { IdentitySpec, OutputFile, ServiceSpec } from '../../service/spec.ts';
import { identityName, outwardPorts, portsFolder } from '../digest.ts';
import { type FileChange, unifiedDiff } from '../unified-diff.ts';
import { callableAt, callWithApp } from './creation.ts';
import { type Insertion, insert, lineBelow } from './edits.ts';
import { exportingText, isCommonJs, reachOf } from './exports.ts';
import { mountName, portsFile, type Reached, type ReachedIdentity } from './ports-file.ts';
import { importRequest, type MonolithStyle, styleOf } from './style.ts';
import { type Trace, traced, traceText } from './traces.ts';

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

/** The line that a line of the spec is in what is read now. */
export type LineNow = (path: string, line: number) => number;

/**
 * The patch for the monolith as it is now. Undefined where the service calls nothing there.
 * @throws StranglerError `CARVE_PORT_APP`, `CARVE_PORT_UNREACHABLE`, `CARVE_PORT_SOURCE`
 */
export function monolithPatch(
  spec: ServiceSpec,
  read: ReadMonolith,
  lineNow: LineNow = (_, line) => line,
): MonolithPatch | undefined {
  const ports = outwardPorts(spec);
  if (ports.length === 0 && spec.identity.length === 0) return undefined;
  const appFile = fromBase(spec, spec.app.created.file);
  const app = sourceOf(read, appFile);
  const style = styleOf(app, spec);
  const file = portsFilePath(spec, appFile, style);
  const edits = new Edits(read);
  const reached = ports.map((port): Reached => {
    const source = edits.source(port.file);
    const { path, exports } = reachOf(source, port.exported);
    if (exports !== undefined) edits.exporting(source, exports);
    return { address: port.address, file: port.file, path };
  });
  const identities = spec.identity.map((item) => reachedIdentity(item, edits, { style, file, lineNow }));
  edits.add(appFile, mounting(app, spec, { style, file, lineNow }));

  const changes = edits.changes();
  const before = read(file);
  const text = portsFile(spec, style, file, reached, identities);
  const after = text + traceText(edits.traces(posix.dirname(file)));
  changes.push({ path: file, before, after });
  const changed = changes
    .filter((change) => change.before !== change.after)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    added: before === undefined ? [{ path: file, text: after }] : [],
    changed,
    patch: unifiedDiff(changed),
    notes: notesOf(changed, file),
  };
}

function portsFilePath(spec: ServiceSpec, appFile: string, style: MonolithStyle): string {
  return posix.join(posix.dirname(appFile), `strangler-ports-${portsFolder(spec)}${style.ending}`);
}

/** What is to be inserted in each file. */
class Edits {
  private readonly read: ReadMonolith;
  private readonly files = new Map<
    string,
    { source: SourceFile; insertions: Insertion[]; exports: string[] }
  >();
  constructor(read: ReadMonolith) {
    this.read = read;
  }

  source(path: string): SourceFile {
    return this.file(path).source;
  }

  add(path: string, insertions: readonly Insertion[]): void {
    this.file(path).insertions.push(...insertions);
  }

  exporting(source: SourceFile, name: string): void {
    const { exports } = this.file(source.name);
    if (!exports.includes(name)) exports.push(name);
  }

  changes(): FileChange[] {
    return this.inserted().map(([path, source, insertions]) => {
      return { path, before: source.text, after: insert(source.text, insertions) };
    });
  }

  /** @param folder that the paths are relative to */
  traces(folder: string): Trace[] {
    return this.inserted()
      .flatMap(([path, , insertions]) => traced(posix.relative(folder, path), insertions))
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  private inserted(): [string, SourceFile, Insertion[]][] {
    return [...this.files].map(([path, { source, insertions, exports }]) => {
      const end = { at: source.text.length, text: exports.length > 0 ? exportingText(source, exports) : '' };
      return [path, source, [...insertions, end]];
    });
  }

  private file(path: string) {
    let entry = this.files.get(path);
    if (entry === undefined) {
      entry = { source: sourceOf(this.read, path), insertions: [], exports: [] };
      this.files.set(path, entry);
    }
    return entry;
  }
}

/** By its export; a function without one is remembered where it stands. */
function reachedIdentity(
  item: IdentitySpec,
  edits: Edits,
  { style, file, lineNow }: Placing,
): ReachedIdentity {
  const source = edits.source(item.file);
  const name = identityName(item);
  const node = item.exported === undefined ? callableAt(source, lineNow(item.file, item.line)) : undefined;
  const exported =
    item.exported ??
    (node?.type === 'FunctionDeclaration' && node.id !== null
      ? (node.id as { name: string }).name
      : undefined);
  if (exported !== undefined) {
    const { path, exports } = reachOf(source, exported);
    if (exports !== undefined) edits.exporting(source, exports);
    return { name, file: item.file, path, properties: item.properties };
  }
  if (node === undefined)
    throw new StranglerError(
      'CARVE_PORT_SOURCE',
      `there is no function at ${item.file}:${item.line} any more`,
      {
        place: { file: item.file, line: item.line },
        remedy: 'the monolith changed since it was analysed: carve again',
      },
    );
  if (!source.text.includes(`identityOf('${name}', `)) {
    const request = importRequest(style, posix.dirname(item.file), file);
    const call = isCommonJs(source) ? `require('${request}').identityOf` : 'identityOf';
    edits.add(item.file, [
      { at: node.start, text: `${call}('${name}', ` },
      { at: node.end, text: ')' },
      ...(isCommonJs(source) ? [] : [importLine(source, `import { identityOf } from '${request}';`)]),
    ]);
  }
  return { name, file: item.file, path: undefined, properties: item.properties };
}

interface Placing {
  style: MonolithStyle;
  /** The ports file. */
  file: string;
  lineNow: LineNow;
}

function mounting(app: SourceFile, spec: ServiceSpec, { style, file, lineNow }: Placing): Insertion[] {
  const name = mountName(spec);
  if (new RegExp(`\\b${name}\\b`).test(app.text)) return [];
  const line = lineNow(app.name, spec.app.created.line);
  const request = importRequest(style, posix.dirname(app.name), file);
  if (style.modules === 'cjs') return callWithApp(app, line, `require('${request}').${name}`);
  return [importLine(app, `import { ${name} } from '${request}';`), ...callWithApp(app, line, name)];
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
