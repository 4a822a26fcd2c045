/**
 * Signs in by itself: registers an account as a visitor would, in the gate's own database, lets it in, and believes it only once a
 * request that was turned away is answered.
 */

import { withClient } from '../database.ts';
import { type Letter, lettersOf } from '../mail/letters.ts';
import { keyOf } from '../sample-rows.ts';
import { type Account, activate, adoptRows, findAccount, raise } from './account.ts';
import { askForMails } from './ask-for-mails.ts';
import { Browser, type BrowserAnswer, type BrowserRequest } from './browser.ts';
import { type Credentials, credentialsOf, filledForm, type Purpose, usualBodies } from './credentials.ts';
import type { Identity } from './identity.ts';
import { formsIn } from './pages.ts';
import { formsOf, openedProbes, refusedProbes } from './probes.ts';
import { csrfRoutes, type InventoryRoute, loginRoutes, registrationRoutes } from './routes.ts';
import type { SignedIn, SignInWorld } from './signed-in.ts';
import { textsOf, tokensIn } from './tokens.ts';

const SCHEMES = ['Bearer', 'Token', ''];
/** Most bodies that are tried on one route: applications limit how often somebody may try. */
const MOST_BODIES = 8;

interface Way {
  route: InventoryRoute;
  request: BrowserRequest;
  form: boolean;
}

export async function signInAutomatically(world: SignInWorld): Promise<SignedIn> {
  const refused = await refusedProbes(world.origin, world.probes, world.signal);
  if (refused.length === 0) return { identities: [], forms: [], refused, notes: [] };
  const logins = loginRoutes(world.inventory);
  const registrations = registrationRoutes(world.inventory);
  if (registrations.length === 0) return nobody(refused, 'no route was found that registers accounts');
  const first = await enter(world, 'customer', refused, registrations, logins, false);
  if ('why' in first) return nobody(refused, first.why);
  const identities = [first.identity];
  const forms = [...first.forms];
  const raised = await enter(world, 'admin', refused, [first.registered.route], logins, true);
  if ('identity' in raised) {
    identities.push(raised.identity);
    forms.push(...raised.forms);
  }
  return { identities, forms, refused, notes: [] };
}

function nobody(refused: SignedIn['refused'], why: string): SignedIn {
  return {
    identities: [],
    forms: [],
    refused,
    notes: [
      `nobody was signed in: ${why}. Say how in the decisions file, under sign-in (--draft-decisions shows it)`,
    ],
  };
}

type Entered = { identity: Identity; forms: SignedIn['forms']; registered: Way } | { why: string };

/** @param raising with more rights; undone where the account has no column that says so */
async function enter(
  world: SignInWorld,
  name: string,
  refused: SignedIn['refused'],
  registrations: readonly InventoryRoute[],
  logins: readonly InventoryRoute[],
  raising: boolean,
): Promise<Entered> {
  const credentials = credentialsOf(name);
  const registered = await register(world, registrations, credentials);
  if (registered === undefined)
    return {
      why: `no account came of ${registrations.map(({ method, path }) => `${method} ${path}`).join(', ')}`,
    };
  const { account, way, browser } = registered;
  const prepared = await withClient(world.databaseUrl, async (client) => {
    const raised = raising ? await raise(client, account) : [];
    const set = await activate(client, account);
    const sample = world.rows.get(keyOf(account.table))?.[0];
    if (!raising && sample !== undefined) await adoptRows(client, world.tables, account, sample);
    return { raised, set };
  });
  if (raising && prepared.raised.length === 0)
    return { why: 'an account of this monolith has no rights in its row' };
  const role = prepared.raised.map(({ column, value }) => `${column} set to ${value}`);
  const adapted = [...role, ...prepared.set.map((column) => `${column} set`)];
  const label = raising ? roleName(prepared.raised) : singular(account.table.name);
  const tried: string[] = [];
  for (const candidate of [...loginsOf(world, logins, credentials), { registered: browser }]) {
    const {
      browser: guest,
      answer,
      told,
    } = 'registered' in candidate
      ? { browser: candidate.registered, answer: registered.answer, told: '' }
      : await tryLogin(candidate);
    if (told !== '') tried.push(`${told} answered ${answer.status}`);
    const proof = await proven(guest, answer, refused);
    if (proof === undefined) continue;
    const forms = await formsOf(guest, world.probes);
    await askForMails(world, guest, credentials);
    const letters = lettersOf(world.mailbox?.mails() ?? [], credentials.email);
    const how = [
      `${way.route.method} ${way.route.path}${way.form ? ' (form)' : ''}`,
      ...(adapted.length === 0 ? [] : [adapted.join(', ')]),
      ...(told === '' ? [] : [told]),
      proof,
    ].join(', ');
    return {
      registered: way,
      forms,
      identity: identityOf(guest, answer, label, how, credentials, account, letters),
    };
  }
  return {
    why: `${[...new Set(tried)].slice(0, 6).join('; ') || 'no route was found that lets accounts in'}`,
  };
}

function identityOf(
  browser: Browser,
  answer: BrowserAnswer,
  name: string,
  how: string,
  { email, username, password }: Credentials,
  { table, row }: Account,
  letters: readonly Letter[],
): Identity {
  const texts = textsOf(answer.json);
  const tokens = tokensIn(answer.json).map(({ value }) => value);
  const known: Record<string, string> = {
    email,
    username,
    password,
    oldPassword: password,
    currentPassword: password,
  };
  for (const { path, value } of texts) known[path] ??= value;
  const key = table.primaryKey.length === 1 ? row[table.primaryKey[0] ?? ''] : undefined;
  return {
    name,
    headers: browser.headers,
    cookies: browser.cookies,
    csrf: browser.csrf,
    known,
    letters,
    secrets: [
      ...letters.flatMap(({ values }) => [...values.values()].filter((text) => text.length >= 16)),
      ...tokens,
      ...browser.cookies.map(({ value }) => value),
      ...(browser.csrf === undefined ? [] : [browser.csrf.value]),
      // A number is the same in each carve; what is drawn by lot is not, and says nothing to whoever reads it.
      ...(typeof key === 'string' && !/^\d+$/.test(key) ? [key] : []),
    ].filter((text) => text.length >= 8),
    how,
  };
}

