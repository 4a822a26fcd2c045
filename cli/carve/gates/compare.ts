/** Gate `answers`: the monolith and the service get the same requests, as nobody and as whoever is signed in. */
import { createRedactor } from '../../../migration-plans/redact/redactor.ts';
import { CONTRACT_FOLDER } from '../carve-service.ts';
import type { ProducedService } from '../produce.ts';
import type { OutputFile } from '../service/spec.ts';
import type { Application } from './application.ts';
import { knowledgeOf } from './bodies/knowledge.ts';
import { FieldReader } from './bodies/read-fields.ts';
import { contractFiles, hider } from './contract.ts';
import type { GateDatabase } from './database.ts';
import { type JudgedTrial, withoutOrders } from './judge.ts';
import { isSafe } from './methods.ts';
import type { MonolithCopies } from './monolith-copy.ts';
import { reachOf } from './reach.ts';
import { answersReport, runTrials, type Sides } from './record.ts';
import type { GateReport } from './report.ts';
import { type TrialRequest, trialRequests } from './requests.ts';
import { routeFinder } from './route-finder.ts';
import { lastLines } from './run-process.ts';
import { asIdentity, type Identity } from './sign-in/identity.ts';
import { SIGNED_TEMPLATE, type SignInOutcome, signIn, stillSignedIn } from './sign-in/sign-in.ts';
import { readRows, TEMPLATE, type TrialData } from './trial-data.ts';
import type { TryOptions } from './try-out.ts';
import type { Failed, Workplace } from './workplace.ts';

/** All that one comparison works with. */
export interface Comparison {
  place: Workplace;
  service: ProducedService;
  options: TryOptions;
  copies: MonolithCopies;
  database: GateDatabase;
  data: TrialData;
  asked: TrialRequest[] | undefined;
  /** Starts the service, with what it calls, on a copy of a database. */
  startService(template: string): Promise<{ app: Application } | Failed>;
}

export const SUBSTITUTED =
  'Prisma’s query engine is not installed: its query compiler stood in for it, for the monolith and the service alike';

/** @param first the service, as it runs on a copy of the template */
export async function compareAnswers(
  comparison: Comparison,
  first: Application,
): Promise<{ report: GateReport; recorded: OutputFile[] | undefined } | Failed> {
  const { place, options, data, service } = comparison;
  const { spec } = place;
  const sides = await monoliths(comparison, TEMPLATE);
  if ('failed' in sides) return sides;
  const bodies = knowledgeOf(new FieldReader(service.root), service.inventory, undefined);
  const input = {
    routes: spec.routes,
    models: spec.allModels,
    owned: spec.models.owned,
    tables: data.tables,
  };
  const requests = comparison.asked ?? trialRequests({ ...input, rows: data.rows, bodies });
  // Somebody's running monolith is only read from.
  const safe = options.monolithUrl === undefined ? requests : requests.filter(({ method }) => isSafe(method));
  const trials = await runTrials({ ...sides, service: first.url }, safe, options);
  // What differs already is told at once.
  const differs = withoutOrders(trials).some(({ differences }) => differences.length > 0);
  const signed: SignedTrials = differs ? { trials: [], outcome: NOT_TRIED } : await asSignedIn(comparison);
  const said = lastLines(signed.said?.() ?? first.said(), 20);
  return conclusion(comparison, withoutOrders([...trials, ...signed.trials]), signed.outcome, said);
}

const NOT_TRIED: SignInOutcome = { identities: [], forms: [], refused: [], notes: [] };

interface SignedTrials {
  trials: JudgedTrial[];
  outcome: SignInOutcome;
  /** What the service said meanwhile. */
  said?(): string;
}

