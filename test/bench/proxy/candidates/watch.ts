import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/** The longest that the event loop was kept from its work since the last question, and by the garbage collector alone. */
export interface LongestBlock {
  anyMs: number;
  collectionMs: number;
}

/** Watches the event loop from here on. Wakes the process a thousand times a second, which whoever measures CPU would measure too. */
export function watchBlocks(): () => LongestBlock {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let collectionMs = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collectionMs = Math.max(collectionMs, duration);
  }).observe({ entryTypes: ['gc'] });
  return () => {
    const longest = { anyMs: delay.max / 1e6, collectionMs };
    delay.reset();
    collectionMs = 0;
    return longest;
  };
}

/** Bytes. */
export interface Peaks {
  peakRss: number;
  /** Of captured answers. */
  peakHeld: number;
}

/** Watches memory from here on. `held`: bytes of captured answers. */
export function watchPeaks(held: () => number): Peaks {
  const peaks = { peakRss: 0, peakHeld: 0 };
  const timer = setInterval(() => {
    peaks.peakRss = Math.max(peaks.peakRss, process.memoryUsage.rss());
    peaks.peakHeld = Math.max(peaks.peakHeld, held());
  }, 100);
  timer.unref();
  return peaks;
}