interface Registered {
  account: Account;
  way: Way;
  browser: Browser;
  answer: BrowserAnswer;
}

async function register(
  world: SignInWorld,
  routes: readonly InventoryRoute[],
  credentials: Credentials,
): Promise<Registered | undefined> {
  for (const route of routes) {
    for await (const { request, form, browser } of attempts(world, route, 'register', credentials)) {
      const answer = await browser.send(request);
      if (answer.status === 404 || answer.status === 405) break;
      const account = await withClient(world.databaseUrl, (client) =>
        findAccount(client, world.tables, [credentials.email, credentials.username]),
      );
      if (account !== undefined) return { account, way: { route, request, form }, browser, answer };
    }
  }
  return undefined;
}

interface LoginTry {
  route: InventoryRoute;
  attempt: AsyncGenerator<Attempt>;
}

function loginsOf(
  world: SignInWorld,
  routes: readonly InventoryRoute[],
  credentials: Credentials,
): LoginTry[] {
  return routes.map((route) => ({ route, attempt: attempts(world, route, 'login', credentials) }));
}

/** The first body that the route takes; the last answer where it takes none. */
async function tryLogin({
  route,
  attempt,
}: LoginTry): Promise<{ browser: Browser; answer: BrowserAnswer; told: string }> {
  let last: { browser: Browser; answer: BrowserAnswer; told: string } | undefined;
  for await (const { request, form, browser } of attempt) {
    const answer = await browser.send(request);
    last = { browser, answer, told: `${route.method} ${route.path}${form ? ' (form)' : ''}` };
    const answered = answer.status > 0 && answer.status < 400;
    if (answered && (answer.cookies.length > 0 || tokensIn(answer.json).length > 0)) return last;
    if (answer.status === 404 || answer.status === 405) break;
  }
  if (last === undefined) throw new Error(`nothing was tried on ${route.path}`);
  return last;
}

interface Attempt {
  request: BrowserRequest;
  form: boolean;
  browser: Browser;
}

/** What to send to a route: its page's own form, what its source asks for, and what is usual; each by a browser of its own. */
async function* attempts(
  { origin, signal, inventory, fieldsOf }: SignInWorld,
  route: InventoryRoute,
  purpose: Purpose,
  credentials: Credentials,
): AsyncGenerator<Attempt> {
  const method = ['ALL', '*'].includes(route.method.toUpperCase()) ? 'POST' : route.method.toUpperCase();
  const visitor = async (): Promise<{ browser: Browser; page: BrowserAnswer }> => {
    const browser = new Browser(origin, signal);
    const page = await browser.send({ method: 'GET', url: route.path });
    if (browser.csrf === undefined)
      for (const { path } of csrfRoutes(inventory)) await browser.send({ method: 'GET', url: path });
    return { browser, page };
  };
  const { browser, page } = await visitor();
  const forms = page.isHtml ? formsIn(page.text, route.path) : [];
  const form = forms.find(({ action, method: by }) => action === route.path && by === 'POST');
  if (form !== undefined)
    yield { browser, form: true, request: { method, url: route.path, form: filledForm(form, credentials) } };
  const bodies = usualBodies(purpose, credentials);
  const read = fieldsOf(route, credentials);
  if (read !== undefined) bodies.unshift(read);
  for (const json of bodies.slice(0, MOST_BODIES))
    yield { browser: (await visitor()).browser, form: false, request: { method, url: route.path, json } };
  for (const body of bodies.filter(isFlat).slice(0, 3))
    yield {
      browser: (await visitor()).browser,
      form: true,
      request: { method, url: route.path, form: body },
    };
}

function isFlat(body: Record<string, unknown>): body is Record<string, string> {
  return Object.values(body).every((value) => typeof value === 'string');
}

/** What of an answer lets its owner in: the cookies that it set, or one of its tokens in one of the usual ways. */
async function proven(
  browser: Browser,
  answer: BrowserAnswer,
  refused: SignedIn['refused'],
): Promise<string | undefined> {
  if (browser.cookies.length > 0 && (await openedProbes(browser, refused)).length > 0) {
    const names = browser.cookies.map(({ name }) => name);
    const telling = names.filter(
      (name) => /sess|sid|auth|token|jwt|login/i.test(name) && !/csrf|xsrf/i.test(name),
    );
    return `cookie ${(telling.length > 0 ? telling : names).join(', ')}`;
  }
  for (const { path, value } of tokensIn(answer.json)) {
    for (const scheme of SCHEMES) {
      browser.headers = { authorization: scheme === '' ? value : `${scheme} ${value}` };
      if ((await openedProbes(browser, refused)).length > 0)
        return `${scheme === '' ? 'token' : `${scheme.toLowerCase()} token`} from ${path}`;
    }
  }
  browser.headers = {};
  return undefined;
}

function roleName(raised: readonly { column: string; value: string }[]): string {
  const named = raised.find(({ value }) => value !== 'true');
  return (named?.value ?? raised[0]?.column.replace(/^is_?/i, '') ?? 'admin')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function singular(table: string): string {
  return table
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/(?<=[^s])s$/, '');
}
