import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { generatedFiles } from '../../migration-plans/plan/generate.ts';
import { REVIEWS } from './texts.ts';

const folder = join(import.meta.dirname, '../../migration-plans');

describe('what follows from the schemas', () => {
  it.each(Object.entries(generatedFiles()))(
    '%s is up to date (node migration-plans/plan/generate.ts)',
    (name, text) => {
      const stored = readFileSync(join(folder, name), 'utf8');
      // Whitespace of JSON and the width of a table's columns are the formatter's business.
      const columns = (table: string): string => table.replace(/ +/g, ' ').replace(/-{3,}/g, '---');
      if (name.endsWith('.json')) expect(JSON.parse(stored)).toEqual(JSON.parse(text));
      else expect(columns(stored) === columns(text), 'run the generator').toBe(true);
    },
  );

  it('editors accept what the loader accepts', () => {
    const ajv = new Ajv({ strict: false });
    const check = (file: string, value: unknown): boolean =>
      ajv.compile(JSON.parse(generatedFiles()[file]!))(value) as boolean;
    expect(check('plan.schema.json', parse(REVIEWS))).toBe(true);
    expect(check('plan.schema.json', { ...parse(REVIEWS), readAfterWrite: 5 })).toBe(false);
    const project = (url: string) => ({ version: 1, monolith: { url } });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how a reference is written in YAML
    expect(check('project.schema.json', project('${MONOLITH}'))).toBe(true);
    expect(check('project.schema.json', project('http://127.0.0.1:3000'))).toBe(true);
    expect(check('project.schema.json', project('localhost'))).toBe(false);
  });

  it('the reference tells of every key, with its default', () => {
    const reference = generatedFiles()['REFERENCE.md']!;
    for (const row of [
      '| `edge.limits.queueTimeout` | a duration such as 250ms, 5s, 2m or 1h | `5s` |',
      '| `dev.processes.<name>.command` | ',
      '| `compare.rules[].do.kind` | `ignore`, `unordered`,',
      '| `routes[].timeouts.headers` |',
      '| `capability` | a name of lower-case letters, digits and "-", such as order-history | required |',
    ])
      expect(reference).toContain(row);
    expect(reference).not.toContain('undefined');
  });
});
