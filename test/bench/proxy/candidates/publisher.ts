import { setPriority } from 'node:os';
import { openStateStore } from '../../../../migration-plans/state-store/postgres.ts';
import { startTestPostgres } from '../../../support/postgres.ts';
import { listening } from '../candidate.ts';
import { benchRevision, type EdgeVariant } from '../revisions.ts';

/**
 * A real state store, and somebody who publishes to it: in a process of its own, as in life, so that neither building a revision nor
 * writing it down counts as the edge's work or delays the users.
 */
// Elsewhere in life, so they take no time here that users need. The database inherits it.
setPriority(19);
const postgres = await startTestPostgres();
const url = await postgres.createDatabase();
const store = await openStateStore({ url });
let head: number | null = null;

listening(0, {
  url: () => url,
  /** Publishes the next revision; `value`: what it is to hold. Answers with its number. */
  async publish(value) {
    const { plans, states } = benchRevision(1, value as EdgeVariant);
    const { number } = await store.publish({ plans, states, actor: 'bench', reason: 'load' }, head, []);
    head = number;
    return number;
  },
  async end() {
    await store.close();
    await postgres.stop();
  },
});
