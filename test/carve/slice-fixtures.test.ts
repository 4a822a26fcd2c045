import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyzeDeep } from '../../cli/analysis/pipeline.ts';
import { brokenIn, fixture, type Sliced, sliceDeep } from './slice-support.ts';

/** As in `carve.json` of each fixture, which says what a person would take. */
interface Expected {
  [capability: string]: {
    /** What belongs to it, where the suggestion is not taken as it is. */
    members?: string;
    files: string[];
    ports: string[];
    tables: string[];
    refusals: string[];
  };
}

function summary({ plan, files }: Sliced): Omit<Expected[string], 'members'> {
  return {
    files: files.map(({ path }) => path),
    ports: plan.remote.map(
      ({ direction, file, name, models }) =>
        `${direction} ${file}#${name}${models.map((model) => ` ${model.name}:${model.access}`).join('')}`,
    ),
    tables: plan.tables.map(({ model, foreignKeysCut, becomesId, joinTables }) =>
      [
        model,
        ...foreignKeysCut.map(({ from, columns, to }) => `${from}(${columns.join()})->${to}`),
        ...becomesId.map(({ field }) => `${field}:id`),
        ...joinTables,
      ].join(' '),
    ),
    refusals: plan.refusals.map(({ decision }) => decision),
  };
}

const names = readdirSync(fixture('.'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const nest = names.filter((name) => existsSync(fixture(`${name}/src/app.module.ts`)));

describe.each(names.filter((name) => !nest.includes(name)))('whatever is carved out of %s', (name) => {
  const expected = JSON.parse(readFileSync(join(fixture(name), 'carve.json'), 'utf8')) as Expected;
  const capabilities = Object.entries(expected).flatMap(([capability, { members }]) =>
    members === undefined ? [] : [`${capability}=${members}`],
  );
  const deep = analyzeDeep({ dir: fixture(name), capabilities });
  const candidates = new Set(deep.analysis.suggestions.map((item) => item.capability));

  it('has an expectation for every candidate', () => {
    expect(Object.keys(expected).sort()).toEqual([...candidates].sort());
  });
  it.each([...candidates])(
    '%s: parses, lacks nothing that it mentions, serves its routes and no others, twice the same',
    (capability) => {
      const sliced = sliceDeep(deep, capability);
      const { members: _members, ...wanted } = expected[capability] ?? {};
      expect(summary(sliced)).toEqual(wanted);
      expect(brokenIn(sliced)).toEqual([]);
      expect(sliceDeep(deep, capability).text).toEqual(sliced.text);
    },
  );
});

describe.each(nest)('%s', (name) => {
  it('is refused with the place of a route, since it can only be analysed', () => {
    const deep = analyzeDeep({ dir: fixture(name) });
    for (const { capability } of deep.analysis.suggestions)
      expect(() => sliceDeep(deep, capability)).toThrowError(
        expect.objectContaining({
          code: 'CARVE_NEST',
          place: { file: expect.stringMatching(/controller\.ts$/), line: expect.any(Number) },
        }),
      );
  });
});
