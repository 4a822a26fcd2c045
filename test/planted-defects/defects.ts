/** An answer of the real service on its way to the comparator, decompressed; a defect changes it in place. */
export interface Answer {
  url: string;
  status: number;
  /** Name, value, name, value … */
  rawHeaders: string[];
  /** Undefined: not JSON. */
  json: Json | undefined;
  /** Undefined: not HTML. */
  html: string | undefined;
}

export type Json = Record<string, unknown>;

/** Made anew for each run, since some remember. */
export type Defect = () => (answer: Answer) => void;

export interface PlantedDefect {
  name: string;
  plant: Defect;
  /** Findings that are this defect, by kind and index-free path. */
  is: RegExp;
  /** Findings that follow from it, beside those. */
  follows?: RegExp;
}

interface Review extends Json {
  id: number;
  product: Json;
  author: unknown;
  createdAt: string;
}

function reviewsOf({ json }: Answer): Review[] {
  const list = json?.reviews ?? (json?.review === undefined ? [] : [json.review]);
  return list as Review[];
}

const each =
  (change: (review: Review) => void): Defect =>
  () =>
  (answer) =>
    reviewsOf(answer).forEach(change);

const always =
  (change: (answer: Answer) => void): Defect =>
  () =>
    change;

/** Reads reviews once and never again: what others change meanwhile is not seen. */
const staleCache: Defect = () => {
  const votes = new Map<number, unknown>();
  return (answer) => {
    for (const review of reviewsOf(answer)) {
      if (!votes.has(review.id)) votes.set(review.id, review.helpful);
      review.helpful = votes.get(review.id);
    }
  };
};

/** One in 500 of the answers that hold reviews, counted rather than by chance. */
const rarely: Defect = () => {
  let answers = 0;
  return (answer) => {
    const reviews = reviewsOf(answer);
    if (reviews.length === 0 || ++answers % 500 !== 0) return;
    for (const review of reviews) review.author = (review.author as Json).name;
  };
};

/** The twelve kinds. */
export const PLANTED: readonly PlantedDefect[] = [
  {
    name: 'type change',
    plant: each((review) => {
      review.rating = String(review.rating);
    }),
    is: /^type \$\.reviews?(\[\*\])?\.rating$/,
  },
  {
    name: 'missing field',
    plant: each((review) => {
      delete review.verified;
    }),
    is: /^missing \$\.reviews?(\[\*\])?\.verified$/,
  },
  {
    name: 'rounding',
    plant: always(({ json }) => {
      if (typeof json?.average === 'number') json.average = Math.round(json.average * 10) / 10;
    }),
    is: /^value \$\.average$/,
  },
  {
    name: 'order',
    plant: always((answer) => {
      reviewsOf(answer).reverse();
    }),
    is: /^order \$\.reviews$/,
  },
  {
    name: 'extra header',
    plant: always(({ rawHeaders }) => {
      rawHeaders.push('X-Debug-Sql', '12 queries');
    }),
    is: /^header-extra header:x-debug-sql$/,
  },
  {
    name: 'wrong status on error',
    plant: always((answer) => {
      if (answer.status === 404) answer.status = 400;
    }),
    is: /^status status$/,
  },
  {
    name: 'time zone',
    plant: each((review) => {
      review.createdAt = new Date(Date.parse(review.createdAt) + 7_200_000).toISOString();
    }),
    is: /^value \$\.reviews?(\[\*\])?\.createdAt$/,
  },
  {
    name: 'truncated list',
    plant: always(({ json }) => {
      if (Array.isArray(json?.reviews)) json.reviews = json.reviews.slice(0, 10);
    }),
    is: /^length \$\.reviews$/,
  },
  {
    name: 'escaped HTML',
    plant: always((answer) => {
      answer.html = answer.html?.replace(/&(amp|lt|gt|quot|#39);/g, '&amp;$1;');
    }),
    is: /^value html:.*article/,
    follows: /^value html:/,
  },
  {
    name: 'stale cache',
    plant: staleCache,
    is: /^value \$\.reviews?(\[\*\])?\.helpful$/,
  },
  {
    name: 'swapped ids',
    plant: each((review) => {
      [review.id, review.product.id] = [review.product.id as number, review.id];
    }),
    is: /^value \$\.reviews?(\[\*\])?\.(id|product\.id)$/,
    follows: /^(missing|extra|order|length) \$\.reviews(\[\*\])?$/,
  },
  {
    name: 'rare structural change (1 in 500)',
    plant: rarely,
    is: /^type \$\.reviews?(\[\*\])?\.author$/,
  },
];
