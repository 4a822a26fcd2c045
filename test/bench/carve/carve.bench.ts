/**
 * Time and memory of the analysis at 1 000, 10 000 and 100 000 generated lines, each in a process of its own.
 * Run as `node test/bench/carve/carve.bench.ts`; prints one JSON document.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyze } from '../../../cli/analysis/analyze.ts';
import { generateMonolith } from './generate.ts';

const SIZES = [1_000, 10_000, 100_000];

async function measure(lines: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'strangler-bench-'));
  try {
    const generated = generateMonolith(dir, lines);
    const cpu = process.cpuUsage();
    const start = performance.now();
    const analysis = await analyze({ dir });
    const used = process.cpuUsage(cpu);
    console.log(
      JSON.stringify({
        lines: generated.lines,
        seconds: Number(((performance.now() - start) / 1000).toFixed(2)),
        cpuSeconds: Number(((used.user + used.system) / 1e6).toFixed(2)),
        megabytes: Math.round(process.resourceUsage().maxRSS / 1024),
        routesExpected: generated.routes,
        routes: analysis.routes.length,
        suggestions: analysis.suggestions.length,
        unresolved: analysis.unresolved.length,
      }),
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const only = process.argv[2];
if (only !== undefined) await measure(Number(only));
else {
  const results = SIZES.map(
    (lines) =>
      JSON.parse(
        execFileSync(process.execPath, [import.meta.filename, String(lines)], { encoding: 'utf8' }),
      ) as unknown,
  );
  console.log(JSON.stringify({ bench: 'carve', results }, null, 2));
}
