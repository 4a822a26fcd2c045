import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { describeCluster } from '../../migration-plans/evidence/describe.ts';
import { judge } from '../../migration-plans/gates/verdict.ts';
import type { Handler } from '../commands/command.ts';
import { openProjectStore } from '../controller/embedded-store.ts';
import { projectOf } from '../controller/project.ts';
import { publishedCapability } from '../controller/published.ts';
import { findCluster } from '../report/accept/find-cluster.ts';
import { originsOf } from '../report/origins.ts';
import { type Replayed, replay } from '../report/replay/replay.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Style } from '../terminal/style.ts';

/** Sends the stored examples of the report's differences again and says what has become of them. */
export const reportReplay: Handler = async (call) => {
  const capability = call.args.capability ?? '';
  const project = await projectOf(call);
  const opened = await openProjectStore(project, call.signal);
  try {
    const { plan } = await publishedCapability(opened.store, project, capability);
    const summary = await opened.store.evidence({ capability });
    const only = call.args.cluster;
    const clusters =
      only === undefined
        ? judge(plan, summary)
            .clusters.filter(({ class: kind }) => kind !== 'noise' && kind !== 'related')
            .map(({ cluster }) => cluster)
        : [findCluster(summary.clusters, only)];
    const known = originsOf(project, plan);
    const origins = {
      monolith: originOf(call.options.text('monolith'), '--monolith') ?? known.monolith,
      service: originOf(call.options.text('service'), '--service') ?? known.service,
    };
    const results = await replay(clusters, { plan, origins, now: new Date(), signal: call.signal });
    const { style } = call.terminal;
    const lines = clusters.flatMap((cluster) => [
      `${style.dim(cluster.id)} ${sanitise(describeCluster(cluster, summary.funnel[cluster.route]?.compared ?? 0))}`,
      ...linesOf(
        results.filter((result) => result.cluster === cluster.id),
        style,
      ),
    ]);
    const different = results.some(({ outcome }) => outcome === 'still different');
    return {
      document: { origins, results },
      lines: lines.length === 0 ? ['no difference is stored, so there is nothing to send again'] : lines,
      exitCode: different ? EXIT.gateRefused : EXIT.done,
    };
  } finally {
    await opened.close();
  }
};

function linesOf(results: readonly Replayed[], style: Style): string[] {
  if (results.length === 0) return [`  ${style.dim('no example was kept')}`];
  const paint = { fixed: style.green, 'still different': style.red };
  return results.map(({ outcome, method, url, why }) => {
    const colour = outcome === 'fixed' || outcome === 'still different' ? paint[outcome] : style.yellow;
    return `  ${colour(outcome)}  ${sanitise(`${method} ${url}`)}  ${style.dim(sanitise(why))}`;
  });
}

function originOf(text: string | undefined, option: string): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text).origin;
  throw new StranglerError('CLI_BAD_OPTION', `${option} wants a URL such as http://localhost:3101`, {
    exitCode: EXIT.usage,
  });
}
