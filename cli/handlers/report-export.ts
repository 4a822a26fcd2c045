import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { judge } from '../../migration-plans/gates/verdict.ts';
import type { Handler } from '../commands/command.ts';
import { openProjectStore } from '../controller/embedded-store.ts';
import { projectOf } from '../controller/project.ts';
import { publishedCapability } from '../controller/published.ts';
import { contractCases, contractTestFile } from '../report/export/contract-tests.ts';

/** Writes the stored examples of the report's differences as tests that run against both sides. */
export const reportExport: Handler = async (call) => {
  const capability = call.args.capability ?? '';
  const project = await projectOf(call);
  const opened = await openProjectStore(project, call.signal);
  try {
    const { plan } = await publishedCapability(opened.store, project, capability);
    const summary = await opened.store.evidence({ capability });
    const clusters = judge(plan, summary)
      .clusters.filter(({ class: kind }) => kind !== 'noise' && kind !== 'related')
      .map(({ cluster }) => cluster);
    const cases = contractCases(clusters, (route) => summary.funnel[route]?.compared ?? 0);
    if (cases.length === 0)
      return {
        document: { file: null, cases: 0, skipped: 0 },
        lines: ['no example is stored, so there is nothing to test'],
      };
    const folder = resolve(call.cwd, call.options.text('out') ?? `contract-tests/${capability}`);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${capability}.contract.test.ts`);
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, contractTestFile(capability, cases));
    renameSync(temporary, file);
    const skipped = cases.filter(({ skip }) => skip !== null).length;
    return {
      document: { file, cases: cases.length, skipped },
      lines: [
        `${cases.length} tests, ${skipped} of them skipped: ${relative(call.cwd, file) || file}`,
        'run them with MONOLITH_URL and SERVICE_URL set',
      ],
    };
  } finally {
    await opened.close();
  }
};
