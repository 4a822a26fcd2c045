import { describe, expect, it } from 'vitest';
import { diffPlans } from '../../migration-plans/plan/diff.ts';
import { explain } from '../../migration-plans/plan/explain.ts';
import { parsePlan } from '../../migration-plans/plan/load.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import { REVIEWS } from './texts.ts';

function planOf(text: string): Plan {
  const { loaded, findings } = parsePlan(text, 'x.yaml', new Date('2026-06-01'));
  if (loaded === undefined) throw new Error(JSON.stringify(findings));
  return loaded.plan;
}

const changes = (from: string, to: string) =>
  diffPlans({ reviews: planOf(from) }, { reviews: planOf(to) }).map(({ message }) => message);

describe('explain', () => {
  it('says in plain words what the plan does', () => {
    const text = explain(planOf(REVIEWS));
    for (const part of [
      'reviews: Product reviews, helpful votes, moderation',
      'POST,DELETE /api/votes (writes)',
      'POST /search/reviews (reads, never mirrored)',
      'But not\n  GET /products/featured/reviews',
      'works on the monolith’s database',
      'tables: Review, ReviewVote',
      '20% of those read twice from the monolith',
      'bodies up to 1.5MiB compared in full',
      '$.items may be in another order (no order promised; qa, until 2027-01-01)',
      'at most 0.25% different beyond noise',
      'steps 1%, 50%, 100%',
      'the cookie "sid", else the header "x-user", else the client’s address',
      'reads from the owner for 1.5s',
      'Rollback\n  only when asked for',
    ])
      expect(text).toContain(part);
    expect(text).not.toMatch(/undefined|\[object|NaN/);
  });
});

describe('diff', () => {
  it('finds nothing in another spelling of the same plan', () => {
    const respelt = REVIEWS.replace('readAfterWrite: 1.5s', 'readAfterWrite: 1500ms')
      .replace('- GET /products/:slug/reviews', '- { route: GET /products/:slug/reviews, effect: read }')
      .replace('rollout:', '# same\nrollout:');
    expect(changes(REVIEWS, respelt)).toEqual([]);
  });

  it.each([
    [
      'POST /products/:slug/reviews',
      'PUT /products/:slug/reviews',
      ['claims PUT /products/:slug/reviews', 'no longer claims POST /products/:slug/reviews'],
    ],
    ['headers: 5s', 'headers: 6s', [expect.stringContaining('headers 6s')]],
    ['effect: read', 'effect: write', ['POST /search/reviews: writes (was: reads)']],
    [
      'except: [ GET /products/featured/reviews ]',
      '',
      ['no longer leaves to the monolith GET /products/featured/reviews'],
    ],
    ['service: { name: reviews }', 'service: { name: reviews2 }', ['service: reviews2 (was: reviews)']],
    ['stage: shared-database', 'stage: own-database', [expect.stringContaining('database of its own')]],
    ['ReviewVote', 'Vote', ['owns the table Vote', 'no longer owns the table ReviewVote']],
    ['{ cookie: sid }, ', '', [expect.stringMatching(/^users are told apart by: the header/)]],
    ['readAfterWrite: 1.5s', 'readAfterWrite: 0', ['reads after a write go to the owner for: 0 (was: 1.5s)']],
    ['sample: 100%', 'sample: 5%', [expect.stringMatching(/^shadow: 5% of reads/)]],
    ["x-shadow: '1'", "x-shadow: '2'", ['other headers on mirrored requests']],
    [
      'kind: unordered',
      'kind: ignore',
      [expect.stringMatching(/^new rule: /), expect.stringMatching(/^rule removed: /)],
    ],
    ['{ json: $.email }', '{ json: $.mail }', ['hides json $.mail', 'no longer hides json $.email']],
    ['auto: false', 'auto: true', [expect.stringMatching(/^rollback: by itself/)]],
    ['minCompared: 300', 'minCompared: 301', [expect.stringMatching(/^canary: at least 301/)]],
    ['steps: [1%, 50%', 'steps: [2%, 50%', ['steps: 2%, 50%, 100% (was: 1%, 50%, 100%)']],
    [
      'headers: [Content-Type, ETag]',
      'headers: [etag]',
      ['compared headers: etag (was: content-type, etag)'],
    ],
    ['Product reviews,', 'Reviews,', [expect.stringMatching(/^description: /)]],
  ])('of %j to %j', (from, to, expected) => {
    expect(REVIEWS).toContain(from);
    expect(changes(REVIEWS, REVIEWS.replace(from, to))).toEqual(expected);
  });

  it('names plans that come and go', () => {
    const plan = planOf(REVIEWS);
    expect(diffPlans({}, { reviews: plan })).toMatchObject([
      { kind: 'added', message: 'the plan is added: it claims 5 routes' },
    ]);
    expect(diffPlans({ reviews: plan }, {})).toMatchObject([{ kind: 'removed', affectsTraffic: true }]);
    expect(diffPlans({}, { constructor: { ...plan, capability: 'constructor' } })).toMatchObject([
      { kind: 'added' },
    ]);
  });
});
