import type { CapturedAnswer, Comparison } from '../../migration-plans/compare/answer.ts';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';
import { compileRules } from '../../migration-plans/compare/rules.ts';
import { createAggregator } from '../../migration-plans/evidence/aggregator.ts';
import type { EvidenceSummary } from '../../migration-plans/evidence/evidence.ts';
import { summarise } from '../../migration-plans/evidence/merge.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import { answer, planOf } from '../compare/support.ts';

/** Deterministic random numbers from 0 to 1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const ROUTES = {
  list: 'GET /api/products/:slug/reviews',
  one: 'GET /api/reviews/:id',
  page: 'GET /products/:slug/reviews',
};

export interface Reply {
  status: number;
  headers: Record<string, string>;
  json?: Record<string, unknown>;
  html?: string;
}

interface Review {
  id: number;
  productId: number;
  rating: number;
  title: string;
  author: unknown;
  helpful: number;
  createdAt: string;
  tags: string[];
}

/** What a defect may change in an answer of the service. `chance`: random number of this request. */
export type Defect = (reply: Reply, chance: () => number) => void;

export function shopPlan(): Plan {
  const base = planOf();
  const route = base.routes[0]!;
  return {
    ...base,
    capability: 'reviews',
    routes: Object.values(ROUTES).map((id) => ({ ...route, id, template: id.slice(4) })),
  };
}

/** The legacy answer: the same content for the same request, in a wrapping of ids, times, tokens and lists in any order. */
function reply(route: string, entity: number, now: number, chance: () => number): Reply {
  const content = random(entity);
  const requestId = hex(chance, 32);
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    date: new Date(now).toUTCString(),
    'x-request-id': requestId,
    'cache-control': 'private, max-age=0',
  };
  const reviews = Array.from({ length: 3 + Math.floor(content() * 12) }, (_, i) =>
    review(entity * 100 + i, content),
  );
  if (route === ROUTES.page) {
    headers['content-type'] = 'text/html; charset=utf-8';
    headers['set-cookie'] = `sid=${hex(chance, 40)}; Path=/; HttpOnly; SameSite=Lax`;
    return { status: 200, headers, html: page(entity, reviews, now, chance) };
  }
  const meta = {
    requestId,
    generatedAt: new Date(now + chance() * 300).toISOString(),
    tookMs: Math.round(chance() * 40 * 100) / 100,
  };
  if (route === ROUTES.one) {
    if (entity % 9 === 0) return { status: 404, headers, json: { error: 'not found', meta } };
    return { status: 200, headers, json: { ...reviews[0]!, tags: shuffled(reviews[0]!.tags, chance), meta } };
  }
  const sum = reviews.reduce((total, { rating }) => total + rating, 0);
  return {
    status: 200,
    headers,
    json: {
      meta,
      total: reviews.length,
      average: Math.round((sum / reviews.length) * 1000) / 1000 + 0.0005,
      reviews: reviews.map((entry) => ({ ...entry, tags: shuffled(entry.tags, chance) })),
      related: shuffled(
        [11, 12, 13, 14, 15, 16].map((id) => ({ id: id + entity, name: `Product ${id}` })),
        chance,
      ),
      nextCursor: chance() < 0.5 ? hex(chance, 16) : null,
    },
  };
}

function review(id: number, content: () => number): Review {
  return {
    id,
    productId: 7_000 + Math.floor(content() * 900),
    rating: 1 + Math.floor(content() * 5),
    title: `Title ${Math.floor(content() * 1e6)} & more`,
    author: { id: Math.floor(content() * 5000), name: `Reader ${Math.floor(content() * 5000)}` },
    helpful: 3 + Math.floor(content() * 40),
    createdAt: new Date(1.7e12 + Math.floor(content() * 1e10)).toISOString(),
    tags: ['fast', 'cheap', 'solid', 'blue'].slice(0, 2 + Math.floor(content() * 3)),
  };
}

