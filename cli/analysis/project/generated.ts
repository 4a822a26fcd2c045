/** Code that a tool wrote: it is read where the project's own code imports it, but it is not the project's own. */
import { resolve, sep } from 'node:path';
import type { DataModel } from '../schema/read.ts';
import type { ProjectFiles } from './discover.ts';

/** How far into a file its notice may stand. */
const HEAD = 1500;

/**
 * The notice by which generators mark what they write, if the comments at a file's beginning hold one. "Generated" alone
 * is not enough: people write about generated things too.
 */
export function generatedNotice(text: string): string | undefined {
  const head =
    text
      .slice(0, HEAD)
      .match(/^(?:\uFEFF|\s|#![^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|['"]use strict['"];?)*/)?.[0] ?? '';
  if (/@generated\b/.test(head)) return 'its header says @generated';
  const generated = /\b(?:auto-?|automatically )?generated\b/i.test(head);
  const warning = /\b(?:do not|don['’]t|please do not) (?:edit|modify|change|alter)\b/i.test(head);
  if (generated && warning) return 'its header says that it is generated';
  if (/\b(?:code|file) (?:is |was )?(?:auto-?|automatically )?generated (?:by|with|from|using)\b/i.test(head))
    return 'its header says that it is generated';
  return undefined;
}

/** Takes the Prisma clients out: they are modelled, not read. A client that is written over the sources stays. */
export function withoutClients(files: ProjectFiles, data: DataModel): ProjectFiles {
  const folders = data.outputs
    .map(({ dir, output }) => resolve(dir, output))
    .filter(
      (folder) => folder.startsWith(files.root + sep) && !files.packages.some((info) => info.dir === folder),
    )
    .filter(
      (folder) =>
        !data.files.some((schema) => schema.startsWith(folder + sep) && !isClientCopy(schema, folder)),
    );
  if (folders.length === 0) return files;
  const inside = (path: string): boolean =>
    folders.some((folder) => path.startsWith(folder + sep) || path === folder);
  return {
    ...files,
    sources: files.sources.filter((path) => !inside(path)),
    reachable: new Set([...files.reachable].filter((path) => !inside(path))),
  };
}

/** A client's folder may hold a copy of the schema it was made from. */
function isClientCopy(schema: string, folder: string): boolean {
  return schema === `${folder}${sep}schema.prisma`;
}
