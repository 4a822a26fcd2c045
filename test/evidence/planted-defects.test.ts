import { describe, expect, it } from 'vitest';
import { judge } from '../../migration-plans/gates/verdict.ts';
import { type Defect, type Reply, ROUTES, simulate } from './simulated-shop.ts';

type Json = Record<string, unknown>;

function reviewsOf(reply: Reply): Json[] {
  return (reply.json?.reviews as Json[] | undefined) ?? [];
}

function each(change: (review: Json) => void): Defect {
  return (reply) => reviewsOf(reply).forEach(change);
}

const NO_DEFECT: Defect = () => {};

/** Defect → what the first-ranked findings must tell: kind and path. */
/** One answer in 500 of the list, counted rather than by chance. */
function rareAuthor(): Defect {
  let answers = 0;
  return (reply) => {
    if (reply.json?.reviews === undefined || ++answers % 500 !== 0) return;
    for (const review of reviewsOf(reply)) review.author = (review.author as Json).name;
  };
}

const DEFECTS: [name: string, defect: Defect, kind: string, path: string][] = [
  [
    'type change',
    each((review) => {
      review.rating = String(review.rating);
    }),
    'type',
    '$.reviews[*].rating',
  ],
  [
    'missing field',
    each((review) => {
      delete review.helpful;
    }),
    'missing',
    '$.reviews[*].helpful',
  ],
  [
    'rounding',
    (reply) => {
      if (reply.json?.average !== undefined)
        reply.json.average = Math.round((reply.json.average as number) * 10) / 10;
    },
    'value',
    '$.average',
  ],
  [
    'order',
    (reply) => {
      reviewsOf(reply).reverse();
    },
    'order',
    '$.reviews',
  ],
  [
    'extra header',
    (reply) => {
      reply.headers['x-debug-sql'] = '12 queries';
    },
    'header-extra',
    'header:x-debug-sql',
  ],
  [
    'wrong status on error',
    (reply) => {
      if (reply.status === 404) reply.status = 500;
    },
    'status',
    'status',
  ],
  [
    'time zone',
    each((review) => {
      review.createdAt = new Date(Date.parse(review.createdAt as string) + 7_200_000).toISOString();
    }),
    'value',
    '$.reviews[*].createdAt',
  ],
  [
    'truncated list',
    (reply) => {
      if (reviewsOf(reply).length > 10) reply.json!.reviews = reviewsOf(reply).slice(0, 10);
    },
    'length',
    '$.reviews',
  ],
  [
    'escaped HTML',
    (reply) => {
      if (reply.html !== undefined) reply.html = reply.html.replaceAll('&amp;', '&amp;amp;');
    },
    'value',
    'html:body > main > ul.reviews > li.r5 > h3',
  ],
  [
    'stale cache',
    (reply, chance) => {
      if (chance() < 0.05)
        for (const review of reviewsOf(reply)) review.helpful = (review.helpful as number) - 2;
    },
    'value',
    '$.reviews[*].helpful',
  ],
  [
    'swapped ids',
    each((review) => {
      [review.id, review.productId] = [review.productId, review.id];
    }),
    'value',
    '$.reviews[*].id',
  ],
  ['rare structural change', rareAuthor(), 'type', '$.reviews[*].author'],
];

