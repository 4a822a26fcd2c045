import { executionAsyncResource } from 'node:async_hooks';

const kept: object[] = [];

/**
 * Keeps `process.nextTick` quick in this thread for as long as it lives. For whoever answers many requests, at the start.
 *
 * The object that Node makes for each tick has computed keys, which V8 adds without a call only while it knows the one shape that they
 * lead to. A full collection at a moment without a tick throws that shape away, and the next tick makes V8 give up for good: four calls
 * into its runtime a tick from there on, about a tenth of the CPU of a small request. As long as one tick's object lives, so does the shape.
 */
export function keepTickShape(): void {
  if (kept.length > 0) return;
  process.nextTick(() => {
    if (kept.length === 0) kept.push(executionAsyncResource());
  });
}
