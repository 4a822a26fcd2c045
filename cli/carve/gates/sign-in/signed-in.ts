/** What signing in needs, and what comes of it. */
import type { Table } from '../catalog.ts';
import type { Mailbox } from '../mail/mailbox.ts';
import type { TrialRequest } from '../requests.ts';
import type { Row } from '../sample-rows.ts';
import type { Credentials } from './credentials.ts';
import type { Identity } from './identity.ts';
import type { Form } from './pages.ts';
import type { Refusal } from './probes.ts';
import type { InventoryRoute } from './routes.ts';

export interface SignInWorld {
  /** Of the monolith on a database of the gate's own. */
  origin: string;
  databaseUrl: string;
  signal: AbortSignal;
  /** All routes of the monolith. */
  inventory: readonly InventoryRoute[];
  tables: readonly Table[];
  rows: ReadonlyMap<string, readonly Row[]>;
  /** Requests that may be turned away, the capability's first. */
  probes: readonly TrialRequest[];
  /** Undefined: the monolith sends no mail. */
  mailbox?: Pick<Mailbox, 'mails'> | undefined;
  /** The body that a route's source asks for; undefined: it does not say. */
  fieldsOf(route: InventoryRoute, credentials: Credentials): Record<string, unknown> | undefined;
}

export interface SignedIn {
  identities: Identity[];
  /** Forms of pages that were seen signed in. */
  forms: Form[];
  /** Requests that were turned away when nobody was signed in. */
  refused: readonly Refusal[];
  notes: string[];
}