/** Defects in values that differ between two answers of the monolith, too. */
const NOISY: [name: string, defect: Defect, kind: string, path: string][] = [
  [
    'a noisy time in another zone',
    (reply) => {
      const meta = reply.json?.meta as Json | undefined;
      if (meta) meta.generatedAt = new Date(Date.parse(meta.generatedAt as string) + 3_600_000).toISOString();
    },
    'relation',
    '$.meta.generatedAt',
  ],
  [
    'a noisy time without its zone',
    (reply) => {
      const meta = reply.json?.meta as Json | undefined;
      if (meta) meta.generatedAt = (meta.generatedAt as string).replace('Z', '');
    },
    'format',
    '$.meta.generatedAt',
  ],
  [
    'a request id that became "undefined"',
    (reply) => {
      const meta = reply.json?.meta as Json | undefined;
      if (meta) meta.requestId = 'undefined';
    },
    'format',
    '$.meta.requestId',
  ],
  [
    'a request id that is not the header’s',
    (reply, chance) => {
      const meta = reply.json?.meta as Json | undefined;
      if (meta)
        meta.requestId = Array.from({ length: 32 }, () => Math.floor(chance() * 16).toString(16)).join('');
    },
    'relation',
    '$.meta.requestId',
  ],
  [
    'a token that is always the same',
    (reply) => {
      if (reply.html !== undefined)
        reply.html = reply.html.replace(/value="[0-9a-f]{48}"/, `value="${'0af1'.repeat(12)}"`);
    },
    'relation',
    'html:html > body > main > form > input[name=_csrf]@value',
  ],
  [
    'a session id that is always the same',
    (reply) => {
      if (reply.html !== undefined)
        reply.headers['set-cookie'] = `sid=${'0af1'.repeat(10)}; Path=/; HttpOnly; SameSite=Lax`;
    },
    'relation',
    'header:set-cookie.sid',
  ],
  [
    'a sentence that broke',
    (reply) => {
      if (reply.html !== undefined)
        reply.html = reply.html.replace(/Generated at \S+ by/, 'Generated at undefined by');
    },
    'value',
    'html:html > body > footer',
  ],
  [
    'a duration in other units',
    (reply) => {
      const meta = reply.json?.meta as Json | undefined;
      if (meta) meta.tookMs = String(meta.tookMs);
    },
    'type',
    '$.meta.tookMs',
  ],
  [
    'a noisy duration in seconds instead of milliseconds',
    (reply) => {
      const meta = reply.json?.meta as Json | undefined;
      if (meta) meta.tookMs = (meta.tookMs as number) / 1000;
    },
    'relation',
    '$.meta.tookMs',
  ],
  [
    'a noisy number that is far too large',
    (reply) => {
      const meta = reply.json?.meta as Json | undefined;
      if (meta) meta.tookMs = (meta.tookMs as number) * 1000;
    },
    'relation',
    '$.meta.tookMs',
  ],
  [
    'a nullable field that is never there',
    (reply) => {
      if (reply.json !== undefined) delete reply.json.nextCursor;
    },
    'missing',
    '$.nextCursor',
  ],
];

describe('5 000 shadow requests against a monolith full of noise', () => {
  it('says go when the service has no defect, and calls no noise a difference', () => {
    const { plan, summary } = simulate(NO_DEFECT);
    const judgement = judge(plan, summary);
    expect(
      judgement.clusters
        .filter((entry) => entry.class === 'difference' || entry.class === 'rare')
        .map((entry) => entry.description),
    ).toEqual([]);
    expect(judgement.message).toContain('5000 answers');
    expect(judgement.verdict).toBe('go');
    expect(judgement.noise.clusters).toBeGreaterThan(5);
  });

  it.each([2, 3, 4])('says go for the sound service whatever chance does (seed %i)', (seed) => {
    const { plan, summary } = simulate(NO_DEFECT, { seed, requests: 2_000 });
    const judgement = judge(plan, summary);
    expect({ verdict: judgement.verdict, rule: judgement.rule }).toEqual({ verdict: 'go', rule: 'all' });
  });

  it.each([
    ...DEFECTS.map((entry) => [...entry, 5_000] as const),
    ...NOISY.map((entry) => [...entry, 2_000] as const),
  ])('finds %s, ranks it above all noise and says no-go', (_name, defect, kind, path, requests) => {
    const { plan, summary } = simulate(defect, { requests });
    const judgement = judge(plan, summary);
    const found = judgement.clusters.filter(
      (entry) => entry.class === 'difference' || entry.class === 'rare',
    );
    expect(found.map((entry) => `${entry.cluster.kind} ${entry.cluster.path}`)).toContain(`${kind} ${path}`);
    const firstNoise = judgement.clusters.findIndex((entry) => entry.class === 'noise');
    const last = judgement.clusters.findLastIndex(
      (entry) => entry.class === 'difference' || entry.class === 'rare',
    );
    expect(last).toBeLessThan(firstNoise);
    expect(judgement.verdict).toBe('no-go');
    // What was found is the defect and what follows from it, not the wrapping.
    const wrapping = found.filter(
      (entry) =>
        /requestId|generatedAt|tookMs|_csrf|footer|set-cookie|related|tags|x-request-id/.test(
          entry.cluster.path,
        ) && entry.cluster.path !== path,
    );
    expect(
      wrapping.map((entry) => `${entry.cluster.kind} ${entry.cluster.path} ${entry.cluster.shape}`),
    ).toEqual([]);
  });

  it('shows the rare structural change in its own lane', () => {
    const { plan, summary } = simulate(rareAuthor());
    const cluster = judge(plan, summary).clusters.find(
      (entry) => entry.cluster.path === '$.reviews[*].author',
    )!;
    expect(cluster.class).toBe('rare');
    expect(cluster.cluster.route).toBe(ROUTES.list);
    expect(cluster.description).toContain('became text (was an object)');
  });
});
