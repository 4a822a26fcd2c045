import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyzeDeep } from '../../cli/analysis/pipeline.ts';
import { brokenIn, fixture, sliceDeep } from './slice-support.ts';

const carvable = readdirSync(fixture('.'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('nest-'))
  .map((entry) => entry.name);

describe.each(carvable)('whatever is carved out of %s', (name) => {
  const deep = analyzeDeep({ dir: fixture(name) });
  it.each(deep.analysis.suggestions.map((item) => item.capability))(
    '%s: parses, lacks nothing that it mentions, serves its routes and no others, twice the same',
    (capability) => {
      const sliced = sliceDeep(deep, capability);
      expect(sliced.files.length).toBeGreaterThan(0);
      expect(brokenIn(sliced)).toEqual([]);
      expect(sliceDeep(deep, capability).text).toEqual(sliced.text);
    },
  );
});
