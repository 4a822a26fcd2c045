import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProjectYaml } from '../project/schema.ts';
import { referenceOf } from './reference.ts';
import { PlanYaml } from './schema.ts';

/** What follows from the schemas, by file name below `migration-plans/`. A test holds the files to this. */
export function generatedFiles(): Record<string, string> {
  const json = (schema: object): string => `${JSON.stringify(withoutOwnKeywords(schema), null, 2)}\n`;
  return {
    'plan.schema.json': json(PlanYaml),
    'project.schema.json': json(withReferences(ProjectYaml)),
    'REFERENCE.md': [
      '# Reference of the file formats',
      '',
      'Generated from `plan/schema.ts` and `project/schema.ts` by `node migration-plans/plan/generate.ts`.',
      '',
      referenceOf(ProjectYaml),
      referenceOf(PlanYaml),
    ].join('\n'),
  };
}

/** `says` and `secret` are for our own messages; editors show what a key is from its description. */
function withoutOwnKeywords(schema: object): unknown {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      key === 'says' || key === 'secret' ? withoutText(value) : value,
    ),
  );
}

/** Properties may be called `secret` too: only the keyword, which is no schema, is left out. */
function withoutText(value: unknown): unknown {
  return typeof value === 'object' ? value : undefined;
}

/** An editor sees `${NAME}` where the loader sees the environment's value. */
function withReferences(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      key === 'pattern' && typeof value === 'string' ? `\\$\\{[A-Za-z_]\\w*\\}|${value}` : value,
    ),
  ) as object;
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(generatedFiles()))
    writeFileSync(join(import.meta.dirname, '..', name), text);
}
