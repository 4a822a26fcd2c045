/** Dockerfile, .dockerignore and .gitignore. */
import { join } from 'node:path/posix';
import type { Conventions } from '../package/conventions.ts';
import type { Generator } from '../schema/slice.ts';
import type { OutputFile, ServiceSpec } from '../spec.ts';

export interface ImageFacts {
  conventions: Conventions;
  /** Major version of Prisma; undefined: none. */
  prisma: number | undefined;
  generators: readonly Generator[];
  /** `engines.node` of the service. */
  node: string;
  health: string;
}

/** The image and what stays out of it and of git. */
export function imageFiles(spec: ServiceSpec, facts: ImageFacts): OutputFile[] {
  const outputs = generatedFolders(facts.generators);
  return [
    { path: 'Dockerfile', text: dockerfile(spec, facts) },
    {
      path: '.dockerignore',
      text: lines(['node_modules', ...outputs, '.env', '.git', 'Dockerfile', 'README.md']),
    },
    { path: '.gitignore', text: lines(['node_modules', ...outputs, '.env']) },
  ];
}

/** Folders that `generate` writes into, without those in node_modules. */
export function generatedFolders(generators: readonly Generator[]): string[] {
  const folders = generators.flatMap(({ output, file }) => {
    if (output === undefined || output.startsWith('/')) return [];
    const folder = join(file, '..', output);
    return folder.startsWith('..') || folder.includes('node_modules') ? [] : [`/${folder}`];
  });
  return [...new Set(folders)];
}

function dockerfile(spec: ServiceSpec, facts: ImageFacts): string {
  const image = `node:${majorOf(facts.node)}-slim`;
  const manifests = spec.layout.otherPackages
    .map((dir) => `COPY ${dir}/package.json ${dir}/package.json\n`)
    .join('');
  // The query engine of Prisma up to 6 needs the system's OpenSSL.
  const openssl =
    'RUN apt-get update && apt-get install -y --no-install-recommends openssl && rm -rf /var/lib/apt/lists/*\n';
  const system = facts.prisma !== undefined && facts.prisma < 7 ? openssl : '';
  const generate =
    facts.prisma === undefined
      ? ''
      : facts.prisma >= 7
        ? `# Generating the client needs no schema engine, only an executable in its place.\nRUN PRISMA_SCHEMA_ENGINE_BINARY=/bin/true npm run generate\n`
        : 'RUN npm run generate\n';
  const program = facts.conventions.runner === 'tsx' ? '"node", "--import", "tsx"' : '"node"';
  return `# docker build -t ${spec.capability} .
FROM ${image} AS build
${system}WORKDIR /app
COPY package.json package-lock.json* ./
${manifests}RUN npm install
COPY . .
${generate}RUN npm prune --omit=dev

FROM ${image}
${system}ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app
COPY --from=build /app ./
USER node
EXPOSE 8080
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8080) + (process.env.HEALTH_PATH || '${facts.health}')).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1, so that SIGTERM reaches it.
CMD [${program}, "service/main${facts.conventions.extension}"]
`;
}

/** A version that the monolith is bound to, otherwise the current one. */
function majorOf(engines: string): string {
  return /^[\^~=v]*\s*(\d+)(?:\.[\dx*]+)*$/.exec(engines.trim())?.[1] ?? '24';
}

function lines(list: string[]): string {
  return `${list.join('\n')}\n`;
}
