/** Asks for the mails that let an account's owner do more: to confirm an address, to set another password. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from './browser.ts';
import type { Credentials } from './credentials.ts';
import type { InventoryRoute } from './routes.ts';
import type { SignInWorld } from './signed-in.ts';

const ASKS =
  /forgot|recover|lost|resend|(?:send|request|reset)[-_]?(?:email|mail|link|token|password|reset|verif|confirm)/i;
const MOST_ROUTES = 6;
/** Not everybody waits until a mail is sent before answering. */
const PATIENCE_MS = 1500;

export function mailRoutes<T extends InventoryRoute>(routes: readonly T[]): T[] {
  return routes
    .filter(({ method, path }) => method === 'POST' && ASKS.test(path) && !/[:*{]/.test(path))
    .slice(0, MOST_ROUTES);
}

export async function askForMails(
  { inventory, mailbox, fieldsOf }: SignInWorld,
  browser: Browser,
  credentials: Credentials,
): Promise<void> {
  if (mailbox === undefined) return;
  const before = mailbox.mails().length;
  const routes = mailRoutes(inventory);
  let taken = 0;
  for (const route of routes) {
    const json = fieldsOf(route, credentials) ?? { email: credentials.email };
    const { status } = await browser.send({ method: 'POST', url: route.path, json });
    if (status > 0 && status < 400) taken += 1;
  }
  const end = performance.now() + PATIENCE_MS;
  while (mailbox.mails().length < before + taken && performance.now() < end) await sleep(25);
}
