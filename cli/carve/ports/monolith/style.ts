/** How the monolith writes the file that is added to it: its language, modules and imports. */
import { posix } from 'node:path';
import type { Node } from '../../../analysis/syntax/ast.ts';
import type { SourceFile } from '../../../analysis/syntax/parse.ts';
import type { ServiceSpec } from '../../service/spec.ts';
import { isTypeScript } from '../stub.ts';
import { isCommonJs } from './exports.ts';

export interface MonolithStyle {
  language: 'ts' | 'js';
  modules: 'esm' | 'cjs';
  /** Ending of the new file: `.ts`, `.mjs`, … */
  ending: string;
  /** Whether relative imports name the file as it is (`source`), as it is compiled (`output`) or without its ending. */
  imports: 'source' | 'output' | 'bare';
}

/** As the file does that creates the application. */
export function styleOf(source: SourceFile, spec: ServiceSpec): MonolithStyle {
  const typed = isTypeScript(source.name);
  const modules = isCommonJs(source) ? 'cjs' : 'esm';
  const ending = posix.extname(source.name).replace('x', '');
  const language = typed ? 'ts' : 'js';
  return { language, modules, ending, imports: importsOf(source, spec, modules, ending) };
}

function importsOf(
  source: SourceFile,
  spec: ServiceSpec,
  modules: 'esm' | 'cjs',
  ending: string,
): MonolithStyle['imports'] {
  if (modules === 'cjs') return 'bare';
  const relative = (source.program.body as Node[]).flatMap((statement) =>
    statement.type === 'ImportDeclaration' && /^\.{1,2}\//.test(statement.source.value)
      ? [posix.extname(statement.source.value)]
      : [],
  );
  if (relative.some((extension) => /^\.[cm]?tsx?$/.test(extension))) return 'source';
  if (relative.some((extension) => /^\.[cm]?js$/.test(extension))) return 'output';
  if (relative.length > 0) return 'bare';
  if (spec.layout.importExtension === '.ts') return 'source';
  if (spec.layout.importExtension === '') return 'bare';
  return spec.modules === 'esm' || /^\.m/.test(ending) ? 'output' : 'bare';
}

/** The request with which a file in `folder` imports `file`; both from the same base. */
export function importRequest(style: MonolithStyle, folder: string, file: string): string {
  const path = posix.relative(folder, file);
  const relative = path.startsWith('../') ? path : `./${path}`;
  switch (style.imports) {
    case 'source':
      return relative;
    case 'output':
      return relative.replace(/\.([cm]?)tsx?$/, '.$1js').replace(/\.jsx$/, '.js');
    default:
      return relative.replace(/\.[jt]sx?$/, '').replace(/\.([cm])ts$/, '.$1js');
  }
}
