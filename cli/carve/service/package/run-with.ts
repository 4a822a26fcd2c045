/** How the service's code is run: by Node alone where its TypeScript allows it, otherwise by tsx. */
import { parseSync } from 'oxc-parser';
import type { OutputFile } from '../spec.ts';

export interface RunWith {
  runner: 'node' | 'tsx';
  /** What Node can't run by itself, for the README; undefined: nothing. */
  because: string | undefined;
}

/** Looks at every taken file; the first thing that Node's own type stripping can't do decides for tsx. */
export function runWith(
  taken: readonly OutputFile[],
  language: 'ts' | 'js',
  modules: 'esm' | 'cjs',
): RunWith {
  if (language === 'js') {
    const jsx = taken.find((file) => /\.(jsx|tsx?|mts|cts)$/.test(file.path) && !file.path.endsWith('.d.ts'));
    return jsx
      ? { runner: 'tsx', because: `${jsx.path} is no plain JavaScript` }
      : { runner: 'node', because: undefined };
  }
  // Without a word on the module system Node takes `import` for an ES module, where the monolith made CommonJS of it.
  if (modules === 'cjs') return { runner: 'tsx', because: 'the code is TypeScript that becomes CommonJS' };
  for (const file of taken) {
    if (!/\.[cm]?[tj]sx?$/.test(file.path) || /\.d\.[cm]?ts$/.test(file.path)) continue;
    const because = obstacle(file);
    if (because !== undefined) return { runner: 'tsx', because: `${file.path} ${because}` };
  }
  return { runner: 'node', because: undefined };
}

function obstacle(file: OutputFile): string | undefined {
  if (/x$/.test(file.path)) return 'has JSX';
  const { module, program, errors } = parseSync(file.path, file.text);
  if (errors.length > 0) return 'has syntax that needs compiling';
  const requests = [
    ...module.staticImports.map((one) => one.moduleRequest.value),
    ...module.staticExports.flatMap((one) => one.entries.map((entry) => entry.moduleRequest?.value)),
  ];
  for (const request of requests) {
    if (request === undefined || request === null) continue;
    if (/^\.{1,2}(\/|$)/.test(request)) {
      if (!/\.(?:[cm]?[tj]s|json|node)$/.test(request)) return `imports "${request}" without its extension`;
      if (/\.[cm]?js$/.test(request) && file.path.endsWith('ts'))
        return `imports "${request}", which is a .ts file`;
    } else if (/^[@~]\/|^~/.test(request) || request.startsWith('src/'))
      return `imports "${request}" by an alias`;
  }
  return needsCompiling(program as unknown as Record<string, unknown>);
}

/** Depth first; syntax that stands for more than types. */
function needsCompiling(node: Record<string, unknown>): string | undefined {
  if (node.declare !== true) {
    if (node.type === 'TSEnumDeclaration') return 'declares an enum';
    if (node.type === 'TSModuleDeclaration' && node.kind !== 'global' && hasCode(node))
      return 'declares a namespace';
    if (node.type === 'TSParameterProperty') return 'has parameter properties';
    if (node.type === 'TSImportEqualsDeclaration' || node.type === 'TSExportAssignment')
      return 'uses import =';
    if (node.type === 'Decorator') return 'has decorators';
  } else return undefined;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (
        typeof child !== 'object' ||
        child === null ||
        typeof (child as { type?: unknown }).type !== 'string'
      )
        continue;
      const found = needsCompiling(child as Record<string, unknown>);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** A namespace that holds types only is taken out with them. */
function hasCode(node: Record<string, unknown>): boolean {
  const body =
    (node.body as { body?: { type: string; declaration?: { type: string } }[] } | undefined)?.body ?? [];
  return body.some((one) => !/^TS(?:Interface|TypeAlias)/.test(one.declaration?.type ?? one.type));
}
