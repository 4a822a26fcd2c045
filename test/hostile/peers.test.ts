import { describe, expect, it } from 'vitest';
import { compare, contestants, unexplained } from './support/compare.ts';
import { installed } from './support/proxies.ts';

const both = installed('nginx') !== undefined && installed('haproxy') !== undefined;

describe.skipIf(!both)('beside nginx and HAProxy on the same bytes', () => {
  it('the edge lets through nothing that both refuse, unless the case says why', async () => {
    const rows = await compare(contestants(), true);
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.every(({ verdicts }) => verdicts.edge?.through)).toBe(true);
    expect(unexplained(rows)).toEqual([]);
  });
});
