/** Which of a repository's Prisma schemas belong to the part of it that is analysed. */
import { dirname, sep } from 'node:path';
import type { ProjectFiles } from './discover.ts';
import { dependencyNames, type PackageInfo } from './packages.ts';

const within = (path: string, folder: string): boolean => path === folder || path.startsWith(folder + sep);

/**
 * Of a whole repository all schemas; of one of its packages those in it and in the packages of the repository that it
 * depends on; where there are none, the nearest ones above it that belong to no other package.
 */
export function schemasFor(files: ProjectFiles): string[] {
  const { dir, root, prismaFiles, packages } = files;
  if (dir === root) return prismaFiles;
  const byDepth = [...packages].sort((a, b) => b.dir.length - a.dir.length);
  const ownerOf = (path: string): PackageInfo | undefined => byDepth.find((info) => within(path, info.dir));
  const wanted = dependenciesOf(
    packages.filter((info) => within(info.dir, dir)),
    packages.filter((info) => info.dir !== root),
  );
  const near = prismaFiles.filter((path) => {
    const owner = ownerOf(path);
    return within(path, dir) || (owner !== undefined && wanted.has(owner));
  });
  if (near.length > 0) return near;
  for (let at = dirname(dir); within(at, root); at = dirname(at)) {
    const owner = ownerOf(at);
    const above = prismaFiles.filter((path) => within(path, at) && ownerOf(path) === owner);
    if (above.length > 0) return above;
    if (at === root) break;
  }
  return [];
}

function dependenciesOf(from: readonly PackageInfo[], all: readonly PackageInfo[]): Set<PackageInfo> {
  const found = new Set(from);
  for (const info of found) {
    const names = dependencyNames(info);
    for (const other of all) if (other.name !== undefined && names.has(other.name)) found.add(other);
  }
  return found;
}

/** Migrations that lie beside the chosen schemas, where a schema may also be a folder of several files. */
export function migrationsFor(files: ProjectFiles, schemas: readonly string[]): string[] {
  if (files.dir === files.root) return files.migrationFiles;
  const folders = new Set(schemas.flatMap((schema) => [dirname(schema), dirname(dirname(schema))]));
  return files.migrationFiles.filter((path) => {
    // <folder>/migrations/<name>/migration.sql
    const home = dirname(dirname(dirname(path)));
    return folders.has(home);
  });
}
