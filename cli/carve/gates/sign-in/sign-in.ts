/** Makes a database in which somebody is signed in: every process that gets a copy of it, and the same secrets, knows the session. */

import { bodyOf } from '../bodies/body-values.ts';
import { FieldReader } from '../bodies/read-fields.ts';
import type { Comparison } from '../compare.ts';
import { withClient } from '../database.ts';
import { trialRequests } from '../requests.ts';
import { keyOf } from '../sample-rows.ts';
import { readRows, TEMPLATE } from '../trial-data.ts';
import { findAccount } from './account.ts';
import { signInAutomatically } from './automatic.ts';
import { Browser } from './browser.ts';
import { signInByRecipe } from './by-recipe.ts';
import { openedProbes } from './probes.ts';
import type { SignedIn, SignInWorld } from './signed-in.ts';

export const SIGNED_TEMPLATE = 'signed_in_carve';

export interface SignInOutcome extends SignedIn {
  /** The account's row: it comes first among the rows that requests are made from. */
  first?: { table: string; row: Record<string, string | null> };
  /** Values that signing in drew by lot, such as identifiers of sessions: another carve draws others. */
  drawn?: string[];
}

export async function signIn(comparison: Comparison): Promise<SignInOutcome> {
  const { place, options, copies, database, data, service } = comparison;
  const nothing: SignInOutcome = { identities: [], forms: [], refused: [], notes: [] };
  const databaseUrl = await database.clone(TEMPLATE, SIGNED_TEMPLATE);
  const started = await copies.start(databaseUrl);
  if ('failed' in started)
    return { ...nothing, notes: [`nobody was signed in: the monolith does not start: ${started.failed}`] };
  const { spec } = place;
  const reader = new FieldReader(service.root);
  const input = { models: spec.allModels, owned: spec.models.owned, tables: data.tables, rows: data.rows };
  const requestsOf = (routes: readonly { method: string; path: string }[]): SignInWorld['probes'] =>
    trialRequests({ ...input, routes }).filter(({ name }) => name.startsWith('a row'));
  const world: SignInWorld = {
    origin: started.app.url,
    databaseUrl,
    signal: place.signal,
    inventory: service.inventory,
    tables: data.tables,
    rows: data.rows,
    mailbox: place.mailbox,
    probes: [
      ...requestsOf(spec.routes),
      ...requestsOf(service.inventory).filter(({ method }) => method === 'GET'),
    ],
    fieldsOf: (route, credentials) => {
      const fields = reader.fieldsOf(route);
      return fields === undefined ? undefined : bodyOf(fields, () => undefined, credentials);
    },
  };
  try {
    const outcome =
      options.signIn === undefined
        ? await signInAutomatically(world)
        : await signInByRecipe(world, options.signIn.recipes, options.signIn.secrets);
    if (outcome.identities.length === 0) return outcome;
    return { ...outcome, ...(await rowsOfSignIn(world, outcome)) };
  } catch (error) {
    if (place.signal.aborted) throw error;
    return { ...nothing, notes: [`nobody was signed in: ${(error as Error).message}`] };
  }
}

async function rowsOfSignIn(
  { databaseUrl, tables, rows }: SignInWorld,
  { identities }: SignedIn,
): Promise<Pick<SignInOutcome, 'first' | 'drawn'>> {
  const { email = '', username = '' } = identities[0]?.known ?? {};
  const account = await withClient(databaseUrl, (client) =>
    findAccount(
      client,
      tables,
      [email, username].filter((text) => text !== ''),
    ),
  );
  const before = new Set([...rows.values()].flat().flatMap((row) => Object.values(row)));
  const after = await readRows(databaseUrl, tables, undefined);
  const drawn = [...after.values()]
    .flat()
    .flatMap((row) => Object.values(row))
    .filter((value): value is string => value !== null && !before.has(value) && isDrawn(value));
  return {
    drawn: [...new Set(drawn)],
    ...(account !== undefined && { first: { table: keyOf(account.table), row: account.row } }),
  };
}

/** Identifiers, tokens, hashes: long, without spaces, with digits. */
function isDrawn(value: string): boolean {
  return (
    value.length >= 12 &&
    value.length <= 4096 &&
    /\d/.test(value) &&
    /^[\w.$/+=:-]+$/.test(value) &&
    !/^\d{4}-\d\d-\d\d/.test(value)
  );
}

/** Sessions that only the process knows that made them are told as such, and their identities left out. */
export async function stillSignedIn(
  origin: string,
  outcome: SignInOutcome,
  signal: AbortSignal,
): Promise<SignInOutcome> {
  if (outcome.refused.length === 0) return outcome;
  const notes = [...outcome.notes];
  const identities: SignInOutcome['identities'] = [];
  for (const identity of outcome.identities) {
    const browser = new Browser(origin, signal);
    browser.cookies = identity.cookies;
    browser.headers = identity.headers;
    browser.csrf = identity.csrf;
    if ((await openedProbes(browser, outcome.refused)).length > 0) identities.push(identity);
    else
      notes.push(
        `not compared as ${identity.name} (${identity.how}): the session lives in the monolith’s memory, where no service finds it: decide ask-monolith for what finds out who is calling, or keep sessions in the database`,
      );
  }
  return { ...outcome, identities, notes };
}
