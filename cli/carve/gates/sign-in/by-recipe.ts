/** Signs in as a reviewed recipe says. */
import { Browser } from './browser.ts';
import type { Identity } from './identity.ts';
import { csrfInPage } from './pages.ts';
import { formsOf, openedProbes, refusedProbes } from './probes.ts';
import type { Recipe } from './recipe.ts';
import type { SignedIn, SignInWorld } from './signed-in.ts';
import { textsOf, tokensIn, valueAt } from './tokens.ts';

export async function signInByRecipe(
  world: SignInWorld,
  recipes: readonly Recipe[],
  secrets: readonly string[],
): Promise<SignedIn> {
  const refused = await refusedProbes(world.origin, world.probes, world.signal);
  const signedIn: SignedIn = { identities: [], forms: [], refused, notes: [] };
  for (const recipe of recipes) {
    const outcome = await follow(world, recipe, secrets);
    if ('failed' in outcome) {
      signedIn.notes.push(`${recipe.as} is not signed in: ${outcome.failed}`);
      continue;
    }
    const { browser, identity } = outcome;
    if (refused.length > 0 && (await openedProbes(browser, refused)).length === 0) {
      const asked = refused.slice(0, 3).map(({ request: { method, url } }) => `${method} ${url}`);
      signedIn.notes.push(
        `${recipe.as} is not signed in: after its requests the monolith still turns away ${asked.join(', ')}`,
      );
      continue;
    }
    signedIn.identities.push(identity);
    signedIn.forms.push(...(await formsOf(browser, world.probes)));
  }
  return signedIn;
}

async function follow(
  world: SignInWorld,
  { as, requests }: Recipe,
  secrets: readonly string[],
): Promise<{ browser: Browser; identity: Identity } | { failed: string }> {
  const browser = new Browser(world.origin, world.signal);
  const known: Record<string, string> = {};
  const hidden = [...secrets];
  const told: string[] = [];
  for (const request of requests) {
    const { method, url, json, form, headers, token, scheme, csrf, csrfHeader } = request;
    const step = `${method} ${url}`;
    const answer = await browser.send({
      method,
      url,
      ...(headers && { headers }),
      ...(json !== undefined && { json }),
      ...(form && { form }),
    });
    if (answer.failure !== undefined) return { failed: `${step}: ${answer.failure}` };
    if (answer.status >= 400) return { failed: `${step} answers ${answer.status}` };
    told.push(`${step}${form === undefined ? '' : ' (form)'}`);
    for (const { path, value } of textsOf(answer.json)) known[path] ??= value;
    hidden.push(...tokensIn(answer.json).map(({ value }) => value));
    if (token !== undefined) {
      const value = valueAt(answer.json, token);
      if (typeof value !== 'string' || value === '')
        return { failed: `the answer of ${step} has no text at ${token}` };
      browser.headers = { ...browser.headers, authorization: `${scheme ?? 'Bearer'} ${value}`.trim() };
      hidden.push(value);
      told.push(`token from ${token}`);
    }
    if (csrf === undefined) continue;
    const value = csrf.from === 'json' ? valueAt(answer.json, csrf.path) : undefined;
    const found =
      csrf.from === 'page'
        ? csrfInPage(answer.text)
        : typeof value === 'string'
          ? { field: '_csrf', header: 'x-csrf-token', value }
          : undefined;
    if (found === undefined)
      return {
        failed: `the answer of ${step} has no ${csrf.from === 'page' ? 'hidden field or meta element that protects forms' : `text at ${csrf.path}`}`,
      };
    browser.csrf = { ...found, ...(csrfHeader !== undefined && { header: csrfHeader }) };
  }
  const names = browser.cookies.map(({ name }) => name);
  if (names.length > 0) told.push(`cookie ${names.join(', ')}`);
  hidden.push(
    ...browser.cookies.map(({ value }) => value),
    ...(browser.csrf === undefined ? [] : [browser.csrf.value]),
  );
  return {
    browser,
    identity: {
      name: as,
      headers: browser.headers,
      cookies: browser.cookies,
      csrf: browser.csrf,
      known,
      secrets: hidden.filter((text) => text.length >= 4),
      how: told.join(', '),
    },
  };
}
