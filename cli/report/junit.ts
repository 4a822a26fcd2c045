import { percent } from './format.ts';
import type { ReportView } from './view.ts';

/**
 * The report for CI systems that read JUnit XML: one case per gate rule, per route's coverage and per difference beyond noise.
 * Untested routes are skipped cases, so that they show without failing the build by themselves.
 */
export function renderJUnit(view: ReportView): string {
  const cases: { name: string; group: string; failure?: string; skipped?: string }[] = [
    {
      group: 'verdict',
      name: view.verdict.rule,
      ...(view.verdict.value === 'go' ? {} : { failure: view.verdict.message }),
    },
    ...view.findings.map((finding) => ({
      group: 'gate',
      name: finding.rule,
      ...(finding.met ? {} : { failure: finding.message }),
    })),
    ...view.coverage.map((row) => ({
      group: 'coverage',
      name: `${row.method} ${row.route} ${row.statusClass}`,
      ...(row.state === 'untested' ? { skipped: 'never compared' } : {}),
    })),
    ...view.clusters.map((cluster) => {
      const text = `${cluster.title} (${cluster.severity}; ${cluster.seen} times, ${percent(cluster.share)})`;
      return {
        group: 'difference',
        name: `${cluster.id} ${cluster.route} ${cluster.path} ${cluster.kind}`,
        // What noise probes have not settled yet is for the gate to judge, which has a case of its own.
        ...(cluster.state === 'unsettled' ? { skipped: `not settled yet: ${text}` } : { failure: text }),
      };
    }),
  ];
  const failures = cases.filter((each) => each.failure !== undefined).length;
  const skipped = cases.filter((each) => each.skipped !== undefined).length;
  const lines = cases.map((each) => {
    const open = `    <testcase classname="${xml(`${view.capability}.${each.group}`)}" name="${xml(each.name)}"`;
    if (each.failure !== undefined) {
      return `${open}>\n      <failure message="${xml(each.failure)}"/>\n    </testcase>`;
    }
    if (each.skipped !== undefined)
      return `${open}>\n      <skipped message="${xml(each.skipped)}"/>\n    </testcase>`;
    return `${open}/>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="${xml(`shadow report of ${view.capability}`)}" tests="${cases.length}" failures="${failures}" skipped="${skipped}" timestamp="${xml(view.generatedAt)}">
${lines.join('\n')}
  </testsuite>
</testsuites>
`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 allows no control characters, not even escaped ones (section 2.2): they are replaced. */
function xml(text: string): string {
  return text
    .replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]|\p{Cs}/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
