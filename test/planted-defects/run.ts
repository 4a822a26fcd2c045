import { parseArgs } from 'node:util';
import { PLANTED } from './defects.ts';
import { hunt, samplePlan } from './hunt.ts';
import { startSampleShop } from './shop.ts';

const HELP = `node test/planted-defects/run.ts [--reads 5000] [--after 300] [--seed 1] [--only NAME]

Twelve kinds of defect planted into the reviews service, each behind a shadow pipeline of its own, and the service as it is.
Ends for each defect so many reads after it was found, and for the service as it is after all reads.`;

const { values } = parseArgs({
  options: {
    reads: { type: 'string', default: '5000' },
    after: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const reads = Number(values.reads);
const seed = Number(values.seed);
const wanted = (name: string): boolean => values.only === undefined || name.includes(values.only);
const plan = await samplePlan();
const shop = await startSampleShop();
try {
  console.log(
    '| defect | answers changed | found after reads | rank | noise above | verdict | reads | noise | other findings |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const planted of PLANTED.filter(({ name }) => wanted(name))) {
    const { judgement, ...found } = await hunt(shop, {
      plan,
      planted,
      reads,
      seed,
      after: Number(values.after),
    });
    if (found.foundAfter === undefined) process.exitCode = 1;
    print(
      planted.name,
      found.changed === 0 ? 'none: the answers have nothing of the kind, mend defects.ts' : found.changed,
      found.foundAfter ?? 'never',
      found.rank ?? '–',
      found.noiseAbove,
      judgement.verdict,
      found.reads,
      judgement.noise.clusters,
      found.false.join('; ') || 'none',
    );
  }
  if (wanted('none')) {
    const { judgement, ...found } = await hunt(shop, { plan, reads, seed });
    if (judgement.verdict !== 'go' || found.false.length > 0) process.exitCode = 1;
    print(
      'none',
      '–',
      '–',
      '–',
      '–',
      `${judgement.verdict} (${judgement.rule})`,
      found.reads,
      judgement.noise.clusters,
      found.false.join('; ') || 'none',
    );
    console.log(`\n${judgement.message}`);
    const lost = Object.entries(judgement.funnel.dropped).map(([reason, count]) => `${count} ${reason}`);
    console.log(`Lost of ${found.stats.sent} sent: ${lost.join(', ') || 'none'}.`);
  }
} finally {
  await shop.stop();
}

function print(...cells: (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}
