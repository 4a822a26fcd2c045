import type { ClusterView, ReportView } from '../../cli/report/view.ts';

/** A report with something in every section, and payloads that try to break out of it. */
export function sampleView(clusters = 3): ReportView {
  return {
    formatVersion: 1,
    capability: 'orders',
    description: 'Order history and <tracking>',
    generatedAt: '2026-03-01T12:00:00.000Z',
    revision: 7,
    phase: 'shadow',
    run: {
      epoch: 2,
      serviceVersions: ['1.4.0'],
      from: '2026-03-01T10:00:00.000Z',
      to: '2026-03-01T11:59:58.000Z',
    },
    verdict: {
      value: 'no-go',
      rule: 'canary.structural',
      message: '`price` became text in 3.1 % of `GET /orders/:id`.',
    },
    findings: [
      {
        rule: 'canary.minCompared',
        met: true,
        message: '200 comparisons required, 5 120 seen.',
        required: 200,
        seen: 5120,
      },
      {
        rule: 'canary.maxMismatch',
        met: false,
        message: 'At most 0.1 % may differ, up to 3.6 % do.',
        required: 10,
        seen: 360,
      },
    ],
    compared: 5120,
    mismatched: 161,
    differing: 2300,
    coverage: [
      {
        route: 'DELETE /orders/:id',
        method: 'DELETE',
        statusClass: '—',
        compared: 0,
        mismatched: 0,
        state: 'untested',
        note: undefined,
      },
      {
        route: 'GET /orders/:id',
        method: 'GET',
        statusClass: '2xx',
        compared: 5100,
        mismatched: 161,
        state: 'tested',
        note: undefined,
      },
      {
        route: 'GET /orders/:id',
        method: 'GET',
        statusClass: '4xx',
        compared: 20,
        mismatched: 0,
        state: 'thin',
        note: undefined,
      },
    ],
    writes: {
      message: 'Writes: 40 were compared in the sandbox, none differs in form; in content 38 agree.',
      rows: [{ route: 'POST /orders', sent: 42, compared: 40, equal: 38, differing: 2, diverged: 2 }],
    },
    funnel: {
      stages: [
        { label: 'Eligible', count: 10_400, hint: 'Safe requests on routes of the plan' },
        { label: 'Sampled', count: 5200, hint: 'Chosen by the bucket of their sticky key' },
        { label: 'Sent', count: 5150, hint: 'Sent to the service' },
        { label: 'Answered', count: 5140, hint: 'The service answered in time' },
        { label: 'Compared', count: 5120, hint: 'Both answers were compared' },
      ],
      losses: [{ reason: 'queue-full', words: 'More copies were waiting than the queue holds.', count: 50 }],
    },
    clusters: Array.from({ length: clusters }, (_, index) => cluster(index)),
    change: [
      { status: 'new', id: 'c00000000', title: '`field0` became text', shares: [0, 0.031] },
      { status: 'fixed', id: 'c0000ffff', title: '`gone` is missing', shares: [0.5, 0] },
    ],
    clustersOmitted: 0,
    noiseCauses: [
      {
        cause: 'number',
        words: 'Numbers that change by themselves.',
        fields: 1,
        example: { route: 'GET /orders/:id', path: '$.views', share: 0.98 },
      },
    ],
    noise: [
      {
        ...cluster(9001),
        kind: 'value',
        why: 'Differs in 98 % of the monolith’s own repeated answers.',
        noiseSeen: 501,
        noiseShare: 0.98,
      },
    ],
    rules: [
      {
        id: 'unordered-items',
        at: '$.items',
        does: 'order is ignored',
        reason: 'The monolith sorts nothing',
        owner: 'shop team',
        expires: '2026-12-31',
        hidden: 40,
        state: 'active',
      },
    ],
    latency: [
      {
        route: 'GET /orders/:id',
        monolith: { count: 5120, p50: 12.34, p95: 40, p99: 1200 },
        service: { count: 5120, p50: 9, p95: 20, p99: undefined },
      },
    ],
    errors: [
      {
        route: 'GET /orders/:id',
        monolith: { requests: 5150, failures: 0 },
        service: { requests: 5150, failures: 10 },
      },
    ],
    runs: [
      {
        epoch: 2,
        serviceVersion: '1.4.0',
        from: '2026-03-01T10:00:00.000Z',
        to: '2026-03-01T11:59:58.000Z',
        compared: 5120,
        present: true,
      },
    ],
    notices: [{ text: 'Keyed array `$.lines` had duplicate keys and was compared by position.', count: 2 }],
    redactions: 812,
  };
}

export const HOSTILE = `</pre></script><script>document.title='broken'</script><img src=x onerror="document.title='broken'">"'\`]]>`;

function cluster(index: number): ClusterView {
  const severity = (['high', 'medium', 'low', 'critical'] as const)[index % 4]!;
  return {
    id: `c${index.toString(16).padStart(8, '0')}`,
    title: `\`field${index}\` became text in 3.1 % of \`GET /orders/:id\` ${index === 1 ? HOSTILE : ''}`,
    route: 'GET /orders/:id',
    lane: 'read',
    path: `$.items[*].field${index}`,
    kind: index % 2 === 0 ? 'type' : 'value',
    shape: 'number→string',
    severity,
    state: 'difference',
    seen: 161 - (index % 100),
    share: 0.031,
    shareLow: 0.027,
    shareHigh: 0.036,
    noiseSeen: 0,
    noiseShare: 0,
    why: 'Never seen in 511 repeated answers of the monolith itself.',
    firstSeen: '2026-03-01T10:00:02.000Z',
    lastSeen: '2026-03-01T11:59:50.000Z',
    change: index === 0 ? 'new' : 'persisting',
    accept: `npx strangler report orders accept c${index.toString(16).padStart(8, '0')} --reason "…"`,
    examples: [
      {
        at: `$.items[3].field${index}`,
        time: '2026-03-01T11:00:00.000Z',
        method: 'GET',
        url: `/orders/41?q=${encodeURIComponent(HOSTILE)}`,
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        left: '19.9',
        right: `"19.90" ${HOSTILE}`,
        leftBody: '{"items":[{"price":19.9}],"email":"«email»"}',
        rightBody: '{"items":[{"price":"19.90"}],"email":"«email»"}',
        curlMonolith: "curl --silent 'http://127.0.0.1:3000/orders/41'",
        curlService: "curl --silent 'http://127.0.0.1:3001/orders/41'",
      },
    ],
  };
}
