import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Carves whole monoliths with all gates, which takes minutes: `npm run test:slow`.
const SLOW = ['test/carve/gates-try-out.test.ts', 'test/carve/gates-sign-in.test.ts'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'monolith/test/**/*.test.ts'],
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      'test/fixtures/**',
      'test/bench/**',
      ...(process.env.SLOW === '1' ? [] : SLOW),
    ],
    pool: 'forks',
    // Most of their time tests wait for processes of their own: one core less, as is usual, would leave the machine half idle.
    maxWorkers: availableParallelism(),
    // Many real processes share two cores there: what fails once is tried once more, and told as retried.
    retry: process.env.CI === 'true' ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
