import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../cli/analysis/analyze.ts';
import type { ModelUse } from '../../cli/analysis/model.ts';

const fixtures = join(import.meta.dirname, '../fixtures');

interface Expected {
  routes: string[];
  entries: string[];
  state: string[];
  transactions: string[];
  database: string[];
  unresolved: string[];
}

const uses = (models: readonly ModelUse[], mark = ''): string =>
  [...new Set(models.map((use) => ` ${mark}${use.name}:${use.access}`))].sort().join('');

const names = readdirSync(fixtures, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

describe.each(names)('the inventory of %s', (name) => {
  it('is what a person reads in its source', async () => {
    const dir = join(fixtures, name);
    const expected = JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')) as Expected;
    const analysis = await analyze({ dir });
    expect({
      routes: analysis.routes
        .map(
          (route) =>
            `${route.method} ${route.path} ${route.file}${uses(route.models)}${uses(route.inherited, '~')}`,
        )
        .sort(),
      entries: analysis.entries.map((entry) => `${entry.kind}${uses(entry.models)}`).sort(),
      state: analysis.state.map((use) => `${use.file} ${use.name}`),
      transactions: analysis.transactions.map((item) =>
        [item.file, ...new Set(item.models.map((model) => model.name))].join(' '),
      ),
      database: analysis.database.map((item) => `${item.kind} ${item.name}`).sort(),
      unresolved: [...new Set(analysis.unresolved.map((item) => item.kind))].sort(),
    }).toEqual({
      ...expected,
      routes: expected.routes.sort(),
      entries: expected.entries.sort(),
      database: expected.database.sort(),
    });
  });
});
