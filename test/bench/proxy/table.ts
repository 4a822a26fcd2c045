export interface Measurement {
  scenario: string;
  candidate: string;
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  cpuMicrosPerRequest: number;
  residentBytes: number;
  errors: number;
}

export interface Row extends Measurement {
  rounds: number;
  /** Half the distance between the cheapest and the dearest round, as a share of the median. */
  cpuSpread: number;
  /** CPU per request against plain @fastify/http-proxy of the same run; undefined: it did not run. */
  againstPlain: number | undefined;
  againstNginx: number | undefined;
}

/** One row a scenario and candidate: medians over the rounds. */
export function summarise(measurements: readonly Measurement[]): Row[] {
  const groups = new Map<string, Measurement[]>();
  for (const measurement of measurements) {
    const key = `${measurement.scenario}\n${measurement.candidate}`;
    const group = groups.get(key) ?? [];
    group.push(measurement);
    groups.set(key, group);
  }
  const rows = [...groups.values()].map(medianRow);
  for (const row of rows) {
    const cpuOf = (candidate: string): number | undefined =>
      rows.find((other) => other.scenario === row.scenario && other.candidate === candidate)
        ?.cpuMicrosPerRequest;
    row.againstPlain = ratio(row.cpuMicrosPerRequest, cpuOf('plain-http-proxy'));
    row.againstNginx = ratio(row.cpuMicrosPerRequest, cpuOf('nginx'));
  }
  return rows;
}

function medianRow(group: readonly Measurement[]): Row {
  const first = group[0] as Measurement;
  const cpu = group.map(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest);
  const middle = median(cpu);
  return {
    scenario: first.scenario,
    candidate: first.candidate,
    rounds: group.length,
    requestsPerSecond: median(group.map((one) => one.requestsPerSecond)),
    p50Ms: median(group.map((one) => one.p50Ms)),
    p99Ms: median(group.map((one) => one.p99Ms)),
    cpuMicrosPerRequest: middle,
    cpuSpread: (Math.max(...cpu) - Math.min(...cpu)) / 2 / middle,
    residentBytes: Math.max(...group.map((one) => one.residentBytes)),
    errors: group.reduce((sum, one) => sum + one.errors, 0),
    againstPlain: undefined,
    againstNginx: undefined,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

function ratio(value: number, against: number | undefined): number | undefined {
  return against === undefined ? undefined : value / against;
}

export function printTable(rows: readonly Row[]): void {
  const header = [
    'scenario',
    'proxy',
    'req/s',
    'p50 ms',
    'p99 ms',
    'CPU µs',
    '±',
    'MB',
    '× plain',
    '× nginx',
    'errors',
  ];
  const lines = rows.map((row) => [
    row.scenario,
    row.candidate,
    row.requestsPerSecond.toFixed(0),
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    row.cpuMicrosPerRequest.toFixed(1),
    `${(row.cpuSpread * 100).toFixed(0)}%`,
    (row.residentBytes / 1e6).toFixed(0),
    row.againstPlain?.toFixed(2) ?? '',
    row.againstNginx?.toFixed(2) ?? '',
    String(row.errors),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  for (const line of [header, ...lines]) {
    console.log(
      line
        .map((cell, column) =>
          column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    );
  }
}
