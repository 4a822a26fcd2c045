/** Prisma's own configuration file, which Prisma 7 needs for its command line. */
import type { Project } from '../project.ts';
import type { OutputFile } from '../spec.ts';
import { packageOf } from './dependencies.ts';

export interface PrismaConfig {
  file: OutputFile;
  /** Packages that it imports. */
  packages: string[];
}

/** The monolith's file where it imports nothing of the monolith; otherwise a small one where the version wants one. */
export function prismaConfigOf(
  project: Project,
  facts: {
    schemaPath: string;
    migrations: string;
    major: number;
    urlVariable: string;
    language: 'ts' | 'js';
  },
): PrismaConfig | undefined {
  const theirs = project.prismaConfig;
  if (theirs !== undefined && !theirs.path.startsWith('../')) {
    const requests = [...theirs.text.matchAll(/(?:from|import|require\()\s*['"]([^'"]+)['"]/g)].map(
      (match) => match[1] ?? '',
    );
    if (!requests.some((request) => request.startsWith('.'))) {
      const packages = requests.filter((request) => !request.startsWith('node:')).map(packageOf);
      return { file: { path: theirs.path, text: theirs.text }, packages };
    }
  }
  if (theirs === undefined && facts.major < 7) return undefined;
  const text = `/** For Prisma's own command line. */
export default {
  schema: '${facts.schemaPath}',
  migrations: { path: '${facts.migrations}' },
  datasource: { url: process.env['${facts.urlVariable}'] ?? '' },
};
`;
  return {
    file: { path: facts.language === 'ts' ? 'prisma.config.ts' : 'prisma.config.mjs', text },
    packages: [],
  };
}
