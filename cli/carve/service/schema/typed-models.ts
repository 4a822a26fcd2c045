/** Models that the taken code queries nowhere but whose types it names: `import { User } from '@prisma/client'`, `Prisma.UserWhereInput`. */

/**
 * Without such a model in the schema, the client that is generated from it would lack the types.
 *
 * @param outputs last folders of where clients are generated, such as `generated`
 */
export function typedModels(
  texts: readonly string[],
  models: readonly string[],
  outputs: readonly string[],
): string[] {
  const known = new Set(models);
  const longestFirst = [...models].sort((a, b) => b.length - a.length);
  const isClient = (request: string): boolean =>
    /^(?:@prisma\/client|\.prisma\/client)(?:\/|$)/.test(request) ||
    request.split('/').some((part) => outputs.includes(part));
  const passedOn = texts.some((text) =>
    [...text.matchAll(/export\s+(?:type\s+)?\*\s*from\s*['"]([^'"\n]+)['"]/g)].some(([, request = '']) =>
      isClient(request),
    ),
  );
  const found = new Set<string>();
  for (const text of texts) {
    for (const [, names = '', request = ''] of text.matchAll(/\{([^{}]*)\}\s*from\s*['"]([^'"\n]+)['"]/g)) {
      if (!isClient(request) && !passedOn) continue;
      for (const item of names.split(',')) {
        const name = /^\s*(?:type\s+)?(\w+)/.exec(item)?.[1] ?? '';
        if (known.has(name)) found.add(name);
      }
    }
    for (const [, name = ''] of text.matchAll(/\bPrisma\.(\w+)/g)) {
      const model = longestFirst.find((one) => name.startsWith(one) && /^[A-Z]/.test(name.slice(one.length)));
      if (model !== undefined) found.add(model);
    }
  }
  return [...found].sort();
}