async function asSignedIn(comparison: Comparison): Promise<SignedTrials> {
  const { place, options, data, service, database } = comparison;
  const { spec } = place;
  if (options.monolithUrl !== undefined) {
    const notes = ['nobody was signed in: a monolith that runs elsewhere (--monolith-url) is only read from'];
    return { trials: [], outcome: { ...NOT_TRIED, notes } };
  }
  // Requests of one's own say by themselves who sends them.
  if (comparison.asked !== undefined && options.signIn === undefined)
    return { trials: [], outcome: NOT_TRIED };
  await place.stopAll();
  options.onProgress('signing in …');
  const outcome = await signIn(comparison);
  await place.stopAll();
  if (outcome.identities.length === 0) return { trials: [], outcome };
  const started = await comparison.startService(SIGNED_TEMPLATE);
  const sides = 'failed' in started ? started : await monoliths(comparison, SIGNED_TEMPLATE);
  if ('failed' in started || 'failed' in sides) {
    const { failed } = 'failed' in started ? started : (sides as Failed);
    return {
      trials: [],
      outcome: { ...outcome, identities: [], notes: [`not compared as signed in: ${failed}`] },
    };
  }
  const kept = await stillSignedIn(sides.monolith, outcome, place.signal);
  const rows = await readRows(database.url('monolith'), data.tables, outcome.first);
  const input = {
    routes: spec.routes,
    models: spec.allModels,
    owned: spec.models.owned,
    tables: data.tables,
    rows,
    signedIn: true,
  };
  const trials: JudgedTrial[] = [];
  const lists = kept.identities.map((identity) => {
    const bodies = knowledgeOf(new FieldReader(service.root), service.inventory, { outcome, identity });
    return (comparison.asked ?? trialRequests({ ...input, bodies })).map((request) =>
      asIdentity(request, identity),
    );
  });
  trials.push(
    ...(await runTrials(
      { ...sides, service: started.app.url },
      interleaved(lists),
      options,
      kept.identities,
    )),
  );
  return { trials, outcome: kept, said: started.app.said };
}

/** One after the other for each request, so that everybody finds about the same rows. */
function interleaved(lists: readonly (readonly TrialRequest[])[]): TrialRequest[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? [])).flat();
}

function conclusion(
  { place, options, data, asked }: Comparison,
  trials: readonly JudgedTrial[],
  outcome: SignInOutcome,
  said: readonly string[],
): { report: GateReport; recorded: OutputFile[] | undefined } {
  const { spec } = place;
  const routeOf = routeFinder(spec.routes);
  const labels = [...new Set(spec.routes.map(({ method, path }) => `${method} ${path}`))];
  const secrets = [...(options.signIn?.secrets ?? []), ...secretsOf(outcome.identities)];
  const hide = hider(secrets);
  const report = answersReport(trials, {
    routes: reachOf(trials, labels, routeOf, asked !== undefined),
    signedIn: outcome.identities.map(({ name, how }) => ({ name, how })),
    notes: [...outcome.notes, ...data.notes, ...(place.substituted ? [SUBSTITUTED] : [])],
    hide,
  });
  if (report.status !== 'passed') {
    const failing = trials.some(
      ({ service, differences }) =>
        differences.length > 0 && (!('status' in service) || service.status >= 500),
    );
    // A difference that is a failure has its reason in what the service said.
    if (failing && said.length > 0)
      report.details.push('the service said last:', ...said.map((line) => `  ${hide(line)}`));
    return { report, recorded: undefined };
  }
  return {
    report,
    recorded: contractFiles(CONTRACT_FOLDER, trials, routeOf, data.seed, createRedactor([]), new Date(), [
      ...secrets,
      ...(outcome.drawn ?? []),
    ]),
  };
}

function secretsOf(identities: readonly Identity[]): string[] {
  return identities.flatMap(({ secrets }) => secrets);
}

/** Two of them, on databases of their own: what differs between these two is no difference of the service. */
async function monoliths(
  { options, copies, database }: Comparison,
  template: string,
): Promise<Pick<Sides, 'monolith' | 'again'> | Failed> {
  if (options.monolithUrl !== undefined) {
    const url = options.monolithUrl.replace(/\/$/, '');
    return { monolith: url, again: url };
  }
  options.onProgress('starting the monolith …');
  const urls: string[] = [];
  for (const name of ['monolith', 'again']) {
    await database.drop(name);
    const outcome = await copies.start(await database.clone(template, name));
    if ('failed' in outcome) return outcome;
    urls.push(outcome.app.url);
  }
  return { monolith: urls[0] ?? '', again: urls[1] ?? '' };
}
