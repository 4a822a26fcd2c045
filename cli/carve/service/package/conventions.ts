/** How the generated files are named and import one another, so that the monolith's way of running its code runs them too. */
import type { PackageJson } from '../project.ts';
import type { ServiceSpec } from '../spec.ts';
import type { RunWith } from './run-with.ts';

export interface Conventions {
  language: 'ts' | 'js';
  modules: 'esm' | 'cjs';
  runner: 'node' | 'tsx';
  /** Of the generated files, with its dot. */
  extension: string;
  /** What an import of a generated or taken file ends with, for one that ends with its language's own extension. */
  importExtension: string;
}

/** The conventions of a service. */
export function conventionsOf(spec: ServiceSpec, application: PackageJson, run: RunWith): Conventions {
  const isModule = application.type === 'module';
  const { language, modules } = spec;
  const extension =
    language === 'ts'
      ? '.ts'
      : (modules === 'esm') === isModule
        ? '.js'
        : modules === 'esm'
          ? '.mjs'
          : '.cjs';
  const importExtension =
    language === 'js' ? extension : run.runner === 'node' ? '.ts' : modules === 'esm' ? '.js' : '';
  return { language, modules, runner: run.runner, extension, importExtension };
}

/** `src/app.ts` as an import from a file in `service/` names it. */
export function importOf(file: string, conventions: Conventions): string {
  const own = /\.([cm]?)tsx?$/.exec(file);
  if (own === null || conventions.runner === 'node') return `../${file}`;
  const bare = file.slice(0, own.index);
  if (own[1] !== '') return `../${bare}.${own[1]}js`;
  return `../${bare}${conventions.importExtension}`;
}