function page(entity: number, reviews: readonly Review[], now: number, chance: () => number): string {
  const items = reviews
    .map(
      (entry) =>
        `<li class="review r${entry.rating}"><h3>${entry.title.replace('&', '&amp;')}</h3><time datetime="${entry.createdAt}">then</time></li>`,
    )
    .join('\n');
  return `<!doctype html><html><head><title>Product ${entity}</title></head><body><main><ul class="reviews">${items}</ul>
<form method="post"><input type="hidden" name="_csrf" value="${hex(chance, 48)}"><button>Send</button></form></main>
<footer>Generated at ${new Date(now).toISOString().slice(11, 19)} by node-${1 + Math.floor(chance() * 4)}</footer></body></html>`;
}

function hex(chance: () => number, length: number): string {
  let text = '';
  while (text.length < length) text += Math.floor(chance() * 16).toString(16);
  return text;
}

function shuffled<T>(list: readonly T[], chance: () => number): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(chance() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

function captured({ status, headers, json, html }: Reply): CapturedAnswer {
  const { 'content-type': type, ...rest } = headers;
  return answer(html ?? JSON.stringify(json), { status, type: type!, headers: Object.entries(rest).flat() });
}

interface Exchange {
  route: string;
  at: number;
  left: CapturedAnswer;
  right: Reply;
  rightText: string;
  sound: Comparison;
  probe: Comparison | undefined;
}

/** The same traffic serves many defects: what a defect does not touch is compared once. */
const recorded = new Map<string, Exchange[]>();

function traffic(plan: Plan, requests: number, probeShare: number, seed: number): Exchange[] {
  const key = `${requests} ${probeShare} ${seed}`;
  const known = recorded.get(key);
  if (known !== undefined) return known;
  const chance = random(seed);
  const routes = Object.values(ROUTES);
  const exchanges = Array.from({ length: requests }, (_, i): Exchange => {
    const at = START + i * 200;
    const route = routes[i % routes.length]!;
    const entity = 1 + Math.floor(chance() * 300);
    const left = captured(reply(route, entity, at, chance));
    const right = reply(route, entity, at + 20, chance);
    const probed = chance() < probeShare ? captured(reply(route, entity, at + 20, chance)) : undefined;
    return {
      route,
      at,
      left,
      right,
      rightText: JSON.stringify(right),
      sound: compare(plan, route, left, captured(right)),
      probe: probed === undefined ? undefined : compare(plan, route, left, probed),
    };
  });
  recorded.set(key, exchanges);
  return exchanges;
}

const START = Date.parse('2030-05-01T10:00:00Z');

function compare(plan: Plan, route: string, left: CapturedAnswer, right: CapturedAnswer): Comparison {
  return compareAnswers(left, right, {
    method: 'GET',
    rules: compileRules(plan, new Date(START)).forRoute(route),
  });
}

/** Runs shadow traffic through the comparator and the aggregator, one request each 200 ms of a simulated clock. */
export function simulate(
  defect: Defect,
  {
    requests = 5_000,
    probeShare = 0.05,
    seed = 1,
  }: { requests?: number; probeShare?: number; seed?: number } = {},
): { plan: Plan; summary: EvidenceSummary } {
  const plan = shopPlan();
  let now = START;
  const chance = random(seed + 1_000);
  const run = { capability: plan.capability, epoch: 1, serviceVersion: '1' };
  const aggregator = createAggregator({
    run,
    edge: 'edge-1',
    now: () => now,
    routes: plan.routes.map(({ id }) => id),
  });
  for (const { route, at, left, right, rightText, sound, probe } of traffic(
    plan,
    requests,
    probeShare,
    seed,
  )) {
    now = at;
    const changed = structuredClone(right);
    defect(changed, chance);
    const comparison =
      JSON.stringify(changed) === rightText ? sound : compare(plan, route, left, captured(changed));
    aggregator.eligible(route);
    aggregator.sampled(route);
    aggregator.sent(route);
    const sample = { route, method: 'GET', status: left.status, bytes: 0 };
    aggregator.comparison({ ...sample, comparison });
    if (probe !== undefined) aggregator.probe({ ...sample, comparison: probe });
  }
  return { plan, summary: summarise(plan.capability, [aggregator.drain()!]) };
}
