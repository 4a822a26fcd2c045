/** Pairs of answers as shadow traffic brings them: the same content, a few fields of it different. Deterministic. */
export interface Pair {
  name: string;
  type: string;
  left: string;
  right: string;
}

function review(i: number, change: boolean) {
  return {
    id: i,
    productId: 7_000 + (i % 90),
    rating: 1 + (i % 5),
    title: `Review number ${i} of a product that somebody bought`,
    body: 'It came in time, works as described & the colour is as on the picture. '.repeat(2),
    author: { id: 100 + (i % 50), name: `Reader ${i % 50}` },
    helpful: (i * 7) % 40,
    verified: i % 3 === 0,
    createdAt: new Date(1_700_000_000_000 + i * 86_400_000).toISOString(),
    updatedAt: new Date(1_800_000_000_000 + i * 1_000 + (change ? 250 : 0)).toISOString(),
  };
}

function json(reviews: number, name: string): Pair {
  const build = (change: boolean) => {
    const list = Array.from({ length: reviews }, (_, i) => review(i, change && i % 10 === 0));
    return JSON.stringify({
      requestId: change ? 'b'.repeat(32) : 'a'.repeat(32),
      total: reviews,
      reviews: list,
    });
  };
  return { name, type: 'application/json', left: build(false), right: build(true) };
}

function html(rows: number, name: string): Pair {
  const build = (change: boolean) => {
    const items = Array.from({ length: rows }, (_, i) => {
      const { title, body, rating, createdAt } = review(i, false);
      const stars = change && i % 50 === 0 ? rating + 1 : rating;
      return `<li class="review r${rating} card"><h3>${title}</h3><p>${body.replaceAll('&', '&amp;')}</p><span class="stars">${stars}</span><time datetime="${createdAt}">then</time><a href="/reviews/${i}?ref=list">more</a></li>`;
    });
    return `<!doctype html><html><head><title>Reviews</title></head><body><main><ul>${items.join('\n')}</ul><form><input type="hidden" name="_csrf" value="${(change ? 'b' : 'a').repeat(40)}"></form></main></body></html>`;
  };
  return { name, type: 'text/html', left: build(false), right: build(true) };
}

export function pairs(): Pair[] {
  const hundred = json(250, 'JSON 100 KB');
  const parsed = JSON.parse(hundred.right) as { reviews: unknown[] };
  const reversed = JSON.stringify({ ...parsed, reviews: parsed.reviews.reverse() });
  return [
    json(2, 'JSON 1 KB'),
    json(25, 'JSON 10 KB'),
    hundred,
    { ...hundred, name: 'JSON 100 KB, reversed', right: reversed },
    { ...hundred, name: 'JSON 100 KB, same bytes', right: hundred.left },
    html(110, 'HTML 50 KB'),
  ];
}
