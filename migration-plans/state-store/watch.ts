import pg from 'pg';

/** Channel of PostgreSQL's NOTIFY; its payload is the number of the published revision and nothing else. */
export const REVISION_CHANNEL = 'strangler_revision';

export interface WatchOptions {
  connectionString: string;
  timeoutMs: number;
  /** First and longest wait between two attempts to connect, in milliseconds. */
  backoffMs: { first: number; longest: number };
  /** How often a quiet connection is asked whether it is still there. */
  heartbeatMs: number;
  /** Of the store, to find what was published while not connected. */
  headNumber: () => Promise<number | null>;
}

/**
 * Listens for revisions on a connection of its own and connects again, with bounded backoff, whenever that is lost. After each
 * connect the newest revision is reported, since notifications in between are lost. Resolves after the first attempt, whatever became of it.
 */
export async function watchRevisions(
  options: WatchOptions,
  onRevision: (number: number) => void,
  onState: (connected: boolean) => void,
): Promise<() => Promise<void>> {
  const watcher = new Watcher(options, onRevision, onState);
  await watcher.connect();
  return () => watcher.stop();
}

class Watcher {
  readonly #options: WatchOptions;
  readonly #onRevision: (number: number) => void;
  readonly #onState: (connected: boolean) => void;
  #client: pg.Client | undefined;
  #connecting: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;

  constructor(
    options: WatchOptions,
    onRevision: (number: number) => void,
    onState: (connected: boolean) => void,
  ) {
    this.#options = options;
    this.#onRevision = onRevision;
    this.#onState = onState;
  }

  connect(): Promise<void> {
    this.#connecting = this.#attempt();
    return this.#connecting;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearInterval(this.#heartbeat);
    await this.#connecting;
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await end(client, this.#options.timeoutMs);
  }

  async #attempt(): Promise<void> {
    const { connectionString, timeoutMs, heartbeatMs, headNumber } = this.#options;
    const client = new pg.Client({
      connectionString,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      keepAlive: true,
      application_name: 'strangler watch',
    });
    let lost = false;
    const onLost = (): void => {
      if (lost) return;
      lost = true;
      this.#lose(client);
    };
    client.on('error', onLost);
    client.on('end', onLost);
    client.on('notification', ({ payload }) => {
      const number = Number(payload);
      if (Number.isSafeInteger(number) && number > 0) this.#onRevision(number);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${REVISION_CHANNEL}`);
      if (this.#stopped) return await end(client, timeoutMs);
      this.#client = client;
      this.#failures = 0;
      this.#heartbeat = setInterval(() => void client.query('SELECT 1').catch(onLost), heartbeatMs);
      this.#heartbeat.unref();
      this.#onState(true);
      const head = await headNumber();
      if (head !== null && !this.#stopped) this.#onRevision(head);
    } catch {
      // Why does not matter here: the state callback tells that there is no connection, and the next attempt is scheduled.
      onLost();
    }
  }

  #lose(client: pg.Client): void {
    clearInterval(this.#heartbeat);
    const wasConnected = this.#client === client;
    this.#client = undefined;
    cut(client);
    if (this.#stopped) return;
    if (wasConnected || this.#failures === 0) this.#onState(false);
    const { first, longest } = this.#options.backoffMs;
    const wait = Math.min(longest, first * 2 ** this.#failures++);
    // Half of it is chance, so that a fleet does not come back all at once.
    this.#retry = setTimeout(() => void this.connect(), wait * (0.5 + Math.random() / 2));
    this.#retry.unref();
  }
}

/** Ends a connection, by cutting it if the server does not say goodbye in time. */
async function end(client: pg.Client, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => cut(client), timeoutMs);
  await new Promise<void>((resolve) => {
    client.once('end', resolve);
    client.end().then(resolve, resolve);
  });
  clearTimeout(timer);
}

/** Closes the socket without a word: the server is gone, or does not answer. */
function cut(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
