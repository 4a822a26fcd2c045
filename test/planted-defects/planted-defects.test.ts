import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import { PLANTED } from './defects.ts';
import { hunt, samplePlan } from './hunt.ts';
import { type SampleShop, startSampleShop } from './shop.ts';

vi.setConfig({ testTimeout: 60_000 });

let shop: SampleShop;
let plan: Plan;

beforeAll(async () => {
  shop = await startSampleShop();
  // Each read probed: what noise is shows in a tenth of the reads that the plan's own share needs.
  const own = await samplePlan();
  plan = { ...own, shadow: { ...own.shadow, noiseProbeBp: 10_000 } };
});

afterAll(async () => {
  await shop?.stop();
});

describe('the reviews service beside the monolith, with votes coming in', () => {
  it('is fit to answer users as it is, and no noise of the monolith is called a difference', async () => {
    const { judgement, stats, ...found } = await hunt(shop, { plan, reads: 250 });
    expect(found.false).toEqual([]);
    expect({ verdict: judgement.verdict, rule: judgement.rule, message: judgement.message }).toMatchObject({
      verdict: 'go',
      rule: 'all',
    });
    expect(judgement.noise.clusters).toBeGreaterThan(10);
    expect(stats.dropped).toEqual({});
  });

  it.each(PLANTED.filter(({ name }) => ['type change', 'escaped HTML', 'order'].includes(name)))(
    'with a planted defect is refused: $name',
    async (planted) => {
      const { judgement, ...found } = await hunt(shop, { plan, planted, reads: 100, after: 0 });
      expect(found.foundAfter).toBeLessThanOrEqual(100);
      expect(found.noiseAbove).toBe(0);
      expect(found.false).toEqual([]);
      expect(judgement.verdict).toBe('no-go');
    },
  );
});
