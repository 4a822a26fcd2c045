import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listening } from '../proxy/candidate.ts';

/**
 * A side of the comparison as a process of its own. SIDE says how it behaves: `sound`, `slow` (an answer after three seconds) or
 * `endless` (a body without end).
 */
const mode = process.env.SIDE ?? 'sound';
const SLOW_MS = 3_000;

const reviews = Array.from({ length: 30 }, (_, i) => ({
  id: i,
  rating: 1 + (i % 5),
  title: `Review number ${i} of a product that somebody bought`,
  body: 'It came in time, works as described & the colour is as on the picture. '.repeat(3),
  createdAt: new Date(1_700_000_000_000 + i * 86_400_000).toISOString(),
}));
/** About 10 KB, and a request id as noise. */
let answers = 0;
const body = (): string => JSON.stringify({ requestId: `r${++answers}`, total: reviews.length, reviews });
const ENDLESS = Buffer.alloc(16_384, 'x');

const server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json');
  if (mode === 'slow') {
    setTimeout(() => response.end(body()), SLOW_MS);
  } else if (mode === 'endless') {
    const pour = (): void => {
      while (!response.destroyed && response.write(ENDLESS));
      if (!response.destroyed) response.once('drain', pour);
    };
    pour();
  } else response.end(body());
});
server.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port));
